//! Aliases of versions.

use serde_json::json;

use crate::{
    Registry, RegistryError,
    audit::Change,
    database::{commit, doing},
    limits, queries,
};

impl Registry {
    /// Points an alias to a version. [`CHAMPION`](super::CHAMPION) stays there until the next move to Production.
    pub async fn set_alias(&self, model_name: &str, alias: &str, version: i64) -> Result<(), RegistryError> {
        limits::alias(alias)?;
        let key = self.version_key(model_name, version).await?;
        let mut tx = self.database().begin().await?;
        sqlx::query(queries::UPSERT_ALIAS)
            .bind(key)
            .bind(alias)
            .bind(version)
            .execute(&mut *tx)
            .await
            .map_err(doing("set an alias"))?;
        let object = format!("{model_name}@{alias}");
        self.commit(tx, Change::new("alias.set", object, json!({"version": version})))
            .await
    }

    /// Removes an alias; one that isn't there is fine.
    pub async fn delete_alias(&self, model_name: &str, alias: &str) -> Result<(), RegistryError> {
        limits::alias(alias)?;
        let mut tx = self.database().begin().await?;
        let done = sqlx::query(queries::DELETE_ALIAS)
            .bind(model_name)
            .bind(alias)
            .execute(&mut *tx)
            .await
            .map_err(doing("delete an alias"))?;
        if done.rows_affected() == 0 {
            return commit(tx).await;
        }
        let object = format!("{model_name}@{alias}");
        self.commit(tx, Change::new("alias.delete", object, json!({})))
            .await
    }
}
