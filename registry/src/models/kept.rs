//! Whether the files of a version that is being written will stay.
//!
//! Invariant: no version is made of files that `gc` has taken. It takes them while nobody can write a version, and finds
//! those that were written before; so whoever writes one looks for the files after that.

use sqlx::{Any, Transaction as Tx};

use crate::{Registry, RegistryError, database::doing, queries};

impl Registry {
    /// Fails unless files in a version's directory are there. What belongs to a run or a logged model that is in use
    /// needn't be looked for, since nobody takes it. Call it in the transaction, behind what writes the version.
    pub(super) async fn check_kept(
        &self,
        tx: &mut Tx<'static, Any>,
        (run_id, model_id): (Option<&str>, Option<&str>),
        place: &str,
        files: &[&str],
    ) -> Result<(), RegistryError> {
        let Some((bucket, folder)) = self.artifacts().locate(place) else {
            return Ok(());
        };
        let owners: Vec<String> = sqlx::query_scalar(queries::OWNERS_IN_USE)
            .bind(run_id)
            .bind(model_id)
            .fetch_all(&mut **tx)
            .await
            .map_err(doing("look for whose files these are"))?;
        let is_within = |owner: &String| {
            let rest = place.strip_prefix(owner.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if owners.iter().any(is_within) {
            return Ok(());
        }
        for file in files {
            let key = format!("{folder}/{file}");
            if self.artifacts().head(bucket, &key).await?.is_none() {
                let uri = self.artifacts().uri(bucket, &key);
                return Err(RegistryError::ObjectNotFound { uri });
            }
        }
        Ok(())
    }
}
