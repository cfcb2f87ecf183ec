//! Under construction.

mod artifacts;
mod config;
mod error;
mod models;
mod queue;
mod registry;
mod runs;

pub use artifacts::{Artifacts, Bucket, ObjectMeta, ObjectStream, StoredObject};
pub use config::{ConfigError, Secret, StoreConfig, StoreOptions, load_options};
pub use error::RegistryError;
pub use models::{CHAMPION, ModelVersion, NewVersion, RegisteredModel, Stage, Transition};
pub use queue::{
    Engine, Job, JobError, MAX_ATTEMPTS, StepProgress, TrainingQueue, TrainingRequest, TrainingRun,
    TrainingRunEvent, TrainingRunState,
};
pub use registry::Registry;
pub use runs::{Dataset, Experiment, Metric, NewRun, Run, RunStatus};
