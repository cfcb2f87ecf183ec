//! What was typed about the rows.

use std::path::Path;

/// How rows are written down.
#[derive(clap::Args)]
#[command(next_help_heading = "Input")]
#[group(skip)]
pub(crate) struct Options {
    /// What the rows are written in [default: told from the file's name or, if it says nothing, its first line].
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Whether the first line of a text file has the columns' names; auto looks for a feature's name in it.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) input_header: Header,
    /// A value that stands for a missing one, besides an empty cell and NaN; may be given several times.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(super) missing: Vec<String>,
    /// Take features that the header does not name as missing in all rows.
    #[arg(long)]
    pub(super) allow_absent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Tab-separated, without quotes.
    Tsv,
    /// Comma-separated, with quotes where needed.
    Csv,
    /// Apache Parquet; columns are known by name.
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Header {
    Auto,
    Yes,
    No,
}

impl Options {
    /// TSV or CSV by option or by the file's name, in which a compression comes last.
    pub(super) fn text_format(&self, input: &Path) -> Option<Format> {
        if self.format.is_some() {
            return self.format;
        }
        let name = input.file_name()?.to_str()?.to_ascii_lowercase();
        let name = [".gz", ".xz", ".zst"]
            .iter()
            .find_map(|ending| name.strip_suffix(ending))
            .unwrap_or(&name);
        if name.ends_with(".tsv") {
            Some(Format::Tsv)
        } else if name.ends_with(".csv") {
            Some(Format::Csv)
        } else {
            None
        }
    }
}
