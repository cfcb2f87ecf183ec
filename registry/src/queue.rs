//! The queue of training runs, in the same database as everything else.
//!
//! A worker takes a run up by one `update … returning` that counts the attempt and sets a lease; its heartbeat
//! extends the lease. When the lease has passed, any worker may take the run up again. Every later write of an
//! attempt first checks, in the same transaction, that the attempt is still the run's newest one: a worker that was
//! taken for dead and comes back can neither report nor end the run. That a run registers one version only is
//! up to the handler: it gives the `training_run_id` as the version's `idempotency_key`.
//!
//! The lease lives in `training_runs` rather than in a job library's tables, so that the state people see, the
//! claim, the fencing by attempt and the event about it are one transaction, on either database. The clocks of
//! workers must agree to well within the lease.

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{Registry, RegistryError};

mod state;
mod worker;

/// Which trainer grows the trees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// XGBoost, from its C++ sources.
    #[default]
    Xgboost,
    /// The pure-Rust crate gbdt.
    Gbdt,
}

/// What a training run is asked to do; every field may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingRequest {
    /// Sources of Criteo rows; the worker's own data when empty.
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
    /// At most this many bytes of the model's file as served.
    #[serde(default)]
    pub max_bytes: Option<u64>,
    /// Puts the new version into Production once it is registered.
    #[serde(default)]
    pub promote: bool,
}

/// Where a training run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainingRunState {
    /// It waits for a worker.
    Queued,
    /// A worker holds its lease.
    Running,
    /// A version was registered.
    Succeeded,
    /// It ended with an error and will not be tried again.
    Failed,
}

impl TrainingRunState {
    /// The state's name, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            TrainingRunState::Queued => "queued",
            TrainingRunState::Running => "running",
            TrainingRunState::Succeeded => "succeeded",
            TrainingRunState::Failed => "failed",
        }
    }

    /// The state with this stored name.
    pub fn from_name(name: &str) -> Option<TrainingRunState> {
        use TrainingRunState::{Failed, Queued, Running, Succeeded};
        [Queued, Running, Succeeded, Failed]
            .into_iter()
            .find(|state| state.as_str() == name)
    }

    /// Whether nothing more will happen to the run.
    pub fn has_ended(self) -> bool {
        matches!(self, TrainingRunState::Succeeded | TrainingRunState::Failed)
    }
}

/// How far a step of a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepProgress {
    /// `ingest`, `process`, `train`, `export`, `register` or `promote`.
    pub step: String,
    /// Units done: rows or rounds.
    pub done: u64,
    /// Units in all, where known.
    pub total: Option<u64>,
    /// One line for a person.
    pub message: String,
}

/// A queued training run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingRun {
    /// Names the queued run; 32 hexadecimal digits.
    pub training_run_id: String,
    /// Where it stands.
    pub state: TrainingRunState,
    /// How many times a worker took it up.
    pub attempts: i64,
    /// What was asked for.
    pub request: TrainingRequest,
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

/// The whole state of a training run after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingRunEvent {
    /// Counts up from 1 for each run, without gaps.
    pub sequence: i64,
    /// The state after the change.
    pub run: TrainingRun,
}

/// Why a job ended without a version.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// Trying again would end the same way: the run is Failed at once.
    #[error("{0}")]
    Permanent(String),
    /// Something around the job failed (network, database, store): the run is tried again, up to
    /// [`MAX_ATTEMPTS`] attempts in all.
    #[error("{0}")]
    Transient(String),
    /// The job was told to stop: the run goes back to the queue, and the attempt counts.
    #[error("the job was interrupted")]
    Interrupted,
}

/// So often a training run is taken up before it is Failed.
pub const MAX_ATTEMPTS: i64 = 3;

/// The queue of training runs. Cheap to clone.
#[derive(Clone)]
pub struct TrainingQueue {
    registry: Registry,
}

/// One attempt at a training run, held by a worker. Cheap to clone.
#[derive(Clone)]
pub struct Job {
    /// The queued run; to be the `idempotency_key` of the version.
    pub training_run_id: String,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// What was asked for.
    pub request: TrainingRequest,
    queue: TrainingQueue,
    stop: watch::Receiver<bool>,
}

impl TrainingQueue {
    pub(crate) fn new(registry: Registry) -> TrainingQueue {
        TrainingQueue { registry }
    }
}

impl Job {
    /// Records progress as an event. Refused with [`RegistryError::StaleAttempt`] once the run was given to
    /// another worker or has ended.
    pub async fn report(&self, progress: StepProgress) -> Result<(), RegistryError> {
        self.queue
            .record_progress(&self.training_run_id, self.attempt, &progress)
            .await
    }

    /// Records which run of the registry this attempt writes to. Refused like [`Job::report`].
    pub async fn set_run_id(&self, run_id: &str) -> Result<(), RegistryError> {
        self.queue
            .record_run_id(&self.training_run_id, self.attempt, run_id)
            .await
    }

    /// Whether the job should stop: the worker is shutting down, or the run was given to another worker.
    pub fn is_stopped(&self) -> bool {
        *self.stop.borrow() || self.stop.has_changed().is_err()
    }

    /// Resolves once [`Job::is_stopped`] is true.
    pub async fn stopped(&self) {
        let mut stop = self.stop.clone();
        // An error means that the worker is gone, which is a stop as well.
        drop(stop.wait_for(|stopped| *stopped).await);
    }
}
