//! Taking versions and models away. The rows stay, with their provenance and their history.

use serde_json::json;
use sqlx::{Any, Row, Transaction as Tx};

use super::{
    Stage, keys,
    stages::{Mover, move_version},
    versions::{no_version, stage},
};
use crate::{Registry, RegistryError, audit::Change, database::doing, now_ms, queries};

impl Registry {
    /// Takes a version away: nothing finds it any more, its aliases are gone, and its number is never given again. One
    /// that is in Production or Staging is archived first.
    pub async fn delete_version(
        &self,
        model_name: &str,
        version: i64,
        actor: &str,
    ) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        let key = match keys::try_lock(&mut tx, model_name).await? {
            Some(key) => key,
            None => return Err(no_version(model_name, version)),
        };
        let from: Option<String> = sqlx::query_scalar(queries::VERSION_STAGE)
            .bind(&key)
            .bind(version)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("read a version's stage"))?;
        let from = stage(from.ok_or_else(|| no_version(model_name, version))?)?;
        let mut changes = Vec::new();
        let taken = Taken {
            key: &key,
            model_name,
            version,
            from,
        };
        take_away(&mut tx, &taken, actor, &mut changes).await?;
        self.commit_all(tx, changes).await
    }

    /// Takes a model away with all its versions. A model that is made with the same name later is another one.
    pub async fn delete_model(&self, model_name: &str, actor: &str) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        let key = keys::lock(&mut tx, model_name).await?;
        let read = doing("read model versions");
        let rows = sqlx::query(queries::LIVE_VERSIONS)
            .bind(&key)
            .fetch_all(&mut *tx)
            .await
            .map_err(&read)?;
        let mut changes = Vec::new();
        for row in rows {
            let taken = Taken {
                key: &key,
                model_name,
                version: row.try_get("version").map_err(&read)?,
                from: stage(row.try_get("stage").map_err(&read)?)?,
            };
            take_away(&mut tx, &taken, actor, &mut changes).await?;
        }
        sqlx::query(queries::RENAME_MODEL)
            .bind(&key)
            .bind(format!("{}{key}", keys::DELETED))
            .bind(now_ms())
            .execute(&mut *tx)
            .await
            .map_err(doing("delete a registered model"))?;
        changes.push(Change::new("model.delete", model_name, json!({"actor": actor})));
        self.commit_all(tx, changes).await
    }
}

/// A version that is taken away.
struct Taken<'a> {
    /// Its model's key.
    key: &'a str,
    /// What the model is called.
    model_name: &'a str,
    version: i64,
    /// Where it stands.
    from: Stage,
}

async fn take_away(
    tx: &mut Tx<'static, Any>,
    taken: &Taken<'_>,
    actor: &str,
    changes: &mut Vec<Change>,
) -> Result<(), RegistryError> {
    let Taken {
        key,
        model_name,
        version,
        from,
    } = *taken;
    if matches!(from, Stage::Production | Stage::Staging) {
        let mover = Mover {
            key,
            model_name,
            actor,
            reason: "the version was deleted",
            is_rollback: false,
            at_ms: now_ms(),
        };
        move_version(tx, &mover, version, Stage::Archived, changes).await?;
    }
    let delete = doing("delete a model version");
    sqlx::query(queries::DELETE_VERSION_ALIASES)
        .bind(key)
        .bind(version)
        .execute(&mut **tx)
        .await
        .map_err(&delete)?;
    sqlx::query(queries::DELETE_VERSION)
        .bind(key)
        .bind(version)
        .bind(now_ms())
        .execute(&mut **tx)
        .await
        .map_err(&delete)?;
    let object = format!("{model_name}/{version}");
    changes.push(Change::new("version.delete", object, json!({"actor": actor})));
    Ok(())
}
