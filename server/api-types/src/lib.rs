//! The JSON that server, page and static site exchange. One type per message; no IO, no clock, wasm-clean.
//!
//! The page reads [`Manifest`] from `manifest.json`, whether a server answers it live or `cargo xtask publish`
//! wrote it beside static files, so it has one way to learn which model it must use.
//!
//! Times are milliseconds since the Unix epoch (`*_ms`), digests lower-case hexadecimal SHA-256.

mod access;
mod error;
mod model;
mod predict;
mod training;

pub use access::{ApiToken, AuditEntry, AuditPage, CreatedToken, NewTokenRequest, Role};
pub use error::{ErrorBody, ErrorCode};
pub use model::{
    Health, HealthStatus, Manifest, Metric, MetricPoint, ModelSummary, ModelVersion, PromoteRequest,
    RegistryHealth, RollbackRequest, RunDetail, ServedModel, Stage, Transition,
};
pub use predict::{PredictRequest, PredictResponse, Prediction, RowInput, Value};
pub use training::{
    Engine, StepProgress, TrainingRun, TrainingRunEvent, TrainingRunRequest, TrainingRunState,
};
