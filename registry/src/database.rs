//! The pool over SQLite or Postgres, and the tables' migrations.

use std::{sync::Once, time::Duration};

use sqlx::{
    Any, AnyPool, Executor, Transaction,
    any::AnyPoolOptions,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::{
    RegistryError,
    config::{DatabaseLocation, StoreConfig},
    queries,
};

/// A pool and what kind of database it leads to.
#[derive(Clone)]
pub(crate) struct Database {
    pool: AnyPool,
    /// Where transactions begin. SQLite has one writer at a time: those of this process queue up for one connection, in
    /// their order, rather than poll for the lock.
    writers: AnyPool,
    kind: Kind,
}

/// Which of the two databases it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

const SQLITE_SETTINGS: &str = "pragma busy_timeout = 15000; pragma journal_mode = wal; pragma foreign_keys = on; \
                               pragma synchronous = full; pragma case_sensitive_like = on";
const POSTGRES_SETTINGS: &str = "set statement_timeout = '30s'";

impl Database {
    pub(crate) async fn connect(config: &StoreConfig) -> Result<Database, RegistryError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let kind = match &config.database {
            DatabaseLocation::Sqlite(path) => {
                if let Some(folder) = path.parent() {
                    tokio::fs::create_dir_all(folder)
                        .await
                        .map_err(|source| RegistryError::Database {
                            action: "make the folder of the SQLite file",
                            source: sqlx::Error::Io(source),
                        })?;
                }
                Kind::Sqlite
            }
            DatabaseLocation::Postgres(_) => Kind::Postgres,
        };
        let settings = match kind {
            Kind::Sqlite => SQLITE_SETTINGS,
            Kind::Postgres => POSTGRES_SETTINGS,
        };
        let open = async |connections: u32| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(10))
                .idle_timeout(Duration::from_secs(300))
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        for setting in settings.split(';') {
                            connection.execute(setting).await?;
                        }
                        Ok(())
                    })
                })
                .connect(&config.database.url())
                .await
                .map_err(doing("connect"))
        };
        let pool = open(config.database_connections).await?;
        let writers = match kind {
            Kind::Sqlite => open(1).await?,
            Kind::Postgres => pool.clone(),
        };
        Ok(Database { pool, writers, kind })
    }

    /// All migrations of this kind of database.
    pub(crate) fn migrator(&self) -> Migrator {
        let append_only = match self.kind {
            Kind::Sqlite => include_str!("../migrations/2_append_only.sqlite.sql"),
            Kind::Postgres => include_str!("../migrations/2_append_only.postgres.sql"),
        };
        let tracking = match self.kind {
            Kind::Sqlite => concat!(
                include_str!("../migrations/3_runs.sqlite.sql"),
                include_str!("../migrations/3_tracking.sql")
            ),
            Kind::Postgres => concat!(
                include_str!("../migrations/3_runs.postgres.sql"),
                include_str!("../migrations/3_tracking.sql")
            ),
        };
        let models = match self.kind {
            Kind::Sqlite => include_str!("../migrations/4_models.sqlite.sql"),
            Kind::Postgres => include_str!("../migrations/4_models.postgres.sql"),
        };
        let access = match self.kind {
            Kind::Sqlite => concat!(
                include_str!("../migrations/5_access.sql"),
                include_str!("../migrations/5_audit.sqlite.sql")
            ),
            Kind::Postgres => concat!(
                include_str!("../migrations/5_access.sql"),
                include_str!("../migrations/5_audit.postgres.sql")
            ),
        };
        let migration = |version: i64, description: &'static str, sql: &'static str| {
            Migration::new(
                version,
                description.into(),
                MigrationType::Simple,
                sqlx::SqlSafeStr::into_sql_str(sql),
                false,
            )
        };
        Migrator::with_migrations(vec![
            migration(1, "tables", include_str!("../migrations/1_tables.sql")),
            migration(2, "append only", append_only),
            migration(3, "tracking", tracking),
            migration(4, "models", models),
            migration(5, "access", access),
        ])
    }

    /// Runs what is missing. Several processes may call this at once: on Postgres sqlx holds an advisory lock
    /// meanwhile; on SQLite, where every migration is one transaction, the slower process fails and tries again.
    pub(crate) async fn migrate(&self) -> Result<(), RegistryError> {
        let migrator = self.migrator();
        let mut tries = 0;
        loop {
            tries += 1;
            match migrator.run(&self.pool).await {
                Err(_) if self.kind == Kind::Sqlite && tries < 10 => {
                    tokio::time::sleep(Duration::from_millis(50 * tries)).await;
                }
                done => return done.map_err(RegistryError::Migrate),
            }
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// A transaction that will write. On SQLite it takes the write lock at once: a reader that wants to write
    /// later would be refused without waiting when another was faster.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, RegistryError> {
        let statement = match self.kind {
            Kind::Sqlite => "begin immediate",
            Kind::Postgres => "begin",
        };
        self.writers
            .begin_with(statement)
            .await
            .map_err(doing("begin a transaction"))
    }

    /// A transaction that reads the database as it is at its first read, however long it takes.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Any>, RegistryError> {
        let begin = doing("begin a transaction");
        let statement = match self.kind {
            Kind::Sqlite => "begin",
            Kind::Postgres => "begin isolation level repeatable read read only",
        };
        let mut transaction = self.pool.begin_with(statement).await.map_err(&begin)?;
        if self.kind == Kind::Postgres {
            let no_limit = transaction.execute("set local statement_timeout = 0");
            no_limit.await.map_err(&begin)?;
        }
        Ok(transaction)
    }

    pub(crate) async fn close(&self) {
        self.writers.close().await;
        self.pool.close().await;
    }

    /// Fails unless the tables are there and answer.
    pub(crate) async fn ping(&self) -> Result<(), RegistryError> {
        sqlx::query(queries::PING)
            .bind("transitions")
            .fetch_one(&self.pool)
            .await
            .map(|_| ())
            .map_err(doing("ask for a sign of life"))
    }
}

/// Wraps the driver's error with what was being done.
pub(crate) fn doing(action: &'static str) -> impl Fn(sqlx::Error) -> RegistryError {
    move |source| RegistryError::Database { action, source }
}

pub(crate) async fn commit(transaction: Transaction<'static, Any>) -> Result<(), RegistryError> {
    transaction.commit().await.map_err(doing("commit"))
}

/// The next value of one of the `counters`.
pub(crate) async fn next_counter(
    transaction: &mut Transaction<'static, Any>,
    name: &'static str,
) -> Result<i64, RegistryError> {
    sqlx::query_scalar(queries::NEXT_COUNTER)
        .bind(name)
        .fetch_one(&mut **transaction)
        .await
        .map_err(doing("take a number"))
}
