//! Where rows come from: a path, standard input, `https://` or `s3://`; plain, gzip, xz or zstd.
//!
//! The compression is told from the first bytes, never from the name. Everything is a stream: memory use doesn't
//! grow with the source.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::TryStreamExt;
use tokio_util::io::{StreamReader, SyncIoBridge};

/// One source of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file on this machine.
    Path(PathBuf),
    /// Standard input, written `-`.
    Stdin,
    /// `https://`, `http://` or `s3://`, opened through the registry's store.
    Url(String),
}

/// A source that can't be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file can't be opened or its head can't be read.
    #[error("{name}: can't be opened")]
    Open {
        /// The source.
        name: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store or the web server refused.
    #[error("{name}: can't be opened")]
    Remote {
        /// The source.
        name: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A URL, but nobody to open it.
    #[error("{name}: a URL needs the store options of a registry")]
    NoStore {
        /// The source.
        name: String,
    },
}

/// A decompressed source and what is known of its raw bytes.
pub struct OpenSource {
    /// The decompressed bytes.
    pub reader: Box<dyn BufRead + Send>,
    /// Raw (still compressed) bytes in all, where known.
    pub raw_bytes: Option<u64>,
    /// Raw bytes read so far.
    pub raw_read: Arc<AtomicU64>,
    /// `plain`, `gzip`, `xz` or `zstd`.
    pub compression: &'static str,
}

impl Source {
    /// Reads what a person types: `-`, a URL with one of the schemes above, or else a path.
    pub fn parse(text: &str) -> Self {
        let remote = ["https://", "http://", "s3://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        match text {
            "-" => Source::Stdin,
            url if remote => Source::Url(url.to_owned()),
            path => Source::Path(PathBuf::from(path)),
        }
    }

    /// The source as errors and records name it, without a URL's query, which may hold a secret.
    pub fn name(&self) -> String {
        match self {
            Source::Path(path) => path.display().to_string(),
            Source::Stdin => "standard input".to_owned(),
            Source::Url(url) => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
        }
    }

    /// Opens the source. A URL needs `artifacts`, and a multi-threaded tokio runtime around this blocking call.
    pub fn open(&self, artifacts: Option<&registry::Artifacts>) -> Result<OpenSource, SourceError> {
        match self {
            Source::Path(path) => self.open_path(path),
            Source::Stdin => self.decompress(Box::new(std::io::stdin()), None),
            Source::Url(url) => {
                let artifacts = artifacts.ok_or_else(|| SourceError::NoStore { name: self.name() })?;
                let runtime = tokio::runtime::Handle::current();
                let opened = tokio::task::block_in_place(|| runtime.block_on(artifacts.open_stream(url)));
                let opened = opened.map_err(|e| SourceError::Remote {
                    name: self.name(),
                    source: Box::new(e),
                })?;
                let reader = StreamReader::new(opened.stream.map_err(std::io::Error::other));
                self.decompress(Box::new(Blocking(SyncIoBridge::new(reader))), opened.bytes)
            }
        }
    }

    fn open_path(&self, path: &Path) -> Result<OpenSource, SourceError> {
        let file = File::open(path).map_err(|source| SourceError::Open {
            name: self.name(),
            source,
        })?;
        let size = file
            .metadata()
            .ok()
            .filter(|data| data.is_file())
            .map(|data| data.len());
        self.decompress(Box::new(file), size)
    }

    fn decompress(
        &self,
        raw: Box<dyn Read + Send>,
        raw_bytes: Option<u64>,
    ) -> Result<OpenSource, SourceError> {
        let open_error = |source| SourceError::Open {
            name: self.name(),
            source,
        };
        let raw_read = Arc::new(AtomicU64::new(0));
        let mut raw = Counting {
            inner: raw,
            count: Arc::clone(&raw_read),
        };
        let mut head = Vec::with_capacity(6);
        raw.by_ref().take(6).read_to_end(&mut head).map_err(open_error)?;
        let compression = compression_of(&head);
        let raw = BufReader::with_capacity(1 << 17, std::io::Cursor::new(head).chain(raw));
        let reader: Box<dyn Read + Send> = match compression {
            "gzip" => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
            "xz" => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(raw)),
            "zstd" => Box::new(zstd::stream::read::Decoder::with_buffer(raw).map_err(open_error)?),
            _ => Box::new(raw),
        };
        Ok(OpenSource {
            reader: Box::new(BufReader::with_capacity(1 << 17, reader)),
            raw_bytes,
            raw_read,
            compression,
        })
    }
}

fn compression_of(head: &[u8]) -> &'static str {
    match head {
        [0x1f, 0x8b, ..] => "gzip",
        [0xfd, b'7', b'z', b'X', b'Z', 0x00, ..] => "xz",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
        _ => "plain",
    }
}

struct Counting {
    inner: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Lets a blocking read wait for an async one on a worker thread of the runtime.
struct Blocking<R>(SyncIoBridge<R>);

impl<R: tokio::io::AsyncRead + Unpin> Read for Blocking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        tokio::task::block_in_place(|| self.0.read(buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart() {
        assert_eq!(Source::parse("-"), Source::Stdin);
        assert_eq!(
            Source::parse("s3://bucket/key"),
            Source::Url("s3://bucket/key".to_owned())
        );
        assert_eq!(Source::parse("day_0.gz"), Source::Path("day_0.gz".into()));
        assert_eq!(
            Source::parse("https://host/a.gz?sig=secret").name(),
            "https://host/a.gz"
        );
    }
}
