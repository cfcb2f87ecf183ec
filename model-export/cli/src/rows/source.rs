//! Bytes of rows: a file or standard input; plain, gzip, xz or zstd, told from the first bytes.
//!
//! Invariant: everything is a stream, so that memory does not grow with the source.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tables::{Failure, Input, PARQUET_SIGNATURE, Position, Refusal};

const BUFFER_BYTES: usize = 1 << 17;
/// As long as the longest of the signatures that tell compressions and Parquet apart.
const HEAD_BYTES: u64 = 6;

/// Opens `path`, `-` being standard input.
pub(crate) fn open(path: &Path) -> Result<Input, Failure> {
    if path.as_os_str() == "-" {
        let (head, raw) = split_head(io::stdin())?;
        return decompress(head, Box::new(raw), None);
    }
    let file = File::open(path)?;
    let data = file.metadata()?;
    let total = data.is_file().then_some(data.len());
    let (head, mut file) = split_head(file)?;
    if total.is_some() && head.starts_with(PARQUET_SIGNATURE) {
        io::Seek::rewind(&mut file)?;
        return Ok(Input::Parquet(file));
    }
    decompress(head, Box::new(file), total)
}

fn split_head<R: Read>(mut raw: R) -> io::Result<(Vec<u8>, R)> {
    let mut head = Vec::new();
    raw.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok((head, raw))
}

fn decompress(head: Vec<u8>, raw: Box<dyn Read + Send>, total: Option<u64>) -> Result<Input, Failure> {
    if head.starts_with(PARQUET_SIGNATURE) {
        let problem = "Parquet is read from a file, not from a pipe: its table of contents is at its end";
        return Err(Refusal::of_input(problem).into());
    }
    let position = Position {
        done: Arc::default(),
        total,
    };
    let counting = Counting {
        inner: raw,
        done: Arc::clone(&position.done),
    };
    let kind: &[u8] = &head.clone();
    let raw = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(head).chain(counting));
    let reader: Box<dyn Read + Send> = match kind {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
        [0xfd, b'7', b'z', b'X', b'Z', 0x00, ..] => {
            Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(raw))
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::stream::read::Decoder::with_buffer(raw)?),
        _ => Box::new(raw),
    };
    Ok(Input::Bytes(
        BufReader::with_capacity(BUFFER_BYTES, reader),
        position,
    ))
}

struct Counting {
    inner: Box<dyn Read + Send>,
    done: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
