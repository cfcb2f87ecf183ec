//! The servers that are compared, each started as its documentation says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Database;
use crate::process::{self, Service};
use crate::programs::Installation;
use crate::services::{Services, free_port};

/// The database that MLflow gets beside ours on the same PostgreSQL.
const DATABASE_OF_MLFLOW: &str = "mlflow";

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contestant {
    /// `clickleaf-server`.
    Ours,
    /// `mlflow server`.
    Mlflow,
}

/// All of them, ours first.
pub(super) const CONTESTANTS: [Contestant; 2] = [Contestant::Ours, Contestant::Mlflow];

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    service: Service,
    /// Without a slash at the end.
    pub(super) url: String,
    /// The header that it wants.
    pub(super) authorization: Option<String>,
}

impl Contestant {
    /// For the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ClickLeaf",
            Self::Mlflow => "MLflow",
        }
    }

    /// Starts it on a database of its own, with artifacts in a folder.
    pub(super) fn start(
        self,
        database: Database,
        python: &Path,
        services: Option<&Services>,
        folder: &Path,
    ) -> Result<Server> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let url = format!("http://{address}");
        let home = folder.join(self.name());
        fs::create_dir(&home)?;
        let postgres = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(services.context("PostgreSQL was not started")?),
        };
        let (mut command, authorization, health) = match self {
            Self::Ours => {
                let installation = Installation::in_folder(&home)?;
                match postgres {
                    None => installation.prepare()?,
                    Some(services) => {
                        let database = services.variable("CLICKLEAF_TEST_POSTGRES_URL")?.to_owned();
                        let store = home.join("store").display().to_string();
                        installation.prepare_on(&[("database_url", database), ("store_url", store)])?;
                    }
                }
                process::run(installation.program("clickleaf-server").arg("migrate"))?;
                let token = fs::read_to_string(installation.token()).context("reading the token")?;
                let mut command = installation.program("clickleaf-server");
                command.args(["serve", "--listen", &address]);
                (command, Some(format!("Bearer {}", token.trim())), "health/live")
            }
            Self::Mlflow => {
                let store = match postgres {
                    None => format!("sqlite:///{}", home.join("mlflow.db").display()),
                    Some(services) => services.create_database(DATABASE_OF_MLFLOW)?.replacen(
                        "postgres://",
                        "postgresql+psycopg://",
                        1,
                    ),
                };
                let (host, port) = address.split_once(':').context("an address has a port")?;
                let mut command = Command::new(python.join("mlflow"));
                command.args(["server", "--host", host, "--port", port]);
                command
                    .args(["--backend-store-uri", &store, "--serve-artifacts"])
                    .arg("--artifacts-destination")
                    .arg(home.join("artifacts"));
                command.current_dir(&home).env("MLFLOW_DISABLE_TELEMETRY", "true");
                (command, None, "health")
            }
        };
        let mut service = Service::start(self.name(), &mut command, &home.join("bench.log"))?;
        let health = format!("{url}/{health}");
        service.wait_until(Duration::from_secs(120), || ureq::get(&health).call().is_ok())?;
        Ok(Server {
            service,
            url,
            authorization,
        })
    }
}

impl Server {
    /// Resident memory of all its processes in bytes, what they share counted once.
    pub(super) fn memory(&mut self) -> Result<u64> {
        self.service.check()?;
        let parents = parents()?;
        let is_ours = |process: &&i32| {
            let mut at = **process;
            while at != self.service.id() {
                match parents.get(&at) {
                    Some(parent) if *parent > 1 => at = *parent,
                    _ => return false,
                }
            }
            true
        };
        Ok(parents
            .keys()
            .filter(is_ours)
            .map(|process| share(*process).unwrap_or(0))
            .sum())
    }
}

/// Each process's parent.
fn parents() -> Result<BTreeMap<i32, i32>> {
    let entries = fs::read_dir("/proc").context("reading /proc")?;
    let processes = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    Ok(processes
        .filter_map(|process| {
            let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            Some((process, number(&status, "PPid:")?.try_into().ok()?))
        })
        .collect())
}

/// What a process holds in memory, in bytes; of what several share it is their even share.
fn share(process: i32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    Some(number(&rollup, "Pss:")? * 1024)
}

fn number(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_a_parent() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(share(own).unwrap() > 100_000);
        assert!(parents().unwrap()[&own] > 0);
    }

    #[test]
    fn a_number_is_found_by_its_whole_name() {
        assert_eq!(number("Pss_Dirty: 1 kB\nPss:   77 kB\n", "Pss:"), Some(77));
        assert_eq!(number("Rss: 1 kB\n", "Pss:"), None);
    }
}
