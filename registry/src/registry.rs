//! The registry itself.

use crate::{
    Artifacts, Dataset, Experiment, Metric, ModelVersion, NewRun, NewVersion, RegisteredModel, RegistryError,
    Run, RunStatus, Stage, StoreConfig, TrainingQueue, Transition,
};

/// Runs, versions, artifacts and the training queue. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    artifacts: Artifacts,
}

impl Registry {
    /// Opens database and store. Nothing is written but a SQLite file and its folder; call [`Registry::migrate`] next.
    pub async fn connect(config: &StoreConfig) -> Result<Self, RegistryError> {
        let _ = (config,);
        todo!()
    }

    /// Brings the tables up to date. Safe to call from several processes at once.
    pub async fn migrate(&self) -> Result<(), RegistryError> {
        todo!()
    }

    /// Asks database and store for a sign of life; fails within a few seconds.
    pub async fn ping(&self) -> Result<(), RegistryError> {
        todo!()
    }

    /// The experiment of this name, made when it isn't there.
    pub async fn get_or_create_experiment(&self, name: &str) -> Result<Experiment, RegistryError> {
        let _ = (name,);
        todo!()
    }

    /// Starts a run.
    pub async fn create_run(&self, run: NewRun) -> Result<Run, RegistryError> {
        let _ = (run,);
        todo!()
    }

    /// Writes metrics, params and tags in one transaction.
    pub async fn log_batch(
        &self,
        run_id: &str,
        metrics: &[Metric],
        params: &[(String, String)],
        tags: &[(String, String)],
    ) -> Result<(), RegistryError> {
        let _ = (run_id, metrics, params, tags);
        todo!()
    }

    /// Records a data set that the run read.
    pub async fn log_input(&self, run_id: &str, dataset: &Dataset) -> Result<(), RegistryError> {
        let _ = (run_id, dataset);
        todo!()
    }

    /// Sets the run's status and, when given, its end.
    pub async fn update_run(
        &self,
        run_id: &str,
        status: RunStatus,
        end_time_ms: Option<i64>,
    ) -> Result<(), RegistryError> {
        let _ = (run_id, status, end_time_ms);
        todo!()
    }

    /// The run with its params, tags, latest metrics and inputs.
    pub async fn run(&self, run_id: &str) -> Result<Option<Run>, RegistryError> {
        let _ = (run_id,);
        todo!()
    }

    /// The experiment's newest runs first.
    pub async fn runs(&self, experiment_id: &str, limit: i64) -> Result<Vec<Run>, RegistryError> {
        let _ = (experiment_id, limit);
        todo!()
    }

    /// Every value of the metric, by step, then time, then order of writing.
    pub async fn metric_history(&self, run_id: &str, key: &str) -> Result<Vec<Metric>, RegistryError> {
        let _ = (run_id, key);
        todo!()
    }

    /// Registers a version.
    pub async fn create_version(&self, version: NewVersion) -> Result<ModelVersion, RegistryError> {
        let _ = (version,);
        todo!()
    }

    /// One version.
    pub async fn version(
        &self,
        model_name: &str,
        version: i64,
    ) -> Result<Option<ModelVersion>, RegistryError> {
        let _ = (model_name, version);
        todo!()
    }

    /// All versions, newest first.
    pub async fn versions(&self, model_name: &str) -> Result<Vec<ModelVersion>, RegistryError> {
        let _ = (model_name,);
        todo!()
    }

    /// All registered models, by name.
    pub async fn models(&self) -> Result<Vec<RegisteredModel>, RegistryError> {
        todo!()
    }

    /// The version in Production.
    pub async fn production(&self, model_name: &str) -> Result<Option<ModelVersion>, RegistryError> {
        let _ = (model_name,);
        todo!()
    }

    /// Moves a version to a stage.
    pub async fn transition(
        &self,
        model_name: &str,
        version: i64,
        stage: Stage,
        actor: &str,
        reason: &str,
    ) -> Result<Transition, RegistryError> {
        let _ = (model_name, version, stage, actor, reason);
        todo!()
    }

    /// Puts the Production version before the current one back.
    pub async fn rollback(
        &self,
        model_name: &str,
        actor: &str,
        reason: &str,
    ) -> Result<Transition, RegistryError> {
        let _ = (model_name, actor, reason);
        todo!()
    }

    /// All changes of stage, oldest first.
    pub async fn transitions(&self, model_name: &str) -> Result<Vec<Transition>, RegistryError> {
        let _ = (model_name,);
        todo!()
    }

    /// Points an alias to a version.
    pub async fn set_alias(&self, model_name: &str, alias: &str, version: i64) -> Result<(), RegistryError> {
        let _ = (model_name, alias, version);
        todo!()
    }

    /// Removes an alias; one that isn't there is fine.
    pub async fn delete_alias(&self, model_name: &str, alias: &str) -> Result<(), RegistryError> {
        let _ = (model_name, alias);
        todo!()
    }

    /// The version an alias points to.
    pub async fn version_by_alias(
        &self,
        model_name: &str,
        alias: &str,
    ) -> Result<Option<ModelVersion>, RegistryError> {
        let _ = (model_name, alias);
        todo!()
    }

    /// The object store.
    pub fn artifacts(&self) -> &Artifacts {
        &self.artifacts
    }

    /// The queue of training runs.
    pub fn queue(&self) -> TrainingQueue {
        TrainingQueue::new(self.clone())
    }
}
