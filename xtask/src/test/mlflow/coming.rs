//! An MLflow server that somebody has used, and everything that it holds taken into a registry of ours.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::run;
use super::site::{Backend, Site};
use crate::mlflow::python;
use crate::process::{self, Service};
use crate::services::{Services, free_port};
use crate::test::executables::Count;

/// How long MLflow's server may take to start.
const STARTED_WITHIN: Duration = Duration::from_secs(120);

/// Whether both hold the same in the end.
pub(super) fn check(three: &Path, services: &Services) -> Result<(Count, bool)> {
    let folder = tempfile::Builder::new().prefix("clickleaf-coming-").tempdir()?;
    let address = format!("127.0.0.1:{}", free_port()?);
    let there = format!("http://{address}");
    let mut command = Command::new(three.join("mlflow"));
    let (host, port) = address.split_once(':').unwrap_or_default();
    command.args(["server", "--host", host, "--port", port, "--workers", "1"]);
    command.arg("--backend-store-uri");
    command.arg(format!("sqlite:///{}", folder.path().join("mlflow.db").display()));
    command.arg("--serve-artifacts").arg("--artifacts-destination");
    command.arg(folder.path().join("artifacts"));
    command
        .current_dir(folder.path())
        .env("MLFLOW_DISABLE_TELEMETRY", "true");
    let mut server = Service::start("MLflow", &mut command, &folder.path().join("mlflow.log"))?;
    let health = format!("{there}/health");
    server.wait_until(STARTED_WITHIN, || ureq::get(&health).call().is_ok())?;

    let site = Site::start(Backend::SqliteAndFiles, services)?;
    // A user's session on MLflow's server is what there is to take.
    let mut session = python(three, "client_3.py", None);
    let (mut count, mut success) = run(session.arg(&there), folder.path(), || Ok(()))?;
    site.imported(&there)?;
    let mut compare = python(three, "imported.py", Some(site.token()));
    compare.args([site.url(), &there]);
    eprintln!("\n{}", process::command_line(&compare));
    let (compared, same) = run(&mut compare, folder.path(), || Ok(()))?;
    count.add(compared);
    success &= same;
    server.check()?;
    Ok((count, success))
}
