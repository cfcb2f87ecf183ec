//! A whole registry as one file: every row of its tables and every object of the artifacts bucket that a row refers to.
//!
//! The file is a tar under zstd. In this order: `format.json`, which says what it is; `objects/NNNNNNNN`; the tables as
//! JSON lines, `tables/NAME/NNNN.jsonl`; `manifest.json` with the SHA-256 of every entry before it and the key of every
//! object.
//!
//! Invariants: an archive holds one moment of the database; what was recorded of a version's files is true of those in
//! the archive; nothing of an archive is used before all of it was read and found whole; rows are written in one
//! transaction, after the objects. Ids, times, provenance and history stay as they are. Only places follow the store: they
//! are written as `clickleaf-artifacts:/KEY`.

mod load;
mod manifest;
mod read;
mod tables;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use tokio::runtime::Handle;

use crate::{Registry, RegistryError};

#[doc(hidden)]
pub use tables::ALL as ALL_TABLES;

/// The format's number; an archive of another major one is refused.
pub const FORMAT_MAJOR: u32 = 1;
/// Grows when something is added that an older program may leave out.
pub const FORMAT_MINOR: u32 = 0;

/// What an archive holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// Objects.
    pub objects: u64,
    /// Bytes of all objects.
    pub object_bytes: u64,
}

/// How far it is; called now and then.
pub type Progress<'a> = &'a mut (dyn FnMut(&Summary) + Send);

/// Why a registry couldn't be archived, or an archive not be taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The file can't be read or written.
    #[error("{action}")]
    File {
        /// What was being done, with the file's name.
        action: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The file isn't an archive.
    #[error("this isn't an archive of a registry: {reason}")]
    NotAnArchive {
        /// What is wrong with it.
        reason: String,
    },
    /// The archive has a format that this program doesn't know.
    #[error("the archive's format is {major}.{minor}; this program knows {FORMAT_MAJOR}")]
    OtherFormat {
        /// Its major number.
        major: u32,
        /// Its minor number.
        minor: u32,
    },
    /// An entry isn't what the manifest says, or isn't there.
    #[error("the archive's entry {entry}: {reason}")]
    Corrupt {
        /// Its name.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is something in the registry already.
    #[error("the registry isn't empty: there are rows in {table}")]
    NotEmpty {
        /// A table with rows.
        table: &'static str,
    },
    /// Database or store refused.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The program broke off.
    #[error("it broke off")]
    BrokeOff,
}

impl Registry {
    /// Writes everything into a new file, which is there when all of it is.
    pub async fn export_archive(
        &self,
        path: &Path,
        progress: impl FnMut(&Summary) + Send + 'static,
    ) -> Result<Summary, ArchiveError> {
        let (registry, path) = (self.clone(), path.to_owned());
        blocking(progress, move |handle, progress| {
            write::write(handle, &registry, &path, progress)
        })
        .await
    }

    /// Takes an archive into this registry, which must be empty; all of it or, on an error, nothing. Call
    /// [`Registry::migrate`] before.
    pub async fn import_archive(
        &self,
        path: &Path,
        progress: impl FnMut(&Summary) + Send + 'static,
    ) -> Result<Summary, ArchiveError> {
        let (registry, path) = (self.clone(), path.to_owned());
        blocking(progress, move |handle, progress| {
            load::load(handle, &registry, &path, progress)
        })
        .await
    }
}

/// Archives are read and written by a thread of their own, which waits for database and store.
async fn blocking<T: Send + 'static>(
    mut progress: impl FnMut(&Summary) + Send + 'static,
    work: impl FnOnce(&Handle, Progress<'_>) -> Result<T, ArchiveError> + Send + 'static,
) -> Result<T, ArchiveError> {
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || work(&handle, &mut progress))
        .await
        .map_err(|_| ArchiveError::BrokeOff)?
}

fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ArchiveError {
    let action = format!("{action} {}", path.display());
    move |source| ArchiveError::File { action, source }
}

fn corrupt(entry: &str, reason: impl Into<String>) -> ArchiveError {
    ArchiveError::Corrupt {
        entry: entry.to_owned(),
        reason: reason.into(),
    }
}
