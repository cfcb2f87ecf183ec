//! Objects of the artifacts bucket that no row refers to.
//!
//! Invariant: an object that a row refers to is never removed. Objects are listed before rows are read, so that a row
//! that came with its objects meanwhile counts; and each object is looked at once more, and removed, while nobody can
//! write such a row.

use std::time::Duration;

use futures::future::try_join_all;
use serde_json::json;
use sqlx::{Any, Transaction as Tx};

use crate::{
    Bucket, ObjectMeta, Registry, RegistryError,
    audit::Change,
    database::{Kind, commit, doing},
    now_ms,
    references::References,
};

/// Objects that are removed while writers wait.
const BATCH: usize = 32;
const AT_ONCE: usize = 8;
/// How long writers may have to wait.
const BATCH_LIMIT: Duration = Duration::from_secs(20);

const NO_NEW_REFERENCES: &str = "lock table runs, logged_models, model_versions, datasets in share mode";

/// What is kept although no row refers to it, and what isn't although one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// An object that was written less than this ago may belong to what is being written.
    pub younger_than: Duration,
    /// What was deleted in the registry counts as if it weren't there, when that was longer ago than this; `None`: it
    /// counts like everything else.
    pub deleted_younger_than: Option<Duration>,
    /// Only what lies in this folder of the bucket is looked at; empty: everything.
    pub folder: String,
}

impl Default for Keep {
    fn default() -> Keep {
        Keep {
            younger_than: Duration::from_secs(24 * 60 * 60),
            deleted_younger_than: None,
            folder: String::new(),
        }
    }
}

/// What lies in the artifacts bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreferenced {
    /// How many objects rows refer to.
    pub referenced: usize,
    /// How many objects no row refers to, but are too young to tell.
    pub young: usize,
    /// The others.
    pub objects: Vec<ObjectMeta>,
}

impl Registry {
    /// Looks for objects that no row refers to. Nothing is changed.
    pub async fn unreferenced(&self, keep: &Keep) -> Result<Unreferenced, RegistryError> {
        let objects = self.artifacts().list(Bucket::Artifacts, &keep.folder).await?;
        let now = now_ms();
        let mut tx = self.database().begin().await?;
        let references = References::read(&mut tx, self.artifacts(), keep.deleted_before_ms(now)).await?;
        commit(tx).await?;
        let mut found = Unreferenced::default();
        for object in objects {
            if references.contain(&object.uri) {
                found.referenced += 1;
            } else if keep.is_young(&object, now) {
                found.young += 1;
            } else {
                found.objects.push(object);
            }
        }
        Ok(found)
    }

    /// Removes objects that [`Registry::unreferenced`] found, but for those that a row refers to by now and those that
    /// were written since. Hands back what was removed.
    pub async fn remove_unreferenced(
        &self,
        objects: &[ObjectMeta],
        keep: &Keep,
    ) -> Result<Vec<ObjectMeta>, RegistryError> {
        let mut removed = Vec::new();
        for batch in objects.chunks(BATCH) {
            let limited = tokio::time::timeout(BATCH_LIMIT, self.remove_batch(batch, keep)).await;
            removed.extend(limited.map_err(|elapsed| RegistryError::Store {
                uri: self.artifacts().uri(Bucket::Artifacts, &keep.folder),
                action: "delete in time, while writers wait",
                source: elapsed.into(),
            })??);
        }
        Ok(removed)
    }

    async fn remove_batch(
        &self,
        batch: &[ObjectMeta],
        keep: &Keep,
    ) -> Result<Vec<ObjectMeta>, RegistryError> {
        let mut tx = self.database().begin().await?;
        self.hold_references(&mut tx).await?;
        let now = now_ms();
        let references = References::read(&mut tx, self.artifacts(), keep.deleted_before_ms(now)).await?;
        let free: Vec<&ObjectMeta> = batch
            .iter()
            .filter(|object| !references.contain(&object.uri))
            .collect();
        let mut removed = Vec::new();
        for few in free.chunks(AT_ONCE) {
            let all: Vec<_> = few.iter().map(|object| self.remove(object, keep, now)).collect();
            removed.extend(try_join_all(all).await?.into_iter().flatten());
        }
        let keys: Vec<&str> = removed.iter().map(|object| object.key.as_str()).collect();
        let change = Change::new("artifact.collect", &keep.folder, json!({"keys": keys}));
        let changes = Vec::from_iter((!keys.is_empty()).then_some(change));
        self.commit_all(tx, changes).await?;
        Ok(removed)
    }

    /// Removes an object, unless it isn't what was listed any more.
    async fn remove(
        &self,
        object: &ObjectMeta,
        keep: &Keep,
        now_ms: i64,
    ) -> Result<Option<ObjectMeta>, RegistryError> {
        let there = self.artifacts().head(Bucket::Artifacts, &object.key).await?;
        // S3 tells times of listings to the millisecond, and of objects to the second.
        let is_same = there.is_some_and(|there| {
            there.bytes == object.bytes && there.modified_at_ms / 1000 == object.modified_at_ms / 1000
        });
        if !is_same || keep.is_young(object, now_ms) {
            return Ok(None);
        }
        self.artifacts().delete(Bucket::Artifacts, &object.key).await?;
        Ok(Some(object.clone()))
    }

    /// Until the transaction ends, nobody writes a row that could refer to an object. On SQLite a transaction that writes
    /// is the only one.
    async fn hold_references(&self, tx: &mut Tx<'static, Any>) -> Result<(), RegistryError> {
        match self.database().kind() {
            Kind::Sqlite => Ok(()),
            Kind::Postgres => sqlx::query(NO_NEW_REFERENCES)
                .execute(&mut **tx)
                .await
                .map(|_| ())
                .map_err(doing("wait for writers")),
        }
    }
}

impl Keep {
    fn is_young(&self, object: &ObjectMeta, now_ms: i64) -> bool {
        object.modified_at_ms > now_ms.saturating_sub(milliseconds(self.younger_than))
    }

    fn deleted_before_ms(&self, now_ms: i64) -> Option<i64> {
        let young = self.deleted_younger_than?;
        Some(now_ms.saturating_sub(milliseconds(young)))
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
