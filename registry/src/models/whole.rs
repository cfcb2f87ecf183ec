//! Logged models and versions that come from another registry, as they were there.

use super::{
    LoggedModel, ModelRecord, Stage, VersionFile, VersionRecord, keys,
    logged::store::{write_model_metrics, write_pairs},
    records::{created, write_files},
    stages::{Mover, apply},
};
use crate::{
    Registry, RegistryError,
    database::{commit, doing},
    queries,
};

impl Registry {
    /// Writes a logged model with its params, tags and metrics, in one transaction; false when there is one of this id.
    pub(crate) async fn take_logged_model(&self, model: &LoggedModel) -> Result<bool, RegistryError> {
        let mut tx = self.database().begin().await?;
        let done = sqlx::query(queries::TAKE_LOGGED_MODEL)
            .bind(&model.model_id)
            .bind(&model.experiment_id)
            .bind(&model.name)
            .bind(&model.artifact_uri)
            .bind(model.status.as_str())
            .bind(&model.status_message)
            .bind(&model.model_type)
            .bind(&model.source_run_id)
            .bind(model.created_at_ms)
            .bind(model.updated_at_ms)
            .execute(&mut *tx)
            .await
            .map_err(doing("write a logged model"))?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let id = &model.model_id;
        write_pairs(&mut tx, queries::INSERT_LOGGED_MODEL_PARAM, id, &model.params).await?;
        write_pairs(&mut tx, queries::UPSERT_LOGGED_MODEL_TAG, id, &model.tags).await?;
        write_model_metrics(&mut tx, &model.metrics).await?;
        commit(tx).await?;
        Ok(true)
    }

    /// Writes a version under its own number, with its stage as a transition; false when there is one of this number. Its
    /// model must be there.
    pub(crate) async fn take_version(
        &self,
        version: &VersionRecord,
        files: &[VersionFile],
        reason: &str,
    ) -> Result<bool, RegistryError> {
        let write = doing("write a model version");
        let mut tx = self.database().begin().await?;
        let key = keys::lock(&mut tx, &version.model_name).await?;
        let done = sqlx::query(queries::TAKE_VERSION)
            .bind(&key)
            .bind(version.version)
            .bind(&version.run_id)
            .bind(&version.source)
            .bind(&version.storage_uri)
            .bind(version.status.as_str())
            .bind(&version.status_message)
            .bind(&version.description)
            .bind(&version.user_name)
            .bind(&version.run_link)
            .bind(&version.model_id)
            .bind(version.created_at_ms)
            .bind(version.updated_at_ms)
            .execute(&mut *tx)
            .await
            .map_err(&write)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        for (tag, value) in &version.tags {
            sqlx::query(queries::UPSERT_VERSION_TAG)
                .bind(&key)
                .bind(version.version)
                .bind(tag)
                .bind(value)
                .execute(&mut *tx)
                .await
                .map_err(&write)?;
        }
        write_files(&mut tx, &key, version.version, files).await?;
        let mut changes = vec![created(
            &version.model_name,
            version.version,
            version.run_id.as_deref(),
            &version.storage_uri,
        )];
        if version.stage != Stage::None {
            let mover = Mover {
                key: &key,
                model_name: &version.model_name,
                actor: "import",
                reason,
                is_rollback: false,
                at_ms: version.updated_at_ms,
            };
            apply(
                &mut tx,
                &mover,
                version.version,
                Stage::None,
                version.stage,
                &mut changes,
            )
            .await?;
        }
        self.commit_all(tx, changes).await?;
        Ok(true)
    }

    /// Gives a model the times it had, and sees to it that its next version is numbered after `last_version`.
    pub(crate) async fn take_model_times(
        &self,
        model: &ModelRecord,
        last_version: i64,
    ) -> Result<(), RegistryError> {
        let key = self.model_key(&model.name).await?;
        sqlx::query(queries::TAKE_MODEL)
            .bind(key)
            .bind(model.created_at_ms)
            .bind(model.updated_at_ms)
            .bind(last_version)
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(doing("write a registered model"))
    }
}
