//! Reading and writing experiments and runs.

use sqlx::{Any, Row, Transaction, any::AnyRow};

use super::{Dataset, Experiment, Metric, NewRun, Run, RunStatus};
use crate::{
    Bucket, Registry, RegistryError,
    database::{commit, doing, next_counter},
    limits, names, now_ms, queries,
};

impl Registry {
    /// The experiment of this name, made when it isn't there.
    pub async fn get_or_create_experiment(&self, name: &str) -> Result<Experiment, RegistryError> {
        limits::text("experiment name", name, limits::MAX_NAME)?;
        if let Some(experiment) = self.experiment(name).await? {
            return Ok(experiment);
        }
        let mut tx = self.database().begin().await?;
        // The counter's row lock puts callers in a queue, so that the second one finds what the first one made.
        let id = next_counter(&mut tx, "experiments").await?.to_string();
        let found = sqlx::query(queries::EXPERIMENT_BY_NAME)
            .bind(name)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("read an experiment"))?;
        if let Some(row) = found {
            return experiment(&row).map_err(doing("read an experiment"));
        }
        let made = Experiment {
            artifact_location: self.artifacts().uri(Bucket::Artifacts, &id),
            experiment_id: id,
            name: name.to_owned(),
            created_at_ms: now_ms(),
        };
        sqlx::query(queries::INSERT_EXPERIMENT)
            .bind(&made.experiment_id)
            .bind(&made.name)
            .bind(&made.artifact_location)
            .bind(made.created_at_ms)
            .execute(&mut *tx)
            .await
            .map_err(doing("make an experiment"))?;
        commit(tx).await?;
        Ok(made)
    }

    /// The experiment of this name.
    pub async fn experiment(&self, name: &str) -> Result<Option<Experiment>, RegistryError> {
        let row = sqlx::query(queries::EXPERIMENT_BY_NAME)
            .bind(name)
            .fetch_optional(self.pool())
            .await;
        row.and_then(|row| row.as_ref().map(experiment).transpose())
            .map_err(doing("read an experiment"))
    }

    /// Starts a run, with a new id, and a nickname unless it has a name. Its artifacts belong under
    /// `<artifacts bucket>/<experiment id>/<run id>/artifacts`.
    pub async fn create_run(&self, run: NewRun) -> Result<Run, RegistryError> {
        let run_name = run.run_name.unwrap_or_else(names::nickname);
        limits::text("run name", &run_name, limits::MAX_KEY)?;
        limits::value("user name", &run.user_name, limits::MAX_NAME)?;
        check_tags(&run.tags)?;
        let run_id = names::random_id();
        let mut tx = self.database().begin().await?;
        let location: Option<String> = sqlx::query_scalar(queries::EXPERIMENT_LOCATION)
            .bind(&run.experiment_id)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("read an experiment"))?;
        let Some(location) = location else {
            return Err(RegistryError::NotFound {
                kind: "experiment",
                key: run.experiment_id,
            });
        };
        sqlx::query(queries::INSERT_RUN)
            .bind(&run_id)
            .bind(&run.experiment_id)
            .bind(&run_name)
            .bind(&run.user_name)
            .bind(run.start_time_ms)
            .bind(format!("{location}/{run_id}/artifacts"))
            .execute(&mut *tx)
            .await
            .map_err(doing("make a run"))?;
        write_tags(&mut tx, &run_id, &run.tags).await?;
        commit(tx).await?;
        self.run(&run_id).await?.ok_or(RegistryError::NotFound {
            kind: "run",
            key: run_id,
        })
    }

    /// Writes metrics, params and tags in one transaction: all or nothing.
    ///
    /// A param that is already written with the same value is fine, with another value it is
    /// [`RegistryError::ParamChanged`]. A tag is overwritten. At most 1000 metrics, 100 params and 100 tags.
    pub async fn log_batch(
        &self,
        run_id: &str,
        metrics: &[Metric],
        params: &[(String, String)],
        tags: &[(String, String)],
    ) -> Result<(), RegistryError> {
        limits::count("metrics", metrics.len(), limits::MAX_METRICS)?;
        limits::count("params", params.len(), limits::MAX_PARAMS)?;
        for metric in metrics {
            limits::key("metric key", &metric.key)?;
        }
        for (key, value) in params {
            limits::key("param key", key)?;
            limits::value("param value", value, limits::MAX_PARAM_VALUE)?;
        }
        check_tags(tags)?;
        let mut tx = self.database().begin().await?;
        let count = metrics.len() as i64;
        let last: Option<i64> = sqlx::query_scalar(queries::RESERVE_METRICS)
            .bind(run_id)
            .bind(count)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("take up a run"))?;
        let first = last.ok_or_else(|| no_run(run_id))? - count + 1;
        for (sequence, metric) in (first..).zip(metrics) {
            write_metric(&mut tx, run_id, sequence, metric).await?;
        }
        for (key, value) in params {
            write_param(&mut tx, run_id, key, value).await?;
        }
        write_tags(&mut tx, run_id, tags).await?;
        commit(tx).await
    }

    /// Records a data set that the run read.
    pub async fn log_input(&self, run_id: &str, dataset: &Dataset) -> Result<(), RegistryError> {
        limits::text("dataset name", &dataset.name, limits::MAX_SOURCE)?;
        limits::text("dataset digest", &dataset.digest, limits::MAX_KEY)?;
        limits::value("dataset source type", &dataset.source_type, limits::MAX_KEY)?;
        limits::value("dataset source", &dataset.source, limits::MAX_TAG_VALUE)?;
        let mut tx = self.database().begin().await?;
        let id = next_counter(&mut tx, "datasets").await?;
        let run: Option<String> = sqlx::query_scalar(queries::RUN_EXISTS)
            .bind(run_id)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("read a run"))?;
        run.ok_or_else(|| no_run(run_id))?;
        sqlx::query(queries::INSERT_DATASET)
            .bind(id)
            .bind(&dataset.name)
            .bind(&dataset.digest)
            .bind(&dataset.source_type)
            .bind(&dataset.source)
            .bind(dataset.rows)
            .execute(&mut *tx)
            .await
            .map_err(doing("write a dataset"))?;
        sqlx::query(queries::INSERT_INPUT)
            .bind(run_id)
            .bind(id)
            .execute(&mut *tx)
            .await
            .map_err(doing("write an input"))?;
        commit(tx).await
    }

    /// Sets the run's status and, when given, its end.
    pub async fn update_run(
        &self,
        run_id: &str,
        status: RunStatus,
        end_time_ms: Option<i64>,
    ) -> Result<(), RegistryError> {
        let found: Option<String> = sqlx::query_scalar(queries::UPDATE_RUN)
            .bind(run_id)
            .bind(status.as_str())
            .bind(end_time_ms)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("update a run"))?;
        found.map(|_| ()).ok_or_else(|| no_run(run_id))
    }

    /// The run with its params, tags, latest metrics and inputs.
    pub async fn run(&self, run_id: &str) -> Result<Option<Run>, RegistryError> {
        let row = sqlx::query(queries::RUN)
            .bind(run_id)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("read a run"))?;
        match row {
            Some(row) => self.complete(&row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The experiment's newest runs first.
    pub async fn runs(&self, experiment_id: &str, limit: i64) -> Result<Vec<Run>, RegistryError> {
        let rows = sqlx::query(queries::RUNS)
            .bind(experiment_id)
            .bind(limit)
            .fetch_all(self.pool())
            .await
            .map_err(doing("read runs"))?;
        let mut runs = Vec::with_capacity(rows.len());
        for row in &rows {
            runs.push(self.complete(row).await?);
        }
        Ok(runs)
    }

    /// Every value of the metric, by step, then time, then order of writing. Empty for an unknown run or key.
    pub async fn metric_history(&self, run_id: &str, key: &str) -> Result<Vec<Metric>, RegistryError> {
        let rows = sqlx::query(queries::METRIC_HISTORY)
            .bind(run_id)
            .bind(key)
            .fetch_all(self.pool())
            .await;
        rows.and_then(|rows| rows.iter().map(metric).collect())
            .map_err(doing("read a metric's history"))
    }

    async fn complete(&self, row: &AnyRow) -> Result<Run, RegistryError> {
        let mut run = run_of(row)?;
        let read = doing("read a run");
        let all = |sql: &'static str| sqlx::query(sql).bind(run.run_id.clone()).fetch_all(self.pool());
        let params = all(queries::RUN_PARAMS)
            .await
            .and_then(|rows| rows.iter().map(pair).collect());
        let tags = all(queries::RUN_TAGS)
            .await
            .and_then(|rows| rows.iter().map(pair).collect());
        let metrics = all(queries::RUN_METRICS)
            .await
            .and_then(|rows| rows.iter().map(metric).collect());
        let inputs = all(queries::RUN_INPUTS)
            .await
            .and_then(|rows| rows.iter().map(dataset).collect());
        run.params = params.map_err(&read)?;
        run.tags = tags.map_err(&read)?;
        run.metrics = metrics.map_err(&read)?;
        run.inputs = inputs.map_err(&read)?;
        Ok(run)
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

fn check_tags(tags: &[(String, String)]) -> Result<(), RegistryError> {
    limits::count("tags", tags.len(), limits::MAX_TAGS)?;
    for (key, value) in tags {
        limits::key("tag key", key)?;
        limits::value("tag value", value, limits::MAX_TAG_VALUE)?;
    }
    Ok(())
}

async fn write_metric(
    tx: &mut Transaction<'static, Any>,
    run_id: &str,
    sequence: i64,
    metric: &Metric,
) -> Result<(), RegistryError> {
    let is_nan = i64::from(metric.value.is_nan());
    let value = if metric.value.is_nan() {
        0.0
    } else {
        metric.value.clamp(f64::MIN, f64::MAX)
    };
    sqlx::query(queries::INSERT_METRIC)
        .bind(run_id)
        .bind(&metric.key)
        .bind(sequence)
        .bind(value)
        .bind(metric.timestamp_ms)
        .bind(metric.step)
        .bind(is_nan)
        .execute(&mut **tx)
        .await
        .map_err(doing("write a metric"))?;
    sqlx::query(queries::UPSERT_LATEST_METRIC)
        .bind(run_id)
        .bind(&metric.key)
        .bind(value)
        .bind(metric.timestamp_ms)
        .bind(metric.step)
        .bind(is_nan)
        .execute(&mut **tx)
        .await
        .map_err(doing("write a latest metric"))?;
    Ok(())
}

async fn write_param(
    tx: &mut Transaction<'static, Any>,
    run_id: &str,
    key: &str,
    value: &str,
) -> Result<(), RegistryError> {
    sqlx::query(queries::INSERT_PARAM)
        .bind(run_id)
        .bind(key)
        .bind(value)
        .execute(&mut **tx)
        .await
        .map_err(doing("write a param"))?;
    let written: String = sqlx::query_scalar(queries::PARAM)
        .bind(run_id)
        .bind(key)
        .fetch_one(&mut **tx)
        .await
        .map_err(doing("read a param"))?;
    if written != value {
        return Err(RegistryError::ParamChanged {
            run_id: run_id.to_owned(),
            key: key.to_owned(),
        });
    }
    Ok(())
}

async fn write_tags(
    tx: &mut Transaction<'static, Any>,
    run_id: &str,
    tags: &[(String, String)],
) -> Result<(), RegistryError> {
    for (key, value) in tags {
        sqlx::query(queries::UPSERT_TAG)
            .bind(run_id)
            .bind(key)
            .bind(value)
            .execute(&mut **tx)
            .await
            .map_err(doing("write a tag"))?;
    }
    Ok(())
}

fn experiment(row: &AnyRow) -> Result<Experiment, sqlx::Error> {
    Ok(Experiment {
        experiment_id: row.try_get("experiment_id")?,
        name: row.try_get("name")?,
        artifact_location: row.try_get("artifact_location")?,
        created_at_ms: row.try_get("created_at_ms")?,
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
        params: Vec::new(),
        tags: Vec::new(),
        metrics: Vec::new(),
        inputs: Vec::new(),
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
    })
}
