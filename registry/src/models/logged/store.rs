//! Reading and writing logged models.

use serde_json::json;
use sqlx::{Any, Row, Transaction as Tx, any::AnyRow};

use super::{LoggedModel, LoggedModelStatus, ModelMetric, NewLoggedModel};
use crate::{
    Registry, RegistryError,
    audit::Change,
    database::{commit, doing},
    limits, names, now_ms, queries,
    runs::store::no_run,
};

impl Registry {
    /// Makes a logged model, whose files are still to come. They belong under
    /// `<experiment's place>/models/<model id>/artifacts`.
    pub async fn create_logged_model(&self, new: NewLoggedModel) -> Result<LoggedModel, RegistryError> {
        let name = new.name.unwrap_or_else(names::nickname);
        limits::text("model name", &name, limits::MAX_SOURCE)?;
        limits::value("model type", &new.model_type, limits::MAX_SOURCE)?;
        check_pairs(&new.params, &new.tags)?;
        let model_id = format!("m-{}", names::random_id());
        let mut tx = self.database().begin().await?;
        let location: Option<String> = sqlx::query_scalar(queries::EXPERIMENT_PLACE)
            .bind(&new.experiment_id)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("read an experiment"))?;
        let Some(location) = location else {
            return Err(RegistryError::NotFound {
                kind: "experiment",
                key: new.experiment_id,
            });
        };
        if let Some(run_id) = &new.source_run_id {
            let run: Option<String> = sqlx::query_scalar(queries::RUN_EXISTS)
                .bind(run_id)
                .fetch_optional(&mut *tx)
                .await
                .map_err(doing("read a run"))?;
            run.ok_or_else(|| no_run(run_id))?;
        }
        sqlx::query(queries::INSERT_LOGGED_MODEL)
            .bind(&model_id)
            .bind(&new.experiment_id)
            .bind(&name)
            .bind(format!("{location}/models/{model_id}/artifacts"))
            .bind(&new.model_type)
            .bind(&new.source_run_id)
            .bind(now_ms())
            .execute(&mut *tx)
            .await
            .map_err(doing("make a logged model"))?;
        write_pairs(
            &mut tx,
            queries::INSERT_LOGGED_MODEL_PARAM,
            &model_id,
            &new.params,
        )
        .await?;
        write_pairs(&mut tx, queries::UPSERT_LOGGED_MODEL_TAG, &model_id, &new.tags).await?;
        commit(tx).await?;
        self.existing_logged_model(&model_id).await
    }

    /// A logged model that isn't deleted.
    pub async fn logged_model(&self, model_id: &str) -> Result<Option<LoggedModel>, RegistryError> {
        let row = sqlx::query(queries::LOGGED_MODEL)
            .bind(model_id)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("read a logged model"))?;
        match row {
            Some(row) => self.complete_logged_model(&row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Sets how far the upload is.
    pub async fn set_logged_model_status(
        &self,
        model_id: &str,
        status: LoggedModelStatus,
    ) -> Result<LoggedModel, RegistryError> {
        let found: Option<String> = sqlx::query_scalar(queries::SET_LOGGED_MODEL_STATUS)
            .bind(model_id)
            .bind(status.as_str())
            .bind(now_ms())
            .fetch_optional(self.pool())
            .await
            .map_err(doing("set a logged model's status"))?;
        found.ok_or_else(|| no_logged_model(model_id))?;
        self.existing_logged_model(model_id).await
    }

    /// Takes a logged model away; its files stay.
    pub async fn delete_logged_model(&self, model_id: &str) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        let found: Option<String> = sqlx::query_scalar(queries::DELETE_LOGGED_MODEL)
            .bind(model_id)
            .bind(now_ms())
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("delete a logged model"))?;
        found.ok_or_else(|| no_logged_model(model_id))?;
        self.commit(tx, Change::new("logged_model.delete", model_id, json!({})))
            .await
    }

    /// Sets tags of a logged model, all or none.
    pub async fn set_logged_model_tags(
        &self,
        model_id: &str,
        tags: &[(String, String)],
    ) -> Result<(), RegistryError> {
        self.write_logged_model(queries::UPSERT_LOGGED_MODEL_TAG, model_id, &[], tags)
            .await
    }

    /// Writes params of a logged model, all or none.
    pub async fn log_model_params(
        &self,
        model_id: &str,
        params: &[(String, String)],
    ) -> Result<(), RegistryError> {
        self.write_logged_model(queries::INSERT_LOGGED_MODEL_PARAM, model_id, params, &[])
            .await
    }

    /// Removes a tag of a logged model; [`RegistryError::NotFound`] when it has none of this key.
    pub async fn delete_logged_model_tag(&self, model_id: &str, key: &str) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        exists(&mut tx, model_id).await?;
        let found: Option<String> = sqlx::query_scalar(queries::DELETE_LOGGED_MODEL_TAG)
            .bind(model_id)
            .bind(key)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("delete a logged model's tag"))?;
        found.ok_or_else(|| RegistryError::NotFound {
            kind: "logged model tag",
            key: key.to_owned(),
        })?;
        commit(tx).await
    }

    /// Writes values of metrics; those of models that aren't there are left out, as a run's own metrics may name any.
    pub async fn log_model_metrics(&self, metrics: &[ModelMetric]) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        write_model_metrics(&mut tx, metrics).await?;
        commit(tx).await
    }

    async fn existing_logged_model(&self, model_id: &str) -> Result<LoggedModel, RegistryError> {
        self.logged_model(model_id)
            .await?
            .ok_or_else(|| no_logged_model(model_id))
    }

    async fn write_logged_model(
        &self,
        sql: &'static str,
        model_id: &str,
        params: &[(String, String)],
        tags: &[(String, String)],
    ) -> Result<(), RegistryError> {
        check_pairs(params, tags)?;
        let mut tx = self.database().begin().await?;
        exists(&mut tx, model_id).await?;
        write_pairs(&mut tx, sql, model_id, params).await?;
        write_pairs(&mut tx, sql, model_id, tags).await?;
        commit(tx).await
    }

    /// Adds params, tags and metrics to a row of `logged_model.sql`'s columns.
    pub(crate) async fn complete_logged_model(&self, row: &AnyRow) -> Result<LoggedModel, RegistryError> {
        let read = doing("read a logged model");
        let mut model = logged_model(row)?;
        let rows = sqlx::query(queries::LOGGED_MODEL_MARKS)
            .bind(&model.model_id)
            .fetch_all(self.pool())
            .await
            .map_err(&read)?;
        for row in &rows {
            let pair = (
                row.try_get("key").map_err(&read)?,
                row.try_get("value").map_err(&read)?,
            );
            match row.try_get::<i64, _>("is_tag").map_err(&read)? {
                0 => model.params.push(pair),
                _ => model.tags.push(pair),
            }
        }
        let rows = sqlx::query(queries::LOGGED_MODEL_METRICS)
            .bind(&model.model_id)
            .fetch_all(self.pool())
            .await
            .map_err(&read)?;
        for row in &rows {
            model
                .metrics
                .push(model_metric(&model.model_id, row).map_err(&read)?);
        }
        Ok(model)
    }
}

/// Writes values of metrics within a transaction; those of models that aren't there are left out.
pub(crate) async fn write_model_metrics(
    tx: &mut Tx<'static, Any>,
    metrics: &[ModelMetric],
) -> Result<(), RegistryError> {
    let mut known: Option<&str> = None;
    for metric in metrics {
        if known != Some(&metric.model_id) {
            match exists(tx, &metric.model_id).await {
                Ok(()) => known = Some(&metric.model_id),
                Err(RegistryError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            }
        }
        let is_nan = metric.value.is_nan();
        let value = if is_nan {
            0.0
        } else {
            metric.value.clamp(f64::MIN, f64::MAX)
        };
        sqlx::query(queries::UPSERT_LOGGED_MODEL_METRIC)
            .bind(&metric.model_id)
            .bind(&metric.run_id)
            .bind(&metric.key)
            .bind(value)
            .bind(metric.timestamp_ms)
            .bind(metric.step)
            .bind(i64::from(is_nan))
            .bind(&metric.dataset_name)
            .bind(&metric.dataset_digest)
            .execute(&mut **tx)
            .await
            .map_err(doing("write a logged model's metric"))?;
    }
    Ok(())
}

async fn exists(tx: &mut Tx<'static, Any>, model_id: &str) -> Result<(), RegistryError> {
    let found: Option<String> = sqlx::query_scalar(queries::LOGGED_MODEL_EXISTS)
        .bind(model_id)
        .fetch_optional(&mut **tx)
        .await
        .map_err(doing("look for a logged model"))?;
    found.map(|_| ()).ok_or_else(|| no_logged_model(model_id))
}

pub(crate) async fn write_pairs(
    tx: &mut Tx<'static, Any>,
    sql: &'static str,
    model_id: &str,
    pairs: &[(String, String)],
) -> Result<(), RegistryError> {
    for (key, value) in pairs {
        sqlx::query(sql)
            .bind(model_id)
            .bind(key)
            .bind(value)
            .execute(&mut **tx)
            .await
            .map_err(doing("write a logged model's params and tags"))?;
    }
    Ok(())
}

fn check_pairs(params: &[(String, String)], tags: &[(String, String)]) -> Result<(), RegistryError> {
    for (key, value) in params {
        limits::key("param key", key)?;
        limits::value("param value", value, limits::MAX_PARAM_VALUE)?;
    }
    for (key, value) in tags {
        limits::key("tag key", key)?;
        limits::value("tag value", value, limits::MAX_LONG_TAG_VALUE)?;
    }
    Ok(())
}

fn no_logged_model(model_id: &str) -> RegistryError {
    RegistryError::NotFound {
        kind: "logged model",
        key: model_id.to_owned(),
    }
}

fn logged_model(row: &AnyRow) -> Result<LoggedModel, RegistryError> {
    let read = doing("read a logged model");
    let text = |column: &str| row.try_get::<String, _>(column).map_err(&read);
    let number = |column: &str| row.try_get::<i64, _>(column).map_err(&read);
    let status = text("status")?;
    Ok(LoggedModel {
        model_id: text("model_id")?,
        experiment_id: text("experiment_id")?,
        name: text("name")?,
        artifact_uri: text("artifact_uri")?,
        status: LoggedModelStatus::from_name(&status).ok_or(RegistryError::Unreadable {
            column: "logged_models.status",
            value: status,
        })?,
        status_message: text("status_message")?,
        model_type: text("model_type")?,
        source_run_id: row.try_get("source_run_id").map_err(&read)?,
        created_at_ms: number("created_at_ms")?,
        updated_at_ms: number("updated_at_ms")?,
        params: Vec::new(),
        tags: Vec::new(),
        metrics: Vec::new(),
    })
}

fn model_metric(model_id: &str, row: &AnyRow) -> Result<ModelMetric, sqlx::Error> {
    let is_nan = row.try_get::<i64, _>("is_nan")? != 0;
    Ok(ModelMetric {
        model_id: model_id.to_owned(),
        run_id: row.try_get("run_id")?,
        key: row.try_get("key")?,
        value: if is_nan { f64::NAN } else { row.try_get("value")? },
        timestamp_ms: row.try_get("timestamp_ms")?,
        step: row.try_get("step")?,
        dataset_name: row.try_get("dataset_name")?,
        dataset_digest: row.try_get("dataset_digest")?,
    })
}
