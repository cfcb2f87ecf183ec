//! MLflow's own programs, from PyPI by their digests, and the scripts that use them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{tools, workspace};

/// A generation of MLflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Client and server, with XGBoost.
    Three,
    /// The client, with XGBoost.
    Two,
}

impl Generation {
    /// The `bin` folder of its environment, which is installed if it isn't there.
    pub fn install(self) -> Result<PathBuf> {
        let name = match self {
            Self::Three => "mlflow-3",
            Self::Two => "mlflow-2",
        };
        tools::python_with(
            &format!("{name}-python"),
            &script(&format!("{name}-requirements.txt")),
        )
    }
}

/// Where a script or what it needs lies.
pub fn script(name: &str) -> PathBuf {
    workspace::root().join("server/tests/mlflow").join(name)
}

/// A script of that folder, run by the Python of an environment, with the token for the server.
pub fn python(bin: &Path, name: &str, token: Option<&str>) -> Command {
    let mut command = Command::new(bin.join("python"));
    command.arg(script(name)).env("PYTHONDONTWRITEBYTECODE", "1");
    command
        .env("MLFLOW_DISABLE_TELEMETRY", "true")
        .env("OMP_WAIT_POLICY", "passive");
    if let Some(token) = token {
        command.env("MLFLOW_TRACKING_TOKEN", token);
    }
    command
}

/// The version that a generation's requirements pin.
pub fn version(package: &str, requirements: &str) -> Result<String> {
    let path = script(requirements);
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let pinned = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{package}==")))
        .with_context(|| format!("{requirements} names no {package}"))?;
    Ok(pinned.trim_end_matches('\\').trim().to_owned())
}
