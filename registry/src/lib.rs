//! Runs, metrics, artifacts, model versions and the training queue: MLflow's tables over SQLite or Postgres, and
//! its artifact store over a folder or S3. The only crate that names sqlx or object_store.
//!
//! Invariants: at most one version of a model is in Production; transitions and the provenance of a version are
//! never rewritten (the database itself refuses); a param never changes; a row is written after the bytes it
//! points to; what is changed of models, versions, experiments and tokens is in the audit log, in the same transaction.
//! "Not found" is `Ok(None)`.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use registry::{Registry, StoreOptions};
//!
//! let registry = Registry::connect(&StoreOptions::default().resolve()?).await?;
//! registry.migrate().await?;
//! if let Some(version) = registry.production("criteo_ctr_model").await? {
//!     let file = format!("{}/{}", version.artifact_uri, version.model_file);
//!     let bytes = registry.artifacts().get_uri_verified(&file, &version.model_sha256).await?;
//!     assert_eq!(bytes.len() as i64, version.model_bytes);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Configuration
//!
//! A flag beats the environment, the environment beats the TOML file, the file beats the default.
//!
//! | environment | flag | key in the TOML file | default |
//! |---|---|---|---|
//! | `CLICKLEAF_DATABASE_URL` | `--database-url` | `database_url` | `sqlite://clickleaf-data/clickleaf.db` |
//! | `CLICKLEAF_DATABASE_CONNECTIONS` | `--database-connections` | `database_connections` | 8 |
//! | `CLICKLEAF_STORE_URL` | `--store-url` | `store_url` | `clickleaf-data/store`; `s3://` for S3 |
//! | `CLICKLEAF_DATA_BUCKET` | `--data-bucket` | `data_bucket` | `criteo-data` |
//! | `CLICKLEAF_LOGS_BUCKET` | `--logs-bucket` | `logs_bucket` | `criteo-logs` |
//! | `CLICKLEAF_ARTIFACTS_BUCKET` | `--artifacts-bucket` | `artifacts_bucket` | `mlflow-artifacts` |
//! | `AWS_ENDPOINT_URL` | `--s3-endpoint` | `s3_endpoint` | AWS |
//! | `AWS_REGION` | `--s3-region` | `s3_region` | `us-east-1` |
//! | `AWS_ACCESS_KEY_ID` | `--s3-access-key-id` | `s3_access_key_id` | |
//! | `AWS_SECRET_ACCESS_KEY` | `--s3-secret-access-key` | `s3_secret_access_key` | |
//! | `AWS_SESSION_TOKEN` | `--s3-session-token` | `s3_session_token` | |
//!
//! The binaries add `CLICKLEAF_CONFIG` (`--config`), the TOML file. Without any S3 key, the other ways of the AWS
//! environment are tried (web identity, container credentials).

mod access;
pub mod archive;
mod artifacts;
mod audit;
mod config;
mod database;
pub mod doctor;
mod error;
pub mod gc;
mod limits;
pub mod mlflow;
mod models;
mod names;
mod queries;
mod queue;
mod references;
mod registry;
mod runs;
mod search;

pub use access::{Actor, ApiToken, NewApiToken, Role, TOKEN_PREFIX};
#[doc(hidden)]
pub use archive::ALL_TABLES;
pub use artifacts::{
    Artifacts, Bucket, Folder, ObjectMeta, ObjectStream, OpenObject, Received, StoredObject, choose_tls,
};
pub use audit::{AuditEntry, AuditHead, AuditProblem, AuditVerdict, NO_HASH};
pub use config::{
    ConfigError, DatabaseLocation, S3Config, Secret, StoreConfig, StoreLocation, StoreOptions, load_options,
};
pub use error::RegistryError;
pub use models::{
    CHAMPION, LeafFile, LoggedModel, LoggedModelOrder, LoggedModelSearch, LoggedModelStatus, ModelMetric,
    ModelPage, ModelRecord, ModelVersion, NewLoggedModel, NewRecord, NewVersion, RegisteredModel, Stage,
    Transition, VersionFile, VersionRecord, VersionStatus,
};
#[doc(hidden)]
pub use queries::ALL as ALL_QUERIES;
pub use queue::{
    Engine, Job, JobError, MAX_ATTEMPTS, StepProgress, TrainingQueue, TrainingRequest, TrainingRun,
    TrainingRunEvent, TrainingRunState,
};
pub use registry::Registry;
pub use runs::{
    Batch, DEFAULT_EXPERIMENT, Dataset, DatasetSummary, Experiment, Lifecycle, Metric, NewExperiment, NewRun,
    Page, RUN_NAME_TAG, Run, RunStatus, RunUpdate, Search, View,
};

/// Milliseconds since the Unix epoch.
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}
