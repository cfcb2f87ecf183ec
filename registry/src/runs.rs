//! Experiments and runs with their params, metrics, tags and inputs, as MLflow keeps them.

use serde::{Deserialize, Serialize};

mod batch;
mod create;
mod experiments;
mod history;
mod inputs;
mod search;
pub(crate) mod store;
pub(crate) mod whole;

/// The experiment of runs that name none; it is there from the start.
pub const DEFAULT_EXPERIMENT: &str = "0";

/// The tag that always holds a run's name.
pub const RUN_NAME_TAG: &str = "mlflow.runName";

/// Whether an experiment or run is in use. What is deleted is kept and can be restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// In use.
    #[default]
    Active,
    /// Deleted: it takes no changes.
    Deleted,
}

impl Lifecycle {
    /// The name that is stored: `active` or `deleted`.
    pub fn as_str(self) -> &'static str {
        match self {
            Lifecycle::Active => "active",
            Lifecycle::Deleted => "deleted",
        }
    }

    pub(crate) fn from_name(column: &'static str, name: &str) -> Result<Lifecycle, crate::RegistryError> {
        match name {
            "active" => Ok(Lifecycle::Active),
            "deleted" => Ok(Lifecycle::Deleted),
            other => Err(crate::RegistryError::Unreadable {
                column,
                value: other.to_owned(),
            }),
        }
    }
}

/// Which stages of life a search looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// What is in use.
    #[default]
    ActiveOnly,
    /// What is deleted.
    DeletedOnly,
    /// Both.
    All,
}

impl View {
    pub(crate) fn stages(self) -> &'static [&'static str] {
        match self {
            View::ActiveOnly => &["active"],
            View::DeletedOnly => &["deleted"],
            View::All => &["active", "deleted"],
        }
    }
}

/// What is asked for in a search, in MLflow's language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Such as `metrics.auc > 0.7 AND params.eta = '0.1'`; empty for all.
    pub filter: String,
    /// Such as `metrics.auc DESC`; the first term counts most.
    pub order_by: Vec<String>,
    /// Which stages of life.
    pub view: View,
    /// Most results.
    pub limit: i64,
    /// How many results to leave out.
    pub offset: i64,
}

/// A part of what a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// At most as many as were asked for.
    pub items: Vec<T>,
    /// Whether there are more after these.
    pub has_more: bool,
}

/// A named group of runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiment {
    /// Counts up from 1, written as text; [`DEFAULT_EXPERIMENT`] for the one that is always there.
    pub experiment_id: String,
    /// Unique, among the deleted ones too.
    pub name: String,
    /// URI that every run's artifacts lie under.
    pub artifact_location: String,
    /// Whether it is in use.
    pub lifecycle: Lifecycle,
    /// When it was created.
    pub created_at_ms: i64,
    /// When it was last renamed, deleted or restored.
    pub updated_at_ms: i64,
    /// Tags, sorted by key.
    pub tags: Vec<(String, String)>,
}

/// What a new experiment is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewExperiment {
    /// Unique, among the deleted ones too.
    pub name: String,
    /// URI for its runs' artifacts; a folder of the artifacts bucket when absent.
    pub artifact_location: Option<String>,
    /// Its first tags.
    pub tags: Vec<(String, String)>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunStatus {
    /// It hasn't ended.
    Running,
    /// It hasn't begun.
    Scheduled,
    /// It ended well.
    Finished,
    /// It ended with an error.
    Failed,
    /// It was interrupted.
    Killed,
}

impl RunStatus {
    /// The name that is stored: `RUNNING`, `SCHEDULED`, `FINISHED`, `FAILED` or `KILLED`.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Running => "RUNNING",
            RunStatus::Scheduled => "SCHEDULED",
            RunStatus::Finished => "FINISHED",
            RunStatus::Failed => "FAILED",
            RunStatus::Killed => "KILLED",
        }
    }

    /// The status with this stored name.
    pub fn from_name(name: &str) -> Option<RunStatus> {
        [
            RunStatus::Running,
            RunStatus::Scheduled,
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
    /// Its first tags; the one of its name is added.
    pub tags: Vec<(String, String)>,
}

/// What changes of a run; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunUpdate {
    /// How it stands.
    pub status: Option<RunStatus>,
    /// When it ended.
    pub end_time_ms: Option<i64>,
    /// Its name, and the tag [`RUN_NAME_TAG`] with it.
    pub run_name: Option<String>,
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
    /// Whether it is in use.
    pub lifecycle: Lifecycle,
    /// Params; never changed once written.
    pub params: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// The latest value of each metric.
    pub metrics: Vec<Metric>,
    /// The data sets it read.
    pub inputs: Vec<Dataset>,
    /// The logged models it read.
    pub model_inputs: Vec<String>,
    /// The logged models it made, with the step at which it made them.
    pub model_outputs: Vec<(String, i64)>,
}

/// Everything that one call writes to a run, or nothing of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// At most 1000.
    pub metrics: Vec<Metric>,
    /// At most 100, each key once.
    pub params: Vec<(String, String)>,
    /// At most 100; of a key that occurs twice the last value counts.
    pub tags: Vec<(String, String)>,
    /// Values that were measured of logged models; those of models that aren't there are left out.
    pub model_metrics: Vec<crate::ModelMetric>,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// What it is called.
    pub name: String,
    /// SHA-256 over its rows.
    pub digest: String,
    /// `local`, `http`, `s3`, `generated`, …
    pub source_type: String,
    /// Where it came from.
    pub source: String,
    /// How many rows it has; 0 when that isn't known.
    pub rows: i64,
    /// Its columns, as JSON in MLflow's form.
    pub schema: Option<String>,
    /// Its size, as JSON in MLflow's form.
    pub profile: Option<String>,
    /// What the run used it for, such as `mlflow.data.context`; sorted by key.
    pub tags: Vec<(String, String)>,
}

/// A data set of an experiment, and what its runs used it for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetSummary {
    /// The experiment.
    pub experiment_id: String,
    /// The data set's name.
    pub name: String,
    /// Its digest.
    pub digest: String,
    /// The tag `mlflow.data.context` of a run that used it.
    pub context: Option<String>,
}
