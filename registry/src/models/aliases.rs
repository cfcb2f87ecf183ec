//! Aliases of versions.

use crate::{Registry, RegistryError, database::doing, limits, queries};

impl Registry {
    /// Points an alias to a version. [`CHAMPION`](super::CHAMPION) stays there until the next move to Production.
    pub async fn set_alias(&self, model_name: &str, alias: &str, version: i64) -> Result<(), RegistryError> {
        limits::alias(alias)?;
        let key = self.version_key(model_name, version).await?;
        sqlx::query(queries::UPSERT_ALIAS)
            .bind(key)
            .bind(alias)
            .bind(version)
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(doing("set an alias"))
    }

    /// Removes an alias; one that isn't there is fine.
    pub async fn delete_alias(&self, model_name: &str, alias: &str) -> Result<(), RegistryError> {
        limits::alias(alias)?;
        sqlx::query(queries::DELETE_ALIAS)
            .bind(model_name)
            .bind(alias)
            .execute(self.pool())
            .await
            .map(|_| ())
            .map_err(doing("delete an alias"))
    }
}
