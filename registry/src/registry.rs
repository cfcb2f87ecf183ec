//! The registry itself: a database and a store.

use std::{sync::Arc, time::Duration};

use sqlx::AnyPool;

use crate::{Actor, Artifacts, RegistryError, StoreConfig, TrainingQueue, database::Database};

const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// Runs, versions, artifacts and the training queue. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
    actor: Arc<Actor>,
}

struct Inner {
    database: Database,
    artifacts: Artifacts,
}

impl Registry {
    /// Opens database and store. Nothing is written but, over local files, the SQLite file and the folders; call
    /// [`Registry::migrate`] next.
    pub async fn connect(config: &StoreConfig) -> Result<Registry, RegistryError> {
        let artifacts = Artifacts::open(config)?;
        let database = Database::connect(config).await?;
        Ok(Registry {
            inner: Arc::new(Inner { database, artifacts }),
            actor: Arc::default(),
        })
    }

    /// Brings the tables up to date. Safe to call from several processes at once, and again.
    pub async fn migrate(&self) -> Result<(), RegistryError> {
        self.inner.database.migrate().await?;
        self.ensure_default_experiment().await
    }

    /// Ends the connections to the database; on SQLite, what still is in the write-ahead log goes into the file then, if no
    /// other program has it open. Calls after this fail.
    pub async fn close(&self) {
        self.inner.database.close().await;
    }

    /// Asks database and store for a sign of life; an error within a few seconds when one of them has none.
    pub async fn ping(&self) -> Result<(), RegistryError> {
        tokio::try_join!(self.ping_database(), self.ping_store()).map(|_| ())
    }

    /// Like [`Registry::ping`], of the database alone.
    pub async fn ping_database(&self) -> Result<(), RegistryError> {
        match tokio::time::timeout(PING_TIMEOUT, self.inner.database.ping()).await {
            Ok(answer) => answer,
            Err(_) => Err(RegistryError::Database {
                action: "ask for a sign of life",
                source: sqlx::Error::PoolTimedOut,
            }),
        }
    }

    /// Like [`Registry::ping`], of the store alone.
    pub async fn ping_store(&self) -> Result<(), RegistryError> {
        self.inner.artifacts.ping().await
    }

    /// The object store.
    pub fn artifacts(&self) -> &Artifacts {
        &self.inner.artifacts
    }

    /// The queue of training runs.
    pub fn queue(&self) -> TrainingQueue {
        TrainingQueue::new(self.clone())
    }

    pub(crate) fn with_actor(&self, actor: Actor) -> Registry {
        Registry {
            inner: Arc::clone(&self.inner),
            actor: Arc::new(actor),
        }
    }

    /// Whom the audit log ascribes changes to.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn pool(&self) -> &AnyPool {
        self.inner.database.pool()
    }
}
