//! Which versions point to a place in the store, so that what lies there can't be changed.

use sqlx::{Row, any::AnyRow};

use crate::{Registry, RegistryError, database::doing, queries};

/// Places that one statement looks for.
const PLACES: usize = 8;

impl Registry {
    /// A ready version, by model and number, whose directory is `uri` or has it somewhere below.
    pub async fn version_over(&self, uri: &str) -> Result<Option<(String, i64)>, RegistryError> {
        let ends = uri.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at);
        let places: Vec<&str> = ends.map(|end| &uri[..end]).chain([uri]).collect();
        for places in places.chunks(PLACES) {
            let mut query = sqlx::query(queries::VERSIONS_AT);
            for at in 0..PLACES {
                query = query.bind(places[at.min(places.len() - 1)]);
            }
            let row = query.fetch_optional(self.pool()).await;
            if let Some(row) = row.map_err(doing("look for versions of a place"))? {
                return named(&row).map(Some);
            }
        }
        Ok(None)
    }

    /// The SHA-256 of a file when the ready version that it belongs to was registered; `None` where nobody wrote it down.
    pub async fn recorded_digest(&self, uri: &str) -> Result<Option<String>, RegistryError> {
        for (at, _) in uri.char_indices().rev().filter(|(_, c)| *c == '/') {
            if uri[..at].ends_with('/') {
                break;
            }
            let found = sqlx::query_scalar(queries::RECORDED_DIGEST)
                .bind(&uri[..at])
                .bind(&uri[at + 1..])
                .fetch_optional(self.pool())
                .await
                .map_err(doing("look for a file's digest"))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// A ready version, by model and number, whose directory lies below `uri`.
    pub async fn version_below(&self, uri: &str) -> Result<Option<(String, i64)>, RegistryError> {
        let row = sqlx::query(queries::VERSIONS_BELOW)
            .bind(format!("{}/", uri.trim_end_matches('/')))
            .fetch_optional(self.pool())
            .await
            .map_err(doing("look for versions of a place"))?;
        row.as_ref().map(named).transpose()
    }
}

fn named(row: &AnyRow) -> Result<(String, i64), RegistryError> {
    let read = doing("look for versions of a place");
    Ok((
        row.try_get("model_name").map_err(&read)?,
        row.try_get("version").map_err(&read)?,
    ))
}
