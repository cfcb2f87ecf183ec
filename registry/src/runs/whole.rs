//! Experiments and runs that come from another registry, as they were there.

use serde_json::json;

use super::{
    Dataset, Experiment, Lifecycle, Metric, RunStatus,
    batch::{write_latest, write_metrics, write_params, write_tags},
    experiments::write_tag,
    inputs::{write_dataset, write_models},
};
use crate::{
    Bucket, Registry, RegistryError,
    audit::Change,
    database::{commit, doing, next_counter},
    now_ms, queries,
};

/// Rows that one statement writes.
const ROWS: usize = 1000;

/// A run with all of its history.
#[derive(Clone, Debug)]
pub(crate) struct WholeRun {
    pub(crate) run_id: String,
    pub(crate) experiment_id: String,
    pub(crate) run_name: String,
    pub(crate) user_name: String,
    pub(crate) status: RunStatus,
    pub(crate) start_time_ms: i64,
    pub(crate) end_time_ms: Option<i64>,
    pub(crate) artifact_uri: String,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) datasets: Vec<Dataset>,
    pub(crate) models_read: Vec<(String, i64)>,
    pub(crate) models_made: Vec<(String, i64)>,
}

impl Registry {
    /// Writes an experiment with a number and a place of this registry. Its name must be free.
    pub(crate) async fn take_experiment(&self, there: &Experiment) -> Result<Experiment, RegistryError> {
        let mut tx = self.database().begin().await?;
        let experiment_id = next_counter(&mut tx, "experiments").await?.to_string();
        let taken = Experiment {
            artifact_location: self.artifacts().uri(Bucket::Artifacts, &experiment_id),
            experiment_id,
            ..there.clone()
        };
        sqlx::query(queries::TAKE_EXPERIMENT)
            .bind(&taken.experiment_id)
            .bind(&taken.name)
            .bind(&taken.artifact_location)
            .bind(taken.created_at_ms)
            .bind(taken.updated_at_ms)
            .bind(taken.lifecycle.as_str())
            .execute(&mut *tx)
            .await
            .map_err(doing("write an experiment"))?;
        for (key, value) in &taken.tags {
            write_tag(&mut tx, &taken.experiment_id, key, value).await?;
        }
        let details = json!({"name": taken.name});
        self.commit(
            tx,
            Change::new("experiment.create", &taken.experiment_id, details),
        )
        .await?;
        Ok(taken)
    }

    /// Gives an experiment that is here tags of another one, those that it hasn't.
    pub(crate) async fn add_experiment_tags(
        &self,
        here: &Experiment,
        tags: &[(String, String)],
    ) -> Result<(), RegistryError> {
        let is_new = |(key, _): &&(String, String)| !here.tags.iter().any(|(known, _)| known == key);
        let mut tx = self.database().begin().await?;
        for (key, value) in tags.iter().filter(is_new) {
            write_tag(&mut tx, &here.experiment_id, key, value).await?;
        }
        commit(tx).await
    }

    /// Writes a run and everything that belongs to it, in one transaction; false when there is one of this id.
    pub(crate) async fn take_run(&self, run: &WholeRun) -> Result<bool, RegistryError> {
        let kind = self.database().kind();
        let metrics = run.metrics.len() as i64;
        let read = metrics + run.models_read.len() as i64;
        let made = read + run.models_made.len() as i64;
        let deleted_at_ms = match run.lifecycle {
            Lifecycle::Active => None,
            Lifecycle::Deleted => Some(now_ms()),
        };
        let mut tx = self.database().begin().await?;
        let done = sqlx::query(queries::TAKE_RUN)
            .bind(&run.run_id)
            .bind(&run.experiment_id)
            .bind(&run.run_name)
            .bind(&run.user_name)
            .bind(run.status.as_str())
            .bind(run.start_time_ms)
            .bind(run.end_time_ms)
            .bind(&run.artifact_uri)
            .bind(made)
            .bind(run.lifecycle.as_str())
            .bind(deleted_at_ms)
            .execute(&mut *tx)
            .await
            .map_err(doing("write a run"))?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        for (at, some) in run.metrics.chunks(ROWS).enumerate() {
            let first = (at * ROWS) as i64 + 1;
            write_metrics(&mut tx, kind, &run.run_id, first, some).await?;
            write_latest(&mut tx, kind, &run.run_id, some).await?;
        }
        for some in run.params.chunks(ROWS) {
            write_params(&mut tx, kind, &run.run_id, some).await?;
        }
        for some in run.tags.chunks(ROWS) {
            write_tags(&mut tx, kind, &run.run_id, some).await?;
        }
        for dataset in &run.datasets {
            write_dataset(&mut tx, &run.experiment_id, &run.run_id, dataset).await?;
        }
        write_models(&mut tx, &run.run_id, "input", read, &run.models_read).await?;
        write_models(&mut tx, &run.run_id, "output", made, &run.models_made).await?;
        commit(tx).await?;
        Ok(true)
    }
}
