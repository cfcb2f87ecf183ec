//! Metrics, params and tags of a run, written in a few statements however many they are.

use std::collections::BTreeMap;

use sqlx::{Any, Row, Transaction};

use super::{
    Batch, Metric, RUN_NAME_TAG,
    create::{change, take_up},
};
use crate::{
    Registry, RegistryError,
    database::{Kind, commit, doing},
    limits,
    models::logged::write_model_metrics,
    queries,
    search::Sql,
};

impl Registry {
    /// Writes metrics, params and tags in one transaction, like [`Registry::log`].
    pub async fn log_batch(
        &self,
        run_id: &str,
        metrics: &[Metric],
        params: &[(String, String)],
        tags: &[(String, String)],
    ) -> Result<(), RegistryError> {
        let batch = Batch {
            metrics: metrics.to_vec(),
            params: params.to_vec(),
            tags: tags.to_vec(),
            ..Batch::default()
        };
        self.log(run_id, &batch).await
    }

    /// Writes a batch to a run that is in use, in one transaction: all or nothing.
    ///
    /// The same point of a metric again is fine. The latest value of a metric is the one of the largest step, then time,
    /// then value. A param that is already written with the same value is fine, with another value it is
    /// [`RegistryError::ParamChanged`]. A tag is overwritten; [`RUN_NAME_TAG`] renames the run. At most 1000 metrics,
    /// 100 params and 100 tags.
    pub async fn log(&self, run_id: &str, batch: &Batch) -> Result<(), RegistryError> {
        check(batch)?;
        let kind = self.database().kind();
        let count = batch.metrics.len() as i64;
        let mut tx = self.database().begin().await?;
        let run = take_up(&mut tx, run_id, count).await?.check_active(run_id)?;
        write_metrics(&mut tx, kind, run_id, run.last - count + 1, &batch.metrics).await?;
        write_latest(&mut tx, kind, run_id, &batch.metrics).await?;
        write_params(&mut tx, kind, run_id, &batch.params).await?;
        write_tags(&mut tx, kind, run_id, &batch.tags).await?;
        write_model_metrics(&mut tx, &batch.model_metrics).await?;
        let renamed = batch.tags.iter().rev().find(|(key, _)| key == RUN_NAME_TAG);
        if let Some((_, name)) = renamed {
            change(&mut tx, run_id, None, None, Some(name)).await?;
        }
        commit(tx).await
    }

    /// Appends an entry, an object of JSON, to the list in the tag `mlflow.log-model.history` of a run that is in use.
    pub async fn append_logged_model(&self, run_id: &str, entry: &str) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        take_up(&mut tx, run_id, 0).await?.check_active(run_id)?;
        let known: Option<String> = sqlx::query_scalar(queries::TAG)
            .bind(run_id)
            .bind(LOGGED_MODELS_TAG)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("read a tag"))?;
        let known = known.unwrap_or_default();
        let list = match known.trim_end().strip_suffix(']') {
            Some(head) if !head.trim_end().ends_with('[') => format!("{head}, {entry}]"),
            _ => format!("[{entry}]"),
        };
        limits::value("list of logged models", &list, limits::MAX_DATASET_SCHEMA)?;
        let tag = (LOGGED_MODELS_TAG.to_owned(), list);
        write_tags(&mut tx, self.database().kind(), run_id, &[tag]).await?;
        commit(tx).await
    }
}

const LOGGED_MODELS_TAG: &str = "mlflow.log-model.history";

pub(super) fn check_tag((key, value): &(String, String)) -> Result<(), RegistryError> {
    limits::key("tag key", key)?;
    limits::value("tag value", value, limits::MAX_TAG_VALUE)
}

pub(super) async fn write_tags(
    tx: &mut Transaction<'static, Any>,
    kind: Kind,
    run_id: &str,
    tags: &[(String, String)],
) -> Result<(), RegistryError> {
    // A statement can't write a row twice.
    let tags: BTreeMap<&str, &str> = tags.iter().map(|(key, value)| (&**key, &**value)).collect();
    if tags.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(kind, "insert into tags (run_id, key, value) values ");
    for (index, (key, value)) in tags.into_iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).bind(run_id);
        sql.push(", ").bind(key).push(", ").bind(value).push(")");
    }
    sql.push(" on conflict (run_id, key) do update set value = excluded.value");
    sql.execute(tx, "write tags").await.map(|_| ())
}

fn check(batch: &Batch) -> Result<(), RegistryError> {
    limits::count("metrics", batch.metrics.len(), limits::MAX_METRICS)?;
    limits::count("params", batch.params.len(), limits::MAX_PARAMS)?;
    for metric in &batch.metrics {
        limits::key("metric key", &metric.key)?;
    }
    for (key, value) in &batch.params {
        limits::key("param key", key)?;
        limits::value("param value", value, limits::MAX_PARAM_VALUE)?;
    }
    limits::count("tags", batch.tags.len(), limits::MAX_TAGS)?;
    batch.tags.iter().try_for_each(check_tag)
}

/// Value and flag as they are stored.
pub(super) fn stored_value(value: f64) -> (f64, i64) {
    match value.is_nan() {
        true => (0.0, 1),
        false => (value.clamp(f64::MIN, f64::MAX), 0),
    }
}

pub(super) async fn write_metrics(
    tx: &mut Transaction<'static, Any>,
    kind: Kind,
    run_id: &str,
    first: i64,
    metrics: &[Metric],
) -> Result<(), RegistryError> {
    if metrics.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(
        kind,
        "insert into metrics (run_id, key, sequence, value, timestamp_ms, step, is_nan) values ",
    );
    for (index, metric) in metrics.iter().enumerate() {
        let (value, is_nan) = stored_value(metric.value);
        sql.push(if index == 0 { "(" } else { ", (" }).bind(run_id);
        sql.push(", ").bind(metric.key.as_str());
        sql.push(", ").bind(first + index as i64);
        sql.push(", ").bind(value);
        sql.push(", ").bind(metric.timestamp_ms);
        sql.push(", ").bind(metric.step);
        sql.push(if is_nan == 1 { ", 1)" } else { ", 0)" });
    }
    sql.push(" on conflict do nothing");
    sql.execute(tx, "write metrics").await.map(|_| ())
}

pub(super) async fn write_latest(
    tx: &mut Transaction<'static, Any>,
    kind: Kind,
    run_id: &str,
    metrics: &[Metric],
) -> Result<(), RegistryError> {
    let mut latest: BTreeMap<&str, (i64, i64, f64, i64)> = BTreeMap::new();
    for metric in metrics {
        let (value, is_nan) = stored_value(metric.value);
        let point = (metric.step, metric.timestamp_ms, value, is_nan);
        let known = latest.entry(&metric.key).or_insert(point);
        if (point.0, point.1, point.2) > (known.0, known.1, known.2) {
            *known = point;
        }
    }
    if latest.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(
        kind,
        "insert into latest_metrics (run_id, key, step, timestamp_ms, value, is_nan) values ",
    );
    for (index, (key, (step, timestamp_ms, value, is_nan))) in latest.into_iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).bind(run_id);
        sql.push(", ").bind(key).push(", ").bind(step);
        sql.push(", ").bind(timestamp_ms).push(", ").bind(value);
        sql.push(if is_nan == 1 { ", 1)" } else { ", 0)" });
    }
    sql.push(
        " on conflict (run_id, key) do update set value = excluded.value, timestamp_ms = excluded.timestamp_ms, \
         step = excluded.step, is_nan = excluded.is_nan \
         where (excluded.step, excluded.timestamp_ms, excluded.value) \
         > (latest_metrics.step, latest_metrics.timestamp_ms, latest_metrics.value)",
    );
    sql.execute(tx, "write latest metrics").await.map(|_| ())
}

pub(super) async fn write_params(
    tx: &mut Transaction<'static, Any>,
    kind: Kind,
    run_id: &str,
    params: &[(String, String)],
) -> Result<(), RegistryError> {
    if params.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(kind, "insert into params (run_id, key, value) values ");
    for (index, (key, value)) in params.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).bind(run_id);
        sql.push(", ").bind(key.as_str());
        sql.push(", ").bind(value.as_str()).push(")");
    }
    sql.push(" on conflict (run_id, key) do nothing");
    if sql.execute(tx, "write params").await? == params.len() as u64 {
        return Ok(());
    }
    let mut sql = Sql::new(kind, "select key, value from params where run_id = ");
    sql.bind(run_id).push(" and key");
    sql.within(params.iter().map(|(key, _)| key.as_str()));
    let action = "read params";
    let mut written = BTreeMap::new();
    for row in sql.fetch_all_in(tx, action).await? {
        let text = |column: &str| row.try_get::<String, _>(column).map_err(doing(action));
        written.insert(text("key")?, text("value")?);
    }
    for (key, new) in params {
        if let Some(old) = written.get(key).filter(|old| *old != new) {
            return Err(RegistryError::ParamChanged {
                run_id: run_id.to_owned(),
                key: key.clone(),
                old: old.clone(),
                new: new.clone(),
            });
        }
    }
    Ok(())
}
