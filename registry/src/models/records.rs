//! Versions as a registry for any program has them: with or without a compact file.

mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Stage;

pub(super) use store::{created, record, write_files};

/// Whether a version's files were found and taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum VersionStatus {
    /// They were; from now on they can't be changed.
    #[default]
    Ready,
    /// They were not, and never will be.
    Failed,
}

impl VersionStatus {
    /// The name that is stored, which is MLflow's.
    pub fn as_str(self) -> &'static str {
        match self {
            VersionStatus::Ready => "READY",
            VersionStatus::Failed => "FAILED_REGISTRATION",
        }
    }

    /// The status with this stored name.
    pub fn from_name(name: &str) -> Option<VersionStatus> {
        [VersionStatus::Ready, VersionStatus::Failed]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// The compact file of a version that another program made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeafFile {
    /// Its name in the version's directory.
    pub model_file: String,
    /// Its SHA-256.
    pub model_sha256: String,
    /// Its size in bytes.
    pub model_bytes: i64,
    /// SHA-256 of the model it was made from.
    pub booster_sha256: String,
    /// What the training data is called; empty where nobody said.
    pub dataset_name: String,
    /// Digest of the training data; empty where nobody said.
    pub dataset_digest: String,
    /// When training ended.
    pub trained_at_ms: i64,
}

/// A file in a version's directory, as it was when the version was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionFile {
    /// Relative to the directory.
    pub path: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Its size.
    pub bytes: i64,
}

/// What a version that another program made starts with. Its number is given by the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// The registered model, which must be there.
    pub model_name: String,
    /// Where the program says the model is.
    pub source: String,
    /// Where that is in the end; the same as `source` where nothing was resolved.
    pub storage_uri: String,
    /// The run that made it, as the program says.
    pub run_id: Option<String>,
    /// The logged model it is made of.
    pub model_id: Option<String>,
    /// A link to the run, as the program says.
    pub run_link: String,
    /// What is said about it.
    pub description: String,
    /// Who registered it.
    pub user_name: String,
    /// Its first tags.
    pub tags: Vec<(String, String)>,
    /// Whether its files were found and taken.
    pub status: VersionStatus,
    /// Why not.
    pub status_message: String,
    /// Its compact file.
    pub leaf: Option<LeafFile>,
    /// Its files.
    pub files: Vec<VersionFile>,
}

/// A version, whoever made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRecord {
    /// The registered model's name.
    pub model_name: String,
    /// Counts up from 1.
    pub version: i64,
    /// Where it stands now.
    pub stage: Stage,
    /// Where its maker says the model is.
    pub source: String,
    /// Where that is in the end.
    pub storage_uri: String,
    /// The run that made it.
    pub run_id: Option<String>,
    /// The logged model it is made of.
    pub model_id: Option<String>,
    /// A link to the run.
    pub run_link: String,
    /// What is said about it.
    pub description: String,
    /// Who registered it.
    pub user_name: String,
    /// Whether its files were found and taken.
    pub status: VersionStatus,
    /// Why not.
    pub status_message: String,
    /// The name of its compact file, without which it can't predict here.
    pub model_file: Option<String>,
    /// When it was registered.
    pub created_at_ms: i64,
    /// When its stage or description last changed.
    pub updated_at_ms: i64,
    /// Aliases that point to it, sorted.
    pub aliases: Vec<String>,
    /// Its tags, sorted by key.
    pub tags: Vec<(String, String)>,
}

/// A registered model, whoever made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRecord {
    /// What it is called.
    pub name: String,
    /// What is said about it; `None` until something is.
    pub description: Option<String>,
    /// When it was made.
    pub created_at_ms: i64,
    /// When it was renamed or described, or one of its versions made, moved or deleted, the last time.
    pub updated_at_ms: i64,
    /// Its tags, sorted by key.
    pub tags: Vec<(String, String)>,
    /// Its aliases, sorted, each with the version it points to.
    pub aliases: Vec<(String, i64)>,
    /// The newest version of every stage that has any, by number.
    pub latest_versions: Vec<VersionRecord>,
}

/// Aliases and tags of several versions.
#[derive(Default)]
pub(crate) struct VersionMarks {
    aliases: BTreeMap<i64, Vec<String>>,
    tags: BTreeMap<i64, Vec<(String, String)>>,
}

impl VersionMarks {
    pub(crate) fn alias(&mut self, version: i64, alias: String) {
        self.aliases.entry(version).or_default().push(alias);
    }

    pub(crate) fn tag(&mut self, version: i64, key: String, value: String) {
        self.tags.entry(version).or_default().push((key, value));
    }

    pub(crate) fn give(&mut self, version: &mut VersionRecord) {
        version.aliases = self.aliases.remove(&version.version).unwrap_or_default();
        version.tags = self.tags.remove(&version.version).unwrap_or_default();
    }
}
