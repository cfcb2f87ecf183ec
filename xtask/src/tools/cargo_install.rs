//! Tools that come as crates.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// Builds a crate's programs quickly rather than for speed, apart from `folder`, which appears whole at the end.
pub(super) fn install(name: &str, version: &str, flags: &[&str], cache: &Path, folder: &Path) -> Result<()> {
    let apart = tempfile::Builder::new().prefix(".install-").tempdir_in(cache)?;
    let target = apart.path().join("target");
    let root = apart.path().join("root");
    let mut cargo = workspace::cargo();
    cargo
        .args(["install", name, "--version", version, "--locked"])
        .args(flags);
    cargo.arg("--root").arg(&root).env("CARGO_TARGET_DIR", &target);
    for (key, value) in [
        ("LTO", "off"),
        ("CODEGEN_UNITS", "16"),
        ("OPT_LEVEL", "1"),
        ("DEBUG", "0"),
        ("STRIP", "symbols"),
    ] {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    // Warnings about this PATH don't matter: the tools are called by their full path.
    process::run(&mut cargo)?;
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    fs::rename(&root, folder).with_context(|| format!("moving {} into place", folder.display()))
}
