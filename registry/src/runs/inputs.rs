//! What a run read and made: data sets and logged models.

use sqlx::{Any, Row, Transaction};

use super::{Dataset, DatasetSummary, create::take_up};
use crate::{
    Registry, RegistryError,
    database::{commit, doing, next_counter},
    limits, queries,
    search::Sql,
};

const MOST_SUMMARIES: i64 = 1000;

impl Registry {
    /// Records a data set that the run read.
    pub async fn log_input(&self, run_id: &str, dataset: &Dataset) -> Result<(), RegistryError> {
        self.log_inputs(run_id, std::slice::from_ref(dataset), &[]).await
    }

    /// Records data sets and logged models that a run in use read. A data set is known within the experiment by name and
    /// digest: what else is said of a known one is left out, and so are the tags of one that the run has already.
    pub async fn log_inputs(
        &self,
        run_id: &str,
        datasets: &[Dataset],
        model_ids: &[String],
    ) -> Result<(), RegistryError> {
        for dataset in datasets {
            check(dataset)?;
        }
        let models: Vec<(String, i64)> = model_ids.iter().map(|id| (id.clone(), 0)).collect();
        let mut tx = self.database().begin().await?;
        let run = take_up(&mut tx, run_id, models.len() as i64)
            .await?
            .check_active(run_id)?;
        for dataset in datasets {
            write_dataset(&mut tx, &run.experiment_id, run_id, dataset).await?;
        }
        write_models(&mut tx, run_id, "input", run.last, &models).await?;
        commit(tx).await
    }

    /// Records logged models that a run in use made, each with the step at which it was made.
    pub async fn log_outputs(&self, run_id: &str, models: &[(String, i64)]) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        let run = take_up(&mut tx, run_id, models.len() as i64)
            .await?
            .check_active(run_id)?;
        write_models(&mut tx, run_id, "output", run.last, models).await?;
        commit(tx).await
    }

    /// The data sets that runs of these experiments read, with what for; at most 1000.
    pub async fn dataset_summaries(
        &self,
        experiment_ids: &[String],
    ) -> Result<Vec<DatasetSummary>, RegistryError> {
        let mut sql = Sql::new(
            self.database().kind(),
            "select distinct d.experiment_id, d.name, d.digest, t.value as context \
             from datasets d join inputs i on i.dataset_id = d.dataset_id \
             left join input_tags t on t.run_id = i.run_id and t.dataset_id = i.dataset_id \
             and t.key = 'mlflow.data.context' where d.experiment_id",
        );
        sql.within(experiment_ids.iter().map(String::as_str));
        sql.push(" order by d.experiment_id, d.name, d.digest, t.value limit ")
            .bind(MOST_SUMMARIES);
        let action = "read data sets";
        let read = doing(action);
        let rows = sql.fetch_all(self.pool(), action).await?;
        let summary = |row: &sqlx::any::AnyRow| {
            Ok(DatasetSummary {
                experiment_id: row.try_get("experiment_id")?,
                name: row.try_get("name")?,
                digest: row.try_get("digest")?,
                context: row.try_get("context")?,
            })
        };
        rows.iter().map(|row| summary(row).map_err(&read)).collect()
    }
}

fn check(dataset: &Dataset) -> Result<(), RegistryError> {
    limits::text("dataset name", &dataset.name, limits::MAX_SOURCE)?;
    limits::text("dataset digest", &dataset.digest, limits::MAX_KEY)?;
    limits::value("dataset source type", &dataset.source_type, limits::MAX_KEY)?;
    limits::value("dataset source", &dataset.source, limits::MAX_DATASET_SOURCE)?;
    let schema = dataset.schema.as_deref().unwrap_or_default();
    limits::value("dataset schema", schema, limits::MAX_DATASET_SCHEMA)?;
    let profile = dataset.profile.as_deref().unwrap_or_default();
    limits::value("dataset profile", profile, limits::MAX_DATASET_PROFILE)?;
    for (key, value) in &dataset.tags {
        limits::text("dataset tag key", key, limits::MAX_ALIAS)?;
        limits::value("dataset tag value", value, limits::MAX_SOURCE)?;
    }
    Ok(())
}

pub(super) async fn write_dataset(
    tx: &mut Transaction<'static, Any>,
    experiment_id: &str,
    run_id: &str,
    dataset: &Dataset,
) -> Result<(), RegistryError> {
    let known: Option<i64> = sqlx::query_scalar(queries::DATASET_BY_DIGEST)
        .bind(experiment_id)
        .bind(&dataset.name)
        .bind(&dataset.digest)
        .fetch_optional(&mut **tx)
        .await
        .map_err(doing("read a dataset"))?;
    let id = match known {
        Some(id) => id,
        None => insert_dataset(tx, experiment_id, dataset).await?,
    };
    let done = sqlx::query(queries::INSERT_INPUT)
        .bind(run_id)
        .bind(id)
        .execute(&mut **tx)
        .await
        .map_err(doing("write an input"))?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    for (key, value) in &dataset.tags {
        sqlx::query(queries::INSERT_INPUT_TAG)
            .bind(run_id)
            .bind(id)
            .bind(key)
            .bind(value)
            .execute(&mut **tx)
            .await
            .map_err(doing("write an input's tag"))?;
    }
    Ok(())
}

async fn insert_dataset(
    tx: &mut Transaction<'static, Any>,
    experiment_id: &str,
    dataset: &Dataset,
) -> Result<i64, RegistryError> {
    let id = next_counter(tx, "datasets").await?;
    sqlx::query(queries::INSERT_DATASET)
        .bind(id)
        .bind(experiment_id)
        .bind(&dataset.name)
        .bind(&dataset.digest)
        .bind(&dataset.source_type)
        .bind(&dataset.source)
        .bind(dataset.rows)
        .bind(dataset.schema.as_deref())
        .bind(dataset.profile.as_deref())
        .execute(&mut **tx)
        .await
        .map_err(doing("write a dataset"))?;
    Ok(id)
}

pub(super) async fn write_models(
    tx: &mut Transaction<'static, Any>,
    run_id: &str,
    direction: &str,
    last: i64,
    models: &[(String, i64)],
) -> Result<(), RegistryError> {
    let first = last - models.len() as i64 + 1;
    for (position, (model_id, step)) in (first..).zip(models) {
        limits::text("model id", model_id, limits::MAX_KEY)?;
        sqlx::query(queries::INSERT_RUN_MODEL)
            .bind(run_id)
            .bind(direction)
            .bind(model_id)
            .bind(*step)
            .bind(position)
            .execute(&mut **tx)
            .await
            .map_err(doing("write a model of a run"))?;
    }
    Ok(())
}
