//! Tools that come from npm and PyPI, by their lock files.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

const NPM_FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// `npm ci` of what `pinned` names, apart from `folder`, which appears whole at the end.
pub(super) fn install_npm(pinned: &Path, cache: &Path, folder: &Path) -> Result<()> {
    let apart = tempfile::Builder::new().prefix(".npm-").tempdir_in(cache)?;
    let root = apart.path().join("root");
    fs::create_dir(&root)?;
    for file in NPM_FILES {
        fs::copy(pinned.join(file), root.join(file)).with_context(|| format!("copying {file}"))?;
    }
    process::run(
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-progress"])
            .current_dir(&root),
    )?;
    replace(&root, folder)
}

/// A virtual environment of what `requirements` pins, in its final place, since its programs name it; the file
/// `bin/installed` says it is whole.
pub(super) fn install_python(requirements: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    process::run(Command::new("python3").args(["-m", "venv"]).arg(folder))
        .context("is python3 with its venv module installed? (Debian: python3-venv)")?;
    let bin = folder.join("bin");
    let mut pip = Command::new(bin.join("python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "-r",
    ]);
    process::run(pip.arg(requirements))?;
    fs::write(bin.join("installed"), "")?;
    Ok(())
}

fn replace(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("removing {}", to.display()))?;
    }
    fs::rename(from, to).with_context(|| format!("moving {} into place", to.display()))
}
