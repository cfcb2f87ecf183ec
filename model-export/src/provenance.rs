//! Where a model comes from, carried inside its file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::format::FormatError;

/// The lineage of a model: which run made it, from which booster and which data set.
///
/// It is written when the file is made and never after: stage, alias and version number live in the registry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Registered model, such as `criteo_ctr_model`.
    pub model_name: String,
    /// Experiment of the run.
    pub experiment_name: String,
    /// 32 hex digits.
    pub run_id: String,
    /// Nickname of the run.
    pub run_name: String,
    /// Where the run's artifacts are.
    pub artifact_uri: String,
    /// SHA-256 of the booster the trees were read from.
    pub booster_sha256: String,
    /// Name of the data set.
    pub dataset_name: String,
    /// Digest of the data set.
    pub dataset_digest: String,
    /// Rows the booster was fitted on.
    pub training_rows: u64,
    /// End of training, in ms since the epoch.
    pub trained_at_ms: i64,
    /// Training library and its version, such as `xgboost 3.4.1`.
    pub engine: String,
    /// Version of the trainer.
    pub trainer_version: String,
    /// Parameters of the run.
    pub params: BTreeMap<String, String>,
    /// Metrics of the run; every value is finite.
    pub metrics: BTreeMap<String, f64>,
}

impl Provenance {
    /// Refuses a metric that JSON cannot hold.
    pub(crate) fn check(&self) -> Result<(), FormatError> {
        match self.metrics.iter().find(|(_, value)| !value.is_finite()) {
            Some((name, _)) => Err(FormatError::Metric { name: name.clone() }),
            None => Ok(()),
        }
    }
}
