//! Logged models: model directories that a run made, whether or not a version points to them.

pub(super) mod store;

pub(crate) use store::write_model_metrics;

use serde::{Deserialize, Serialize};

/// How far the upload of a logged model's files is, as its maker says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LoggedModelStatus {
    /// Its files may be missing.
    #[default]
    Pending,
    /// All of its files are there.
    Ready,
    /// They couldn't be stored.
    UploadFailed,
}

impl LoggedModelStatus {
    /// The name that is stored, which is MLflow's.
    pub fn as_str(self) -> &'static str {
        match self {
            LoggedModelStatus::Pending => "LOGGED_MODEL_PENDING",
            LoggedModelStatus::Ready => "LOGGED_MODEL_READY",
            LoggedModelStatus::UploadFailed => "LOGGED_MODEL_UPLOAD_FAILED",
        }
    }

    /// The status with this stored name.
    pub fn from_name(name: &str) -> Option<LoggedModelStatus> {
        [
            LoggedModelStatus::Pending,
            LoggedModelStatus::Ready,
            LoggedModelStatus::UploadFailed,
        ]
        .into_iter()
        .find(|status| status.as_str() == name)
    }
}

/// What a new logged model starts with. Its id is given by the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewLoggedModel {
    /// The experiment it belongs to.
    pub experiment_id: String,
    /// Its name; a nickname when absent.
    pub name: Option<String>,
    /// Such as `agent`; mostly empty.
    pub model_type: String,
    /// The run that makes it.
    pub source_run_id: Option<String>,
    /// Its params.
    pub params: Vec<(String, String)>,
    /// Its first tags.
    pub tags: Vec<(String, String)>,
}

/// A logged model.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedModel {
    /// `m-` and 32 hexadecimal digits.
    pub model_id: String,
    /// The experiment it belongs to.
    pub experiment_id: String,
    /// Its name.
    pub name: String,
    /// Where its files lie.
    pub artifact_uri: String,
    /// How far the upload is.
    pub status: LoggedModelStatus,
    /// What went wrong with it.
    pub status_message: String,
    /// Such as `agent`; mostly empty.
    pub model_type: String,
    /// The run that made it.
    pub source_run_id: Option<String>,
    /// When it was made.
    pub created_at_ms: i64,
    /// When its status last changed.
    pub updated_at_ms: i64,
    /// Params, sorted by key.
    pub params: Vec<(String, String)>,
    /// Tags, sorted by key.
    pub tags: Vec<(String, String)>,
    /// All values of its metrics.
    pub metrics: Vec<ModelMetric>,
}

/// One value of a logged model's metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelMetric {
    /// The logged model.
    pub model_id: String,
    /// The run that measured it.
    pub run_id: String,
    /// Such as `test_logloss`.
    pub key: String,
    /// The value; NaN is kept, infinities become the largest finite values.
    pub value: f64,
    /// When it was measured.
    pub timestamp_ms: i64,
    /// Such as the boosting round.
    pub step: i64,
    /// What was measured on; empty where nobody said.
    pub dataset_name: String,
    /// That data's digest; empty where nobody said.
    pub dataset_digest: String,
}
