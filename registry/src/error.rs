//! The one error of this crate's asynchronous calls.

/// Why a call to the registry failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The database refused or didn't answer.
    #[error("database: {action}")]
    Database {
        /// What was being done.
        action: &'static str,
        /// The driver's error.
        source: sqlx::Error,
    },
    /// The tables couldn't be brought up to date.
    #[error("database: migrate")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The database holds something this version of the program can't read.
    #[error("database: {column} holds {value:?}, which this program doesn't know")]
    Unreadable {
        /// Table and column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// The thing that was to be changed or referred to doesn't exist.
    #[error("there is no {kind} {key:?}")]
    NotFound {
        /// Such as `run` or `model version`.
        kind: &'static str,
        /// Its key.
        key: String,
    },
    /// A thing of this name is there already, maybe a deleted one.
    #[error("{kind} {key:?} already exists")]
    AlreadyExists {
        /// Such as `registered model` or `experiment`.
        kind: &'static str,
        /// Its name.
        key: String,
    },
    /// A name, key or value is empty, too long or has characters it can't have.
    #[error("{field} {reason}")]
    InvalidValue {
        /// Which one, such as `metric key`.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A filter or an order that can't be understood.
    #[error("{message}")]
    InvalidSearch {
        /// What is wrong with it, in MLflow's words.
        message: String,
    },
    /// A param of a run can't be changed once it is written.
    #[error("run {run_id}: param {key:?} is already written with the value {old:?}, which isn't {new:?}")]
    ParamChanged {
        /// The run.
        run_id: String,
        /// The param.
        key: String,
        /// What is written.
        old: String,
        /// What was to be written.
        new: String,
    },
    /// What is deleted takes no changes until it is restored.
    #[error("the {kind} {key} is in the stage {stage:?}, which doesn't allow this")]
    WrongLifecycle {
        /// `run` or `experiment`.
        kind: &'static str,
        /// Its id.
        key: String,
        /// `active` or `deleted`.
        stage: &'static str,
    },
    /// There is nothing to roll back to.
    #[error("model {model_name:?} has no Production version before the current one")]
    NoPreviousProduction {
        /// The registered model.
        model_name: String,
    },
    /// The training run was given to another worker, or it has ended: this attempt may write no more.
    #[error("training run {training_run_id}: attempt {attempt} is over")]
    StaleAttempt {
        /// The training run.
        training_run_id: String,
        /// The attempt that wanted to write.
        attempt: i64,
    },
    /// A key that could leave its bucket or isn't portable.
    #[error("artifact key {key:?} {reason}")]
    InvalidKey {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A URI that this registry can't open.
    #[error("can't open {uri:?}: {reason}")]
    UnsupportedUri {
        /// The URI.
        uri: String,
        /// Why.
        reason: String,
    },
    /// The object isn't there.
    #[error("{uri}: not found")]
    ObjectNotFound {
        /// The object.
        uri: String,
    },
    /// The object's bytes aren't those that were registered.
    #[error("{uri}: SHA-256 is {actual}, but should be {expected}")]
    DigestMismatch {
        /// The object.
        uri: String,
        /// The digest that was asked for.
        expected: String,
        /// The digest of the bytes that are there.
        actual: String,
    },
    /// The object exists with other bytes, and may not be overwritten.
    #[error("{uri}: exists with other bytes")]
    ObjectExists {
        /// The object.
        uri: String,
    },
    /// The object store refused or didn't answer.
    #[error("{uri}: {action}")]
    Store {
        /// The object, bucket or source.
        uri: String,
        /// What was being done.
        action: &'static str,
        /// The store's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
