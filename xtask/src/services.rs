//! Real servers for tests: PostgreSQL and an S3 store (Garage), fresh for each run, on free loopback ports, stopped
//! and deleted when dropped.

mod garage;
mod postgres;

use std::net::TcpListener;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::process::Service;

/// Both servers and what a test must know of them.
#[derive(Debug)]
pub struct Services {
    // Dropped in this order: processes before their folder.
    running: Vec<Service>,
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
            running: vec![database, store],
            environment,
            _folder: folder,
        })
    }

    /// The variables that tests find the servers by.
    pub fn environment(&self) -> &[(&'static str, String)] {
        &self.environment
    }

    /// Fails when a server has died.
    pub fn check(&mut self) -> Result<()> {
        self.running.iter_mut().try_for_each(Service::check)
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
