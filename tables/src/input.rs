//! Where rows come from, and how they are written down.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The first bytes of a Parquet file.
pub const PARQUET_SIGNATURE: &[u8] = b"PAR1";

/// Endings of names that say how a file is compressed.
const COMPRESSIONS: [&str; 3] = [".gz", ".xz", ".zst"];

/// How far reading has come.
#[derive(Clone, Debug, Default)]
pub struct Position {
    /// Bytes as they are in the file, or rows of a Parquet file.
    pub done: Arc<AtomicU64>,
    /// Where known.
    pub total: Option<u64>,
}

/// Decompressed bytes, or a Parquet file, which is not read from front to back.
pub enum Input {
    /// Text.
    Bytes(BufReader<Box<dyn Read + Send>>, Position),
    /// A file that begins with [`PARQUET_SIGNATURE`].
    Parquet(File),
}

/// How rows are written down.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Told from the first line when absent. A Parquet file is read as one whatever it is said to be.
    pub format: Option<Format>,
    /// Whether the first line of a text file has the columns' names.
    pub header: Header,
    /// Values that stand for a missing one, besides an empty cell and NaN.
    pub missing: Vec<String>,
    /// What happens to columns that aren't there.
    pub absent: Absent,
}

/// A way to write rows down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tab-separated, without quotes.
    Tsv,
    /// Comma-separated, with quotes where needed.
    Csv,
    /// Apache Parquet; columns are known by name.
    Parquet,
}

/// Whether the first line of a text file has the columns' names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// It is looked at for the name of a feature.
    #[default]
    Auto,
    /// It has.
    Yes,
    /// It is a row.
    No,
}

/// What happens to columns that the input doesn't have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absent {
    /// The input is refused.
    #[default]
    Refuse,
    /// The same, and the refusal says that `--allow-absent` is a way out.
    Offer,
    /// They are missing in all rows, unless all are absent.
    Allow,
}

impl Format {
    /// By a file's name, in which a compression may come last.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = COMPRESSIONS
            .iter()
            .find_map(|ending| name.strip_suffix(ending))
            .unwrap_or(&name);
        let formats = [
            (".tsv", Format::Tsv),
            (".csv", Format::Csv),
            (".parquet", Format::Parquet),
        ];
        let found = formats.iter().find(|(ending, _)| name.ends_with(ending));
        found.map(|(_, format)| *format)
    }
}

/// Passes over the mark that some programs put before UTF-8.
pub(crate) fn skip_byte_order_mark(reader: &mut impl BufRead) -> io::Result<()> {
    if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(())
}

/// Whether the bytes read so far, up to the first line's end, hold a tab.
pub(crate) fn first_line_has_tab(reader: &mut impl BufRead) -> io::Result<bool> {
    let buffered = reader.fill_buf()?;
    let line = buffered.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(line.contains(&b'\t'))
}
