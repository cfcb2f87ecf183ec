//! Registered models, their versions and stages.

use serde::{Deserialize, Serialize};

mod aliases;
mod kept;
mod keys;
pub(crate) mod logged;
mod places;
mod records;
mod registered;
mod removal;
mod search;
mod stages;
mod versions;
mod whole;

pub use logged::{LoggedModel, LoggedModelStatus, ModelMetric, NewLoggedModel};
pub use records::{LeafFile, ModelRecord, NewRecord, VersionFile, VersionRecord, VersionStatus};
pub use search::{LoggedModelOrder, LoggedModelSearch, ModelPage};

/// Where a version stands. At most one version of a model is in `Production`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// Registered, and no more.
    #[default]
    None,
    /// A candidate.
    Staging,
    /// The one that predicts.
    Production,
    /// Was in Production, or was given up.
    Archived,
}

impl Stage {
    /// The stage's name, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::None => "None",
            Stage::Staging => "Staging",
            Stage::Production => "Production",
            Stage::Archived => "Archived",
        }
    }

    /// The stage with this stored name.
    pub fn from_name(name: &str) -> Option<Stage> {
        [Stage::None, Stage::Staging, Stage::Production, Stage::Archived]
            .into_iter()
            .find(|stage| stage.as_str() == name)
    }
}

/// The alias that a move to Production points to the version that moved. Who sets it by hand points it elsewhere until
/// the next move.
pub const CHAMPION: &str = "champion";

/// What a new version is made of. Its number is given by the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewVersion {
    /// The registered model; made when it isn't there.
    pub model_name: String,
    /// The run that made it.
    pub run_id: String,
    /// URI of the model directory.
    pub source: String,
    /// The compact file's name in that directory.
    pub model_file: String,
    /// The compact file's SHA-256.
    pub model_sha256: String,
    /// The compact file's size in bytes.
    pub model_bytes: i64,
    /// SHA-256 of the model the compact file was made from.
    pub booster_sha256: String,
    /// What the training data is called.
    pub dataset_name: String,
    /// SHA-256 over all training rows.
    pub dataset_digest: String,
    /// When training ended.
    pub trained_at_ms: i64,
    /// The signature bundle's name in the model directory.
    pub bundle_file: Option<String>,
    /// The files of the model directory.
    pub files: Vec<VersionFile>,
    /// A second version with this key is never made: the first one is handed back.
    pub idempotency_key: Option<String>,
}

/// A registered version with everything that says where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelVersion {
    /// The registered model's name.
    pub model_name: String,
    /// Counts up from 1 without gaps.
    pub version: i64,
    /// Where it stands now.
    pub stage: Stage,
    /// Aliases that point to it, sorted.
    pub aliases: Vec<String>,
    /// The run that made it, 32 hexadecimal digits.
    pub run_id: String,
    /// The run's nickname.
    pub run_name: String,
    /// The experiment the run belongs to.
    pub experiment_name: String,
    /// URI of the model directory.
    pub artifact_uri: String,
    /// The compact file's name in that directory.
    pub model_file: String,
    /// The compact file's SHA-256.
    pub model_sha256: String,
    /// The compact file's size in bytes.
    pub model_bytes: i64,
    /// The signature bundle's name in the model directory.
    pub bundle_file: Option<String>,
    /// SHA-256 of the model the compact file was made from.
    pub booster_sha256: String,
    /// What the training data is called.
    pub dataset_name: String,
    /// SHA-256 over all training rows.
    pub dataset_digest: String,
    /// When training ended.
    pub trained_at_ms: i64,
    /// When the version was registered.
    pub created_at_ms: i64,
    /// The run's latest metrics, sorted by key.
    pub metrics: Vec<crate::Metric>,
}

/// A registered model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredModel {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at_ms: i64,
    /// The version in Production.
    pub production_version: Option<i64>,
    /// The newest version.
    pub latest_version: Option<i64>,
}

/// One change of a version's stage; never rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Counts up over all models; the order in which the changes happened.
    pub sequence: i64,
    /// The registered model.
    pub model_name: String,
    /// The version that moved.
    pub version: i64,
    /// From here.
    pub from_stage: Stage,
    /// To here.
    pub to_stage: Stage,
    /// Who moved it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at_ms: i64,
}
