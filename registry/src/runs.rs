//! Experiments and runs with their params, metrics, tags and inputs, as MLflow keeps them.

use serde::{Deserialize, Serialize};

pub(crate) mod store;

/// A named group of runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiment {
    /// Counts up from 1, written as text.
    pub experiment_id: String,
    /// Unique.
    pub name: String,
    /// URI that every run's artifacts lie under.
    pub artifact_location: String,
    /// When it was created.
    pub created_at_ms: i64,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunStatus {
    /// It hasn't ended.
    Running,
    /// It ended well.
    Finished,
    /// It ended with an error.
    Failed,
    /// It was interrupted.
    Killed,
}

impl RunStatus {
    /// The name that is stored: `RUNNING`, `FINISHED`, `FAILED` or `KILLED`.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Running => "RUNNING",
            RunStatus::Finished => "FINISHED",
            RunStatus::Failed => "FAILED",
            RunStatus::Killed => "KILLED",
        }
    }

    /// The status with this stored name.
    pub fn from_name(name: &str) -> Option<RunStatus> {
        [
            RunStatus::Running,
            RunStatus::Finished,
            RunStatus::Failed,
            RunStatus::Killed,
        ]
        .into_iter()
        .find(|status| status.as_str() == name)
    }
}

/// What a new run starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRun {
    /// The experiment it belongs to.
    pub experiment_id: String,
    /// Its name; a nickname (adjective-animal-number) when absent.
    pub run_name: Option<String>,
    /// Who started it.
    pub user_name: String,
    /// When it started.
    pub start_time_ms: i64,
    /// Its first tags.
    pub tags: Vec<(String, String)>,
}

/// A run. Params, tags and metrics are sorted by key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// 32 hexadecimal digits.
    pub run_id: String,
    /// The nickname, or the name it was given.
    pub run_name: String,
    /// The experiment it belongs to.
    pub experiment_id: String,
    /// That experiment's name.
    pub experiment_name: String,
    /// Who started it.
    pub user_name: String,
    /// How it stands.
    pub status: RunStatus,
    /// When it started.
    pub start_time_ms: i64,
    /// When it ended.
    pub end_time_ms: Option<i64>,
    /// Where its artifacts lie.
    pub artifact_uri: String,
    /// Params; never changed once written.
    pub params: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// The latest value of each metric.
    pub metrics: Vec<Metric>,
    /// The data sets it read.
    pub inputs: Vec<Dataset>,
}

/// One value of a metric. NaN is kept; infinities become the largest finite values, as in MLflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Such as `test_logloss`.
    pub key: String,
    /// The value.
    pub value: f64,
    /// Such as the boosting round, from 0.
    pub step: i64,
    /// When it was measured.
    pub timestamp_ms: i64,
}

/// A data set that a run read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// What it is called.
    pub name: String,
    /// SHA-256 over its rows.
    pub digest: String,
    /// `local`, `http`, `s3`, `generated`, …
    pub source_type: String,
    /// Where it came from.
    pub source: String,
    /// How many rows it has.
    pub rows: i64,
}
