//! Queued training runs and their live progress.

use serde::{Deserialize, Serialize};

/// Which trainer grows the trees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// XGBoost, from its C++ sources.
    #[default]
    Xgboost,
    /// The pure-Rust crate gbdt.
    Gbdt,
}

/// Asks for a training run; every field may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TrainingRunRequest {
    /// Sources of Criteo rows, `https://…` or `s3://…`; the worker's own data when empty.
    #[serde(default)]
    pub data: Vec<String>,
    /// Trains on this many generated rows instead of `data`.
    #[serde(default)]
    pub generate_rows: Option<u64>,
    /// Seed of the generator, the encoder's folds and the trainer.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Which trainer.
    #[serde(default)]
    pub engine: Option<Engine>,
    /// At most this many boosting rounds.
    #[serde(default)]
    pub max_rounds: Option<u32>,
    /// At most this many bytes of the model's file as served; what it takes is given up and reported.
    #[serde(default)]
    pub max_bytes: Option<u64>,
    /// Puts the new version into Production once it is registered.
    #[serde(default)]
    pub promote: bool,
}

/// Where a training run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TrainingRunState {
    /// No worker has taken it yet.
    Queued,
    /// A worker holds its lease.
    Running,
    /// A version was registered.
    Succeeded,
    /// It ended with an error and will not be tried again.
    Failed,
}

/// How far a step of a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepProgress {
    /// `ingest`, `process`, `train`, `export`, `register` or `promote`.
    pub step: String,
    /// Units done: rows or rounds.
    pub done: u64,
    /// Units in all, where known.
    pub total: Option<u64>,
    /// One line for a person, such as `round 40: validation logloss 0.4512`.
    pub message: String,
}

/// A queued training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrainingRun {
    /// Names the queued run; 32 hexadecimal digits.
    pub training_run_id: String,
    /// Where it stands.
    pub state: TrainingRunState,
    /// How many times a worker took it up.
    pub attempts: i64,
    /// What was asked for.
    pub request: TrainingRunRequest,
    /// The last progress a worker reported.
    pub progress: Option<StepProgress>,
    /// The registry's run, once it exists.
    pub run_id: Option<String>,
    /// The version it registered.
    pub version: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was queued.
    pub queued_at_ms: i64,
    /// When it last changed.
    pub updated_at_ms: i64,
}

/// One server-sent event of `GET /api/training-runs/{id}/events`: the run's whole state after a change.
/// The event's id counts up from 1 for each run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrainingRunEvent {
    /// Counts up with each change.
    pub sequence: i64,
    /// The state after the change.
    pub run: TrainingRun,
}
