//! The training queue.

use std::{future::Future, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Registry, RegistryError};

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

/// The queue of training runs.
#[derive(Clone)]
pub struct TrainingQueue {
    registry: Registry,
}

/// One attempt at a training run, held by a worker.
#[derive(Clone)]
pub struct Job {
    /// The queued run.
    pub training_run_id: String,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// What was asked for.
    pub request: TrainingRequest,
    queue: TrainingQueue,
}

impl TrainingQueue {
    pub(crate) fn new(registry: Registry) -> TrainingQueue {
        TrainingQueue { registry }
    }

    /// Queues a training run.
    pub async fn enqueue(&self, request: TrainingRequest) -> Result<TrainingRun, RegistryError> {
        let _ = (request, &self.registry);
        todo!()
    }

    /// The run with this id.
    pub async fn training_run(&self, training_run_id: &str) -> Result<Option<TrainingRun>, RegistryError> {
        let _ = training_run_id;
        todo!()
    }

    /// The newest runs first.
    pub async fn training_runs(&self, limit: i64) -> Result<Vec<TrainingRun>, RegistryError> {
        let _ = limit;
        todo!()
    }

    /// The run's events with a sequence greater than `sequence`, in order. Empty for an unknown run.
    pub async fn events_after(
        &self,
        training_run_id: &str,
        sequence: i64,
    ) -> Result<Vec<TrainingRunEvent>, RegistryError> {
        let _ = (training_run_id, sequence);
        todo!()
    }

    /// Takes up runs, one at a time, until `shutdown` resolves; a job under way is then told to stop
    /// (see [`Job::stopped`]) and waited for. The handler's `Ok` is the version it registered.
    ///
    /// A worker that sends no heartbeat for `lease` is taken for dead, and its run is given to another.
    pub async fn run_worker<F, Fut>(
        self,
        worker_name: &str,
        lease: Duration,
        handler: F,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), RegistryError>
    where
        F: Fn(Job) -> Fut,
        Fut: Future<Output = Result<i64, JobError>>,
    {
        let _ = (worker_name, lease, handler, shutdown);
        todo!()
    }
}

impl Job {
    /// Records progress as an event. Refused with [`RegistryError::StaleAttempt`] once the run was given to
    /// another worker or has ended.
    pub async fn report(&self, progress: StepProgress) -> Result<(), RegistryError> {
        let _ = (progress, &self.queue);
        todo!()
    }

    /// Records which run of the registry this attempt writes to. Refused like [`Job::report`].
    pub async fn set_run_id(&self, run_id: &str) -> Result<(), RegistryError> {
        let _ = run_id;
        todo!()
    }

    /// Whether the job should stop: the worker is shutting down, or the run was given to another worker.
    pub fn is_stopped(&self) -> bool {
        todo!()
    }

    /// Resolves once [`Job::is_stopped`] is true.
    pub async fn stopped(&self) {
        todo!()
    }
}
