//! Registering and reading versions and aliases.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::{Row, any::AnyRow};

use super::{
    ModelVersion, NewVersion, RegisteredModel, Stage, keys,
    records::{created, write_files},
};
use crate::{
    Metric, Registry, RegistryError,
    audit::Change,
    database::doing,
    limits, now_ms, queries,
    runs::store::{metric, no_run},
};

impl Registry {
    /// Registers a version, in stage `None`, under the model's next number; the model is made when it isn't there.
    /// The same `idempotency_key` again gives the version it made.
    ///
    /// The files must be in the store already: the row comes after the bytes.
    pub async fn create_version(&self, new: NewVersion) -> Result<ModelVersion, RegistryError> {
        check(&new)?;
        let now = now_ms();
        let mut tx = self.database().begin().await?;
        let mut changes = Vec::new();
        if keys::try_lock(&mut tx, &new.model_name).await?.is_none()
            && keys::make(&mut tx, &new.model_name, None, now).await?
        {
            changes.push(Change::new("model.create", &new.model_name, json!({})));
        }
        // From here on the model's row is locked: what is read next stays true until the commit.
        let taken = sqlx::query(queries::NEXT_VERSION)
            .bind(&new.model_name)
            .bind(now)
            .fetch_one(&mut *tx)
            .await
            .map_err(doing("take a version number"))?;
        let model: String = taken.try_get(0).map_err(doing("take a version number"))?;
        let version: i64 = taken.try_get(1).map_err(doing("take a version number"))?;
        if let Some(key) = &new.idempotency_key {
            let made = sqlx::query(queries::VERSION_BY_IDEMPOTENCY_KEY)
                .bind(key)
                .fetch_optional(&mut *tx)
                .await
                .map_err(doing("look for the idempotency key"))?;
            if let Some(row) = made {
                let read = doing("read a model version");
                let (name, version): (String, i64) = (
                    row.try_get("model_name").map_err(&read)?,
                    row.try_get("version").map_err(&read)?,
                );
                tx.rollback()
                    .await
                    .map_err(doing("give the version number back"))?;
                return self.existing_version(&name, version).await;
            }
        }
        let run: Option<String> = sqlx::query_scalar(queries::RUN_EXISTS)
            .bind(&new.run_id)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("read a run"))?;
        run.ok_or_else(|| no_run(&new.run_id))?;
        sqlx::query(queries::INSERT_VERSION)
            .bind(&model)
            .bind(version)
            .bind(&new.run_id)
            .bind(&new.source)
            .bind(&new.model_file)
            .bind(&new.model_sha256)
            .bind(new.model_bytes)
            .bind(&new.bundle_file)
            .bind(&new.booster_sha256)
            .bind(&new.dataset_name)
            .bind(&new.dataset_digest)
            .bind(new.trained_at_ms)
            .bind(now)
            .bind(&new.idempotency_key)
            .execute(&mut *tx)
            .await
            .map_err(doing("write a model version"))?;
        write_files(&mut tx, &model, version, &new.files).await?;
        let mut files: Vec<&str> = new.files.iter().map(|file| file.path.as_str()).collect();
        files.push(&new.model_file);
        let owner = (Some(new.run_id.as_str()), None);
        self.check_kept(&mut tx, owner, &new.source, &files).await?;
        changes.push(created(&new.model_name, version, Some(&new.run_id), &new.source));
        self.commit_all(tx, changes).await?;
        self.existing_version(&new.model_name, version).await
    }

    /// One version with a compact file.
    pub async fn version(
        &self,
        model_name: &str,
        version: i64,
    ) -> Result<Option<ModelVersion>, RegistryError> {
        let row = sqlx::query(queries::VERSION)
            .bind(model_name)
            .bind(version)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("read a model version"))?;
        let versions = self.complete_versions(model_name, row.as_slice()).await?;
        Ok(versions.into_iter().next())
    }

    /// All versions with a compact file, newest first.
    pub async fn versions(&self, model_name: &str) -> Result<Vec<ModelVersion>, RegistryError> {
        let rows = sqlx::query(queries::VERSIONS)
            .bind(model_name)
            .fetch_all(self.pool())
            .await
            .map_err(doing("read model versions"))?;
        self.complete_versions(model_name, &rows).await
    }

    /// All registered models, by name.
    pub async fn models(&self) -> Result<Vec<RegisteredModel>, RegistryError> {
        let rows = sqlx::query(queries::MODELS).fetch_all(self.pool()).await;
        rows.and_then(|rows| rows.iter().map(registered_model).collect())
            .map_err(doing("read models"))
    }

    /// The version in Production, if it has a compact file.
    pub async fn production(&self, model_name: &str) -> Result<Option<ModelVersion>, RegistryError> {
        let version: Option<i64> = sqlx::query_scalar(queries::PRODUCTION_VERSION)
            .bind(model_name)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("look for the Production version"))?;
        match version {
            Some(version) => self.version(model_name, version).await,
            None => Ok(None),
        }
    }

    /// The version an alias points to.
    pub async fn version_by_alias(
        &self,
        model_name: &str,
        alias: &str,
    ) -> Result<Option<ModelVersion>, RegistryError> {
        let version: Option<i64> = sqlx::query_scalar(queries::VERSION_BY_ALIAS)
            .bind(model_name)
            .bind(alias)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("read an alias"))?;
        match version {
            Some(version) => self.version(model_name, version).await,
            None => Ok(None),
        }
    }

    async fn existing_version(&self, model_name: &str, version: i64) -> Result<ModelVersion, RegistryError> {
        self.version(model_name, version)
            .await?
            .ok_or_else(|| no_version(model_name, version))
    }

    /// Adds aliases and metrics, with one query each for all rows.
    async fn complete_versions(
        &self,
        model_name: &str,
        rows: &[AnyRow],
    ) -> Result<Vec<ModelVersion>, RegistryError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let read = doing("read model versions");
        let mut aliases: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        let query = sqlx::query(queries::VERSION_ALIASES).bind(model_name);
        for row in query.fetch_all(self.pool()).await.map_err(&read)? {
            let version = row.try_get("version").map_err(&read)?;
            aliases
                .entry(version)
                .or_default()
                .push(row.try_get("alias").map_err(&read)?);
        }
        let mut metrics: BTreeMap<i64, Vec<Metric>> = BTreeMap::new();
        let query = sqlx::query(queries::VERSION_METRICS).bind(model_name);
        for row in query.fetch_all(self.pool()).await.map_err(&read)? {
            let version = row.try_get("version").map_err(&read)?;
            metrics
                .entry(version)
                .or_default()
                .push(metric(&row).map_err(&read)?);
        }
        rows.iter()
            .map(|row| {
                let mut version = model_version(row)?;
                version.aliases = aliases.remove(&version.version).unwrap_or_default();
                version.metrics = metrics.remove(&version.version).unwrap_or_default();
                Ok(version)
            })
            .collect()
    }
}

pub(super) fn no_version(model_name: &str, version: i64) -> RegistryError {
    RegistryError::NotFound {
        kind: "model version",
        key: format!("{model_name}/{version}"),
    }
}

/// The stage that is stored as `name`.
pub(super) fn stage(name: String) -> Result<Stage, RegistryError> {
    Stage::from_name(&name).ok_or(RegistryError::Unreadable {
        column: "stage",
        value: name,
    })
}

fn check(new: &NewVersion) -> Result<(), RegistryError> {
    limits::model_name(&new.model_name)?;
    limits::text("source", &new.source, limits::MAX_SOURCE)?;
    limits::text("model file", &new.model_file, limits::MAX_KEY)?;
    limits::sha256("model_sha256", &new.model_sha256)?;
    limits::sha256("booster_sha256", &new.booster_sha256)?;
    limits::text("dataset name", &new.dataset_name, limits::MAX_SOURCE)?;
    limits::text("dataset digest", &new.dataset_digest, limits::MAX_KEY)?;
    for file in [Some(&new.model_file), new.bundle_file.as_ref()]
        .into_iter()
        .flatten()
    {
        if file.is_empty() || file.contains(['/', '\\']) || file == ".." || file == "." {
            return limits::invalid(
                "model or bundle file",
                "must be a plain name in the model directory".to_owned(),
            );
        }
    }
    if let Some(key) = &new.idempotency_key {
        limits::text("idempotency key", key, limits::MAX_KEY)?;
    }
    Ok(())
}

fn model_version(row: &AnyRow) -> Result<ModelVersion, RegistryError> {
    let read = doing("read a model version");
    let text = |column: &str| row.try_get::<String, _>(column).map_err(&read);
    let number = |column: &str| row.try_get::<i64, _>(column).map_err(&read);
    Ok(ModelVersion {
        model_name: text("model_name")?,
        version: number("version")?,
        stage: stage(text("stage")?)?,
        aliases: Vec::new(),
        run_id: text("run_id")?,
        run_name: text("run_name")?,
        experiment_name: text("experiment_name")?,
        artifact_uri: match row.try_get("storage_uri").map_err(&read)? {
            Some(place) => place,
            None => text("source")?,
        },
        model_file: text("model_file")?,
        model_sha256: text("model_sha256")?,
        model_bytes: number("model_bytes")?,
        bundle_file: row.try_get("bundle_file").map_err(&read)?,
        booster_sha256: text("booster_sha256")?,
        dataset_name: text("dataset_name")?,
        dataset_digest: text("dataset_digest")?,
        trained_at_ms: number("trained_at_ms")?,
        created_at_ms: number("created_at_ms")?,
        metrics: Vec::new(),
    })
}

fn registered_model(row: &AnyRow) -> Result<RegisteredModel, sqlx::Error> {
    Ok(RegisteredModel {
        name: row.try_get("name")?,
        created_at_ms: row.try_get("created_at_ms")?,
        production_version: row.try_get("production_version")?,
        latest_version: row.try_get("latest_version")?,
    })
}
