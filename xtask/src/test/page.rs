//! The page, built by trunk.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use super::State;
use crate::tools::{self, Tool};
use crate::{process, workspace};

pub(super) fn step(state: &mut State) -> Result<()> {
    state.page().map(|_| ())
}

/// Builds the page for release, within its budget, and gives its folder.
pub fn build_page() -> Result<PathBuf> {
    let mut folders = Vec::new();
    for tool in [Tool::Trunk, Tool::WasmBindgen, Tool::Binaryen] {
        folders.push(tools::ensure(tool)?);
    }
    // Trunk builds offline.
    process::run(workspace::cargo().args(["fetch", "--locked", "--quiet"]))?;
    let app = workspace::root().join("app");
    let mut trunk = Command::new(folders[0].join("trunk"));
    trunk
        .args(["build", "--release"])
        .current_dir(&app)
        .env("PATH", tools::path_with(&folders)?);
    // An empty NO_COLOR, as some shells have it, is an error to trunk.
    trunk.env("NO_COLOR", "true");
    process::run(&mut trunk)?;
    let page = app.join("dist");
    ensure!(
        page.join("index.html").exists(),
        "trunk left no {}",
        page.join("index.html").display()
    );
    Ok(page)
}
