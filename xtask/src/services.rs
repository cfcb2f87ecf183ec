//! Real servers for tests: PostgreSQL and an S3 store (Garage), fresh for each run, on free loopback ports, stopped
//! and deleted when dropped.

mod garage;
mod postgres;

use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::process::Service;
use postgres::Cluster;

/// Both servers and what a test must know of them.
#[derive(Debug)]
pub struct Services {
    // Dropped in this order: processes before their folder.
    database: Cluster,
    store: Service,
    environment: Vec<(&'static str, String)>,
    _folder: TempDir,
}

/// The S3 buckets that the project uses.
pub const BUCKETS: [&str; 3] = ["criteo-data", "criteo-logs", "mlflow-artifacts"];

impl Services {
    /// Starts both and waits until they answer.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("clickleaf-services-").tempdir()?;
        let (database, database_url) = postgres::start(folder.path()).context("starting PostgreSQL")?;
        let mut environment = vec![("CLICKLEAF_TEST_POSTGRES_URL", database_url)];
        let (store, credentials) = garage::start(folder.path()).context("starting Garage")?;
        environment.extend(credentials);
        Ok(Self {
            database,
            store,
            environment,
            _folder: folder,
        })
    }

    /// The variables that tests find the servers by.
    pub fn environment(&self) -> &[(&'static str, String)] {
        &self.environment
    }

    /// The value of one of them.
    pub fn variable(&self, name: &str) -> Result<&str> {
        let found = self.environment.iter().find(|(known, _)| *known == name);
        let (_, value) = found.with_context(|| format!("the services have no {name}"))?;
        Ok(value)
    }

    /// Makes a database beside the one that tests use, and gives its URL.
    pub fn create_database(&self, name: &str) -> Result<String> {
        let url = self.variable("CLICKLEAF_TEST_POSTGRES_URL")?;
        self.database.create(url, name)?;
        let (server, _) = url.rsplit_once('/').context("a URL without a database")?;
        Ok(format!("{server}/{name}"))
    }

    /// Kills PostgreSQL without warning and starts it again after a moment.
    pub fn kill_database(&mut self, dead_for: Duration) -> Result<()> {
        self.database
            .kill_and_start(dead_for)
            .context("starting PostgreSQL again")
    }

    /// Fails when a server has died.
    pub fn check(&mut self) -> Result<()> {
        self.database.check()?;
        self.store.check()
    }
}

/// A port of the loopback interface that nothing listened on a moment ago.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("binding a loopback port")?;
    Ok(listener.local_addr()?.port())
}

/// Random bytes, in hexadecimal.
pub fn random_hex(bytes: usize) -> Result<String> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).map_err(|error| anyhow::anyhow!("random bytes: {error}"))?;
    Ok(hex::encode(buffer))
}
