//! Reading runs, and everything that belongs to them by one statement per table.

use std::collections::HashMap;

use sqlx::{Row, any::AnyRow};

use super::{Dataset, Lifecycle, Metric, Run, RunStatus};
use crate::{Registry, RegistryError, database::doing, queries, search::Sql};

/// The columns of a run, of `runs r join experiments e`.
pub(super) const COLUMNS: &str = "r.run_id, r.run_name, r.experiment_id, e.name as experiment_name, r.user_name, \
                                  r.status, r.start_time_ms, r.end_time_ms, r.artifact_uri, r.lifecycle_stage";

impl Registry {
    /// The run with its params, tags, latest metrics, inputs and outputs, deleted or not.
    pub async fn run(&self, run_id: &str) -> Result<Option<Run>, RegistryError> {
        let rows = sqlx::query(queries::RUN)
            .bind(run_id)
            .fetch_all(self.pool())
            .await
            .map_err(doing("read a run"))?;
        Ok(self.complete(&rows).await?.pop())
    }

    /// The experiment's newest runs first, without the deleted ones.
    pub async fn runs(&self, experiment_id: &str, limit: i64) -> Result<Vec<Run>, RegistryError> {
        let rows = sqlx::query(queries::RUNS)
            .bind(experiment_id)
            .bind(limit)
            .fetch_all(self.pool())
            .await
            .map_err(doing("read runs"))?;
        self.complete(&rows).await
    }

    /// The runs of rows with [`COLUMNS`], in their order.
    pub(super) async fn complete(&self, rows: &[AnyRow]) -> Result<Vec<Run>, RegistryError> {
        let mut runs = rows.iter().map(run_of).collect::<Result<Vec<_>, _>>()?;
        if runs.is_empty() {
            return Ok(runs);
        }
        let ids: Vec<String> = runs.iter().map(|run| run.run_id.clone()).collect();
        let places: HashMap<&str, usize> = ids.iter().enumerate().map(|(at, id)| (&**id, at)).collect();
        let (metrics, params, tags, inputs, input_tags, models) =
            tokio::try_join!(
            self.of_runs("key, value, timestamp_ms, step, is_nan", "latest_metrics", "key", &ids),
            self.of_runs("key, value", "params", "key", &ids),
            self.of_runs("key, value", "tags", "key", &ids),
            self.of_runs(
                "d.dataset_id, d.name, d.digest, d.source_type, d.source, d.row_count, d.schema, d.profile",
                "inputs join datasets d on d.dataset_id = inputs.dataset_id",
                "d.dataset_id",
                &ids
            ),
            self.of_runs("dataset_id, key, value", "input_tags", "dataset_id, key", &ids),
            self.of_runs("direction, model_id, step", "run_models", "position", &ids),
        )?;
        let read = doing("read a run");
        let place = |row: &AnyRow| -> Result<usize, RegistryError> {
            let id: &str = row.try_get("run_id").map_err(&read)?;
            places.get(id).copied().ok_or_else(|| no_run(id))
        };
        for row in &metrics {
            runs[place(row)?].metrics.push(metric(row).map_err(&read)?);
        }
        for row in &params {
            runs[place(row)?].params.push(pair(row).map_err(&read)?);
        }
        for row in &tags {
            runs[place(row)?].tags.push(pair(row).map_err(&read)?);
        }
        let mut tags_of: HashMap<(usize, i64), Vec<(String, String)>> = HashMap::new();
        for row in &input_tags {
            let dataset = (place(row)?, row.try_get("dataset_id").map_err(&read)?);
            tags_of
                .entry(dataset)
                .or_default()
                .push(pair(row).map_err(&read)?);
        }
        for row in &inputs {
            let at = place(row)?;
            let id: i64 = row.try_get("dataset_id").map_err(&read)?;
            let mut dataset = dataset(row).map_err(&read)?;
            dataset.tags = tags_of.remove(&(at, id)).unwrap_or_default();
            runs[at].inputs.push(dataset);
        }
        for row in &models {
            let at = place(row)?;
            let model_id: String = row.try_get("model_id").map_err(&read)?;
            match row.try_get::<&str, _>("direction").map_err(&read)? {
                "input" => runs[at].model_inputs.push(model_id),
                _ => {
                    let step = row.try_get("step").map_err(&read)?;
                    runs[at].model_outputs.push((model_id, step));
                }
            }
        }
        Ok(runs)
    }

    async fn of_runs(
        &self,
        columns: &str,
        table: &str,
        order: &str,
        run_ids: &[String],
    ) -> Result<Vec<AnyRow>, RegistryError> {
        let ids: Vec<&str> = run_ids.iter().map(String::as_str).collect();
        let mut sql = Sql::new(
            self.database().kind(),
            &format!("select run_id, {columns} from {table} where run_id"),
        );
        sql.within_ids(&ids).push(" order by run_id, ").push(order);
        sql.fetch_all(self.pool(), "read a run").await
    }
}

pub(crate) fn no_run(run_id: &str) -> RegistryError {
    RegistryError::NotFound {
        kind: "run",
        key: run_id.to_owned(),
    }
}

/// A metric of a row with the columns `key`, `value`, `timestamp_ms`, `step` and `is_nan`.
pub(crate) fn metric(row: &AnyRow) -> Result<Metric, sqlx::Error> {
    let is_nan = row.try_get::<i64, _>("is_nan")? != 0;
    Ok(Metric {
        key: row.try_get("key")?,
        value: if is_nan { f64::NAN } else { row.try_get("value")? },
        step: row.try_get("step")?,
        timestamp_ms: row.try_get("timestamp_ms")?,
    })
}

fn run_of(row: &AnyRow) -> Result<Run, RegistryError> {
    let read = doing("read a run");
    let text = |column: &str| row.try_get::<String, _>(column).map_err(&read);
    let status = text("status")?;
    Ok(Run {
        run_id: text("run_id")?,
        run_name: text("run_name")?,
        experiment_id: text("experiment_id")?,
        experiment_name: text("experiment_name")?,
        user_name: text("user_name")?,
        status: RunStatus::from_name(&status).ok_or(RegistryError::Unreadable {
            column: "runs.status",
            value: status,
        })?,
        start_time_ms: row.try_get("start_time_ms").map_err(&read)?,
        end_time_ms: row.try_get("end_time_ms").map_err(&read)?,
        artifact_uri: text("artifact_uri")?,
        lifecycle: Lifecycle::from_name("runs.lifecycle_stage", &text("lifecycle_stage")?)?,
        params: Vec::new(),
        tags: Vec::new(),
        metrics: Vec::new(),
        inputs: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    })
}

fn pair(row: &AnyRow) -> Result<(String, String), sqlx::Error> {
    Ok((row.try_get("key")?, row.try_get("value")?))
}

fn dataset(row: &AnyRow) -> Result<Dataset, sqlx::Error> {
    Ok(Dataset {
        name: row.try_get("name")?,
        digest: row.try_get("digest")?,
        source_type: row.try_get("source_type")?,
        source: row.try_get("source")?,
        rows: row.try_get("row_count")?,
        schema: row.try_get("schema")?,
        profile: row.try_get("profile")?,
        tags: Vec::new(),
    })
}
