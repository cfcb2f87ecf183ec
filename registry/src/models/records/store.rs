//! Reading and writing versions of any kind.

use serde_json::json;
use sqlx::{Any, Row, Transaction as Tx, any::AnyRow};

use super::{NewRecord, VersionFile, VersionRecord, VersionStatus};
use crate::{
    Registry, RegistryError, Stage,
    audit::{Change, digest_of},
    database::{commit, doing},
    limits,
    models::{
        keys,
        registered::{check_tag, check_tags},
        versions::{no_version, stage},
    },
    now_ms, queries,
};

impl Registry {
    /// Registers a version that another program made, in stage `None`, under the model's next number. What it points to
    /// must be in the store already.
    pub async fn create_record(&self, new: NewRecord) -> Result<VersionRecord, RegistryError> {
        check(&new)?;
        let now = now_ms();
        let mut tx = self.database().begin().await?;
        let row = sqlx::query(queries::NEXT_VERSION)
            .bind(&new.model_name)
            .bind(now)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("take a version number"))?;
        let row = row.ok_or_else(|| keys::no_model(&new.model_name))?;
        let key: String = row.try_get(0).map_err(doing("take a version number"))?;
        let version: i64 = row.try_get(1).map_err(doing("take a version number"))?;
        insert(&mut tx, &key, version, now, &new).await?;
        let mut files: Vec<&str> = new.files.iter().map(|file| file.path.as_str()).collect();
        files.extend(new.leaf.as_ref().map(|leaf| leaf.model_file.as_str()));
        let owner = (new.run_id.as_deref(), new.model_id.as_deref());
        self.check_kept(&mut tx, owner, &new.storage_uri, &files).await?;
        let change = created(&new.model_name, version, new.run_id.as_deref(), &new.storage_uri);
        self.commit(tx, change).await?;
        Ok(VersionRecord {
            version,
            stage: Stage::None,
            created_at_ms: now,
            updated_at_ms: now,
            aliases: Vec::new(),
            model_file: new.leaf.map(|leaf| leaf.model_file),
            model_name: new.model_name,
            source: new.source,
            storage_uri: new.storage_uri,
            run_id: new.run_id,
            model_id: new.model_id,
            run_link: new.run_link,
            description: new.description,
            user_name: new.user_name,
            status: new.status,
            status_message: new.status_message,
            tags: sorted(new.tags),
        })
    }

    /// One version of any kind.
    pub async fn record(
        &self,
        model_name: &str,
        version: i64,
    ) -> Result<Option<VersionRecord>, RegistryError> {
        let row = sqlx::query(queries::RECORD)
            .bind(model_name)
            .bind(version)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("read a model version"))?;
        self.complete_record(row).await
    }

    /// The version of any kind that an alias points to.
    pub async fn record_by_alias(
        &self,
        model_name: &str,
        alias: &str,
    ) -> Result<Option<VersionRecord>, RegistryError> {
        let row = sqlx::query(queries::RECORD_BY_ALIAS)
            .bind(model_name)
            .bind(alias)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("read a model version"))?;
        self.complete_record(row).await
    }

    /// What the version's files were when it was registered; none for a version whose maker didn't say.
    pub async fn version_files(
        &self,
        model_name: &str,
        version: i64,
    ) -> Result<Vec<VersionFile>, RegistryError> {
        let read = doing("read a version's files");
        let rows = sqlx::query(queries::VERSION_FILES)
            .bind(model_name)
            .bind(version)
            .fetch_all(self.pool())
            .await
            .map_err(&read)?;
        rows.iter()
            .map(|row| {
                Ok(VersionFile {
                    path: row.try_get("path").map_err(&read)?,
                    sha256: row.try_get("sha256").map_err(&read)?,
                    bytes: row.try_get("bytes").map_err(&read)?,
                })
            })
            .collect()
    }

    /// Sets what is said about a version.
    pub async fn describe_version(
        &self,
        model_name: &str,
        version: i64,
        description: &str,
    ) -> Result<VersionRecord, RegistryError> {
        limits::value("description", description, limits::MAX_DESCRIPTION)?;
        let key = self.version_key(model_name, version).await?;
        let mut tx = self.database().begin().await?;
        sqlx::query(queries::DESCRIBE_VERSION)
            .bind(key)
            .bind(version)
            .bind(description)
            .bind(now_ms())
            .execute(&mut *tx)
            .await
            .map_err(doing("describe a model version"))?;
        let details = json!({"description_sha256": digest_of(description)});
        let object = format!("{model_name}/{version}");
        self.commit(tx, Change::new("version.describe", object, details))
            .await?;
        self.record(model_name, version)
            .await?
            .ok_or_else(|| no_version(model_name, version))
    }

    /// Sets a tag of a version.
    pub async fn set_version_tag(
        &self,
        model_name: &str,
        version: i64,
        key: &str,
        value: &str,
    ) -> Result<(), RegistryError> {
        check_tag(key, value)?;
        let model = self.version_key(model_name, version).await?;
        let mut tx = self.database().begin().await?;
        sqlx::query(queries::UPSERT_VERSION_TAG)
            .bind(model)
            .bind(version)
            .bind(key)
            .bind(value)
            .execute(&mut *tx)
            .await
            .map_err(doing("set a version's tag"))?;
        let details = json!({"key": key, "value_sha256": digest_of(value)});
        let object = format!("{model_name}/{version}");
        self.commit(tx, Change::new("version.set_tag", object, details))
            .await
    }

    /// Removes a tag of a version; one that isn't there is fine.
    pub async fn delete_version_tag(
        &self,
        model_name: &str,
        version: i64,
        key: &str,
    ) -> Result<(), RegistryError> {
        limits::key("tag key", key)?;
        let model = self.version_key(model_name, version).await?;
        let mut tx = self.database().begin().await?;
        let done = sqlx::query(queries::DELETE_VERSION_TAG)
            .bind(model)
            .bind(version)
            .bind(key)
            .execute(&mut *tx)
            .await
            .map_err(doing("delete a version's tag"))?;
        if done.rows_affected() == 0 {
            return commit(tx).await;
        }
        let object = format!("{model_name}/{version}");
        self.commit(tx, Change::new("version.delete_tag", object, json!({"key": key})))
            .await
    }

    async fn complete_record(&self, row: Option<AnyRow>) -> Result<Option<VersionRecord>, RegistryError> {
        let Some(row) = row else { return Ok(None) };
        let read = doing("read a model version");
        let (key, mut version) = record(&row)?;
        let rows = sqlx::query(queries::VERSION_MARKS)
            .bind(key)
            .bind(version.version)
            .fetch_all(self.pool())
            .await
            .map_err(&read)?;
        for row in &rows {
            let key: String = row.try_get("key").map_err(&read)?;
            match row.try_get::<i64, _>("is_tag").map_err(&read)? {
                0 => version.aliases.push(key),
                _ => version.tags.push((key, row.try_get("value").map_err(&read)?)),
            }
        }
        Ok(Some(version))
    }
}

/// A row of `record.sql`'s columns, without aliases and tags, and the key of its model.
pub(crate) fn record(row: &AnyRow) -> Result<(String, VersionRecord), RegistryError> {
    let read = doing("read a model version");
    let text = |column: &str| row.try_get::<String, _>(column).map_err(&read);
    let optional = |column: &str| row.try_get::<Option<String>, _>(column).map_err(&read);
    let number = |column: &str| row.try_get::<i64, _>(column).map_err(&read);
    let status = text("status")?;
    Ok((
        text("key")?,
        VersionRecord {
            model_name: text("model_name")?,
            version: number("version")?,
            stage: stage(text("stage")?)?,
            source: text("source")?,
            storage_uri: text("storage_uri")?,
            run_id: optional("run_id")?,
            model_id: optional("model_id")?,
            run_link: text("run_link")?,
            description: text("description")?,
            user_name: text("user_name")?,
            status: VersionStatus::from_name(&status).ok_or(RegistryError::Unreadable {
                column: "model_versions.status",
                value: status,
            })?,
            status_message: text("status_message")?,
            model_file: optional("model_file")?,
            created_at_ms: number("created_at_ms")?,
            updated_at_ms: number("updated_at_ms")?,
            aliases: Vec::new(),
            tags: Vec::new(),
        },
    ))
}

async fn insert(
    tx: &mut Tx<'static, Any>,
    key: &str,
    version: i64,
    now: i64,
    new: &NewRecord,
) -> Result<(), RegistryError> {
    let sql = match new.leaf {
        Some(_) => queries::INSERT_RECORD_WITH_FILE,
        None => queries::INSERT_RECORD,
    };
    let query = sqlx::query(sql)
        .bind(key)
        .bind(version)
        .bind(&new.run_id)
        .bind(&new.source)
        .bind(&new.storage_uri)
        .bind(new.status.as_str())
        .bind(&new.status_message)
        .bind(&new.description)
        .bind(&new.user_name)
        .bind(&new.run_link)
        .bind(&new.model_id)
        .bind(now);
    let query = match &new.leaf {
        Some(leaf) => query
            .bind(&leaf.model_file)
            .bind(&leaf.model_sha256)
            .bind(leaf.model_bytes)
            .bind(&leaf.booster_sha256)
            .bind(&leaf.dataset_name)
            .bind(&leaf.dataset_digest)
            .bind(leaf.trained_at_ms),
        None => query,
    };
    let write = doing("write a model version");
    query.execute(&mut **tx).await.map_err(&write)?;
    for (tag, value) in &new.tags {
        sqlx::query(queries::UPSERT_VERSION_TAG)
            .bind(key)
            .bind(version)
            .bind(tag)
            .bind(value)
            .execute(&mut **tx)
            .await
            .map_err(&write)?;
    }
    write_files(tx, key, version, &new.files).await
}

/// That a version was registered.
pub(crate) fn created(model_name: &str, version: i64, run_id: Option<&str>, place: &str) -> Change {
    let details = json!({"run_id": run_id, "place": place});
    Change::new("version.create", format!("{model_name}/{version}"), details)
}

/// Writes down what a version's files are; once and for all.
pub(crate) async fn write_files(
    tx: &mut Tx<'static, Any>,
    key: &str,
    version: i64,
    files: &[VersionFile],
) -> Result<(), RegistryError> {
    for file in files {
        sqlx::query(queries::INSERT_VERSION_FILE)
            .bind(key)
            .bind(version)
            .bind(&file.path)
            .bind(&file.sha256)
            .bind(file.bytes)
            .execute(&mut **tx)
            .await
            .map_err(doing("write a version's files"))?;
    }
    Ok(())
}

fn check(new: &NewRecord) -> Result<(), RegistryError> {
    limits::text("source", &new.source, limits::MAX_SOURCE)?;
    limits::text("storage location", &new.storage_uri, limits::MAX_LOCATION)?;
    limits::value(
        "run id",
        new.run_id.as_deref().unwrap_or_default(),
        limits::MAX_KEY,
    )?;
    limits::value("run link", &new.run_link, limits::MAX_SOURCE)?;
    limits::value("description", &new.description, limits::MAX_DESCRIPTION)?;
    check_tags(&new.tags)?;
    if let Some(leaf) = &new.leaf {
        limits::text("model file", &leaf.model_file, limits::MAX_KEY)?;
        limits::sha256("model_sha256", &leaf.model_sha256)?;
        limits::sha256("booster_sha256", &leaf.booster_sha256)?;
    }
    new.files
        .iter()
        .try_for_each(|file| limits::sha256("sha256 of a file", &file.sha256))
}

/// By key, of several with one key the last.
fn sorted(tags: Vec<(String, String)>) -> Vec<(String, String)> {
    let tags: std::collections::BTreeMap<String, String> = tags.into_iter().collect();
    tags.into_iter().collect()
}
