//! What an archive says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ArchiveError, FORMAT_MAJOR, FORMAT_MINOR, corrupt};

pub(super) const FORMAT_ENTRY: &str = "format.json";
pub(super) const MANIFEST_ENTRY: &str = "manifest.json";
const NAME: &str = "clickleaf-registry";

/// The first entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Format {
    format: String,
    major: u32,
    minor: u32,
}

/// The last entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// When it was made.
    pub(super) made_at_ms: i64,
    /// What made it.
    pub(super) made_by: String,
    /// Rows of each table.
    pub(super) rows: BTreeMap<String, u64>,
    /// All entries between the first and this one, in their order.
    pub(super) entries: Vec<Entry>,
}

/// An entry of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) bytes: u64,
    /// Of an object: its key in the artifacts bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
}

impl Format {
    pub(super) fn ours() -> Format {
        Format {
            format: NAME.to_owned(),
            major: FORMAT_MAJOR,
            minor: FORMAT_MINOR,
        }
    }

    /// Fails unless this program can read such an archive.
    pub(super) fn check(bytes: &[u8]) -> Result<(), ArchiveError> {
        let format: Format = parse(FORMAT_ENTRY, bytes)?;
        if format.format != NAME {
            return Err(ArchiveError::NotAnArchive {
                reason: format!("{FORMAT_ENTRY} says {:?}", format.format),
            });
        }
        if format.major != FORMAT_MAJOR {
            return Err(ArchiveError::OtherFormat {
                major: format.major,
                minor: format.minor,
            });
        }
        Ok(())
    }
}

impl Manifest {
    pub(super) fn parse(bytes: &[u8]) -> Result<Manifest, ArchiveError> {
        parse(MANIFEST_ENTRY, bytes)
    }

    /// SHA-256 of every object, by key.
    pub(super) fn objects(&self) -> BTreeMap<&str, &str> {
        let objects = self.entries.iter();
        objects
            .filter_map(|entry| Some((entry.key.as_deref()?, entry.sha256.as_str())))
            .collect()
    }
}

pub(super) fn parse<'a, T: Deserialize<'a>>(entry: &str, bytes: &'a [u8]) -> Result<T, ArchiveError> {
    serde_json::from_slice(bytes).map_err(|error| corrupt(entry, error.to_string()))
}
