//! Registered models: making, reading, describing, renaming and tagging them.

use serde_json::json;
use sqlx::{Row, any::AnyRow};

use super::{
    ModelRecord, keys,
    records::{VersionMarks, record},
};
use crate::{
    Registry, RegistryError,
    audit::{Change, digest_of},
    database::{commit, doing},
    limits, now_ms, queries,
};

impl Registry {
    /// Makes a registered model without versions; [`RegistryError::AlreadyExists`] when there is one of this name.
    pub async fn create_model(
        &self,
        name: &str,
        description: Option<&str>,
        tags: &[(String, String)],
    ) -> Result<ModelRecord, RegistryError> {
        limits::model_name(name)?;
        limits::value(
            "description",
            description.unwrap_or_default(),
            limits::MAX_DESCRIPTION,
        )?;
        check_tags(tags)?;
        let now = now_ms();
        let mut tx = self.database().begin().await?;
        if !keys::make(&mut tx, name, description, now).await? {
            return Err(exists(name));
        }
        let key = keys::lock(&mut tx, name).await?;
        for (tag, value) in tags {
            sqlx::query(queries::UPSERT_MODEL_TAG)
                .bind(&key)
                .bind(tag)
                .bind(value)
                .execute(&mut *tx)
                .await
                .map_err(doing("set a model's tag"))?;
        }
        self.commit(tx, Change::new("model.create", name, json!({})))
            .await?;
        self.existing_model(name).await
    }

    /// The model of this name, with the newest version of every stage that has any.
    pub async fn model_record(&self, name: &str) -> Result<Option<ModelRecord>, RegistryError> {
        let read = doing("read a registered model");
        let row = sqlx::query(queries::MODEL_RECORD)
            .bind(name)
            .fetch_optional(self.pool())
            .await
            .map_err(&read)?;
        match row {
            Some(row) => self.complete_model(&row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Sets what is said about a model.
    pub async fn describe_model(&self, name: &str, description: &str) -> Result<ModelRecord, RegistryError> {
        limits::value("description", description, limits::MAX_DESCRIPTION)?;
        let mut tx = self.database().begin().await?;
        let found: Option<String> = sqlx::query_scalar(queries::DESCRIBE_MODEL)
            .bind(name)
            .bind(description)
            .bind(now_ms())
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("describe a registered model"))?;
        found.ok_or_else(|| keys::no_model(name))?;
        let details = json!({"description_sha256": digest_of(description)});
        self.commit(tx, Change::new("model.describe", name, details))
            .await?;
        self.existing_model(name).await
    }

    /// Calls a model by another name, with its versions, aliases and history; [`RegistryError::AlreadyExists`] when
    /// another is called so.
    pub async fn rename_model(&self, name: &str, new_name: &str) -> Result<ModelRecord, RegistryError> {
        limits::model_name(new_name)?;
        let now = now_ms();
        let mut tx = self.database().begin().await?;
        let key = keys::lock(&mut tx, name).await?;
        if name != new_name && keys::try_lock(&mut tx, new_name).await?.is_some() {
            return Err(exists(new_name));
        }
        let renamed = sqlx::query(queries::RENAME_MODEL)
            .bind(&key)
            .bind(new_name)
            .bind(now)
            .execute(&mut *tx)
            .await;
        match renamed {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Err(exists(new_name)),
            renamed => renamed.map_err(doing("rename a registered model"))?,
        };
        sqlx::query(queries::TOUCH_VERSIONS)
            .bind(&key)
            .bind(now)
            .execute(&mut *tx)
            .await
            .map_err(doing("rename a registered model"))?;
        let details = json!({"new_name": new_name});
        self.commit(tx, Change::new("model.rename", name, details))
            .await?;
        self.existing_model(new_name).await
    }

    /// Sets a tag of a model.
    pub async fn set_model_tag(&self, name: &str, key: &str, value: &str) -> Result<(), RegistryError> {
        check_tag(key, value)?;
        let model = self.model_key(name).await?;
        let mut tx = self.database().begin().await?;
        sqlx::query(queries::UPSERT_MODEL_TAG)
            .bind(model)
            .bind(key)
            .bind(value)
            .execute(&mut *tx)
            .await
            .map_err(doing("set a model's tag"))?;
        let details = json!({"key": key, "value_sha256": digest_of(value)});
        self.commit(tx, Change::new("model.set_tag", name, details)).await
    }

    /// Removes a tag of a model; one that isn't there is fine.
    pub async fn delete_model_tag(&self, name: &str, key: &str) -> Result<(), RegistryError> {
        limits::key("tag key", key)?;
        let model = self.model_key(name).await?;
        let mut tx = self.database().begin().await?;
        let done = sqlx::query(queries::DELETE_MODEL_TAG)
            .bind(model)
            .bind(key)
            .execute(&mut *tx)
            .await
            .map_err(doing("delete a model's tag"))?;
        if done.rows_affected() == 0 {
            return commit(tx).await;
        }
        self.commit(tx, Change::new("model.delete_tag", name, json!({"key": key})))
            .await
    }

    pub(super) async fn existing_model(&self, name: &str) -> Result<ModelRecord, RegistryError> {
        self.model_record(name).await?.ok_or_else(|| keys::no_model(name))
    }

    /// Adds versions, aliases and tags to a row of `model_record.sql`'s columns.
    pub(crate) async fn complete_model(&self, row: &AnyRow) -> Result<ModelRecord, RegistryError> {
        let read = doing("read a registered model");
        let key: String = row.try_get("key").map_err(&read)?;
        let mut model = ModelRecord {
            name: row.try_get("name").map_err(&read)?,
            description: row.try_get("description").map_err(&read)?,
            created_at_ms: row.try_get("created_at_ms").map_err(&read)?,
            updated_at_ms: row.try_get("updated_at_ms").map_err(&read)?,
            tags: Vec::new(),
            aliases: Vec::new(),
            latest_versions: Vec::new(),
        };
        let rows = sqlx::query(queries::MODEL_MARKS)
            .bind(key)
            .fetch_all(self.pool())
            .await
            .map_err(&read)?;
        let mut marks = VersionMarks::default();
        for row in &rows {
            let name: String = row.try_get("key").map_err(&read)?;
            let value: String = row.try_get("value").map_err(&read)?;
            match row.try_get::<i64, _>("is_tag").map_err(&read)? {
                0 => {
                    let version = value.parse().map_err(|_| RegistryError::Unreadable {
                        column: "registered_model_aliases.version",
                        value,
                    })?;
                    marks.alias(version, name.clone());
                    model.aliases.push((name, version));
                }
                1 => model.tags.push((name, value)),
                _ => marks.tag(row.try_get("version").map_err(&read)?, name, value),
            }
        }
        let rows = sqlx::query(queries::LATEST_RECORDS)
            .bind(&model.name)
            .fetch_all(self.pool())
            .await
            .map_err(&read)?;
        for row in &rows {
            let (_, mut version) = record(row)?;
            marks.give(&mut version);
            model.latest_versions.push(version);
        }
        Ok(model)
    }
}

pub(super) fn check_tags(tags: &[(String, String)]) -> Result<(), RegistryError> {
    limits::count("tags", tags.len(), limits::MAX_TAGS)?;
    tags.iter().try_for_each(|(key, value)| check_tag(key, value))
}

pub(super) fn check_tag(key: &str, value: &str) -> Result<(), RegistryError> {
    limits::key("tag key", key)?;
    limits::value("tag value", value, limits::MAX_LONG_TAG_VALUE)
}

fn exists(name: &str) -> RegistryError {
    RegistryError::AlreadyExists {
        kind: "registered model",
        key: name.to_owned(),
    }
}
