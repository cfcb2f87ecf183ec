//! What a registered model is called, and the key its history names it by.
//!
//! Invariant: a model keeps the key it was made with, whatever it is called later, so that transitions and provenance,
//! which are never rewritten, still belong to it. Keys leave the crate nowhere.

use sqlx::{Any, Transaction as Tx};

use crate::{Registry, RegistryError, database::doing, names, now_ms, queries};

/// What a deleted model is called begins with this, which no name can.
pub(super) const DELETED: &str = "/deleted/";

/// Locks the model of this name until the transaction ends, marks it as changed, and gives its key.
pub(super) async fn lock(tx: &mut Tx<'static, Any>, model_name: &str) -> Result<String, RegistryError> {
    try_lock(tx, model_name)
        .await?
        .ok_or_else(|| no_model(model_name))
}

/// Like [`lock`], of a model that may not be there.
pub(super) async fn try_lock(
    tx: &mut Tx<'static, Any>,
    model_name: &str,
) -> Result<Option<String>, RegistryError> {
    sqlx::query_scalar(queries::LOCK_MODEL)
        .bind(model_name)
        .bind(now_ms())
        .fetch_optional(&mut **tx)
        .await
        .map_err(doing("lock a registered model"))
}

/// Makes a model of this name; nothing happens when there is one.
pub(super) async fn make(
    tx: &mut Tx<'static, Any>,
    model_name: &str,
    description: Option<&str>,
    now: i64,
) -> Result<bool, RegistryError> {
    let taken: Option<String> = sqlx::query_scalar(queries::MODEL_KEY_TAKEN)
        .bind(model_name)
        .fetch_optional(&mut **tx)
        .await
        .map_err(doing("look for a registered model"))?;
    // The key of a model that was renamed or deleted is still its own.
    let (key, renamed_to) = match taken {
        None => (model_name.to_owned(), None),
        Some(_) => (format!("{model_name}/{}", names::random_id()), Some(model_name)),
    };
    let made = sqlx::query(queries::INSERT_MODEL)
        .bind(key)
        .bind(renamed_to)
        .bind(description)
        .bind(now)
        .execute(&mut **tx)
        .await
        .map_err(doing("make a registered model"))?;
    Ok(made.rows_affected() == 1)
}

impl Registry {
    /// The key of the model of this name.
    pub(super) async fn model_key(&self, model_name: &str) -> Result<String, RegistryError> {
        let key: Option<String> = sqlx::query_scalar(queries::MODEL_KEY)
            .bind(model_name)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("look for a registered model"))?;
        key.ok_or_else(|| no_model(model_name))
    }

    /// The key of the model of this name, if it has this version.
    pub(super) async fn version_key(&self, model_name: &str, version: i64) -> Result<String, RegistryError> {
        let key: Option<String> = sqlx::query_scalar(queries::VERSION_KEY)
            .bind(model_name)
            .bind(version)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("look for a model version"))?;
        key.ok_or_else(|| super::versions::no_version(model_name, version))
    }
}

pub(super) fn no_model(model_name: &str) -> RegistryError {
    RegistryError::NotFound {
        kind: "registered model",
        key: model_name.to_owned(),
    }
}
