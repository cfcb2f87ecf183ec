//! The npm package, installed from its tarball where its tests and examples are, as its users would.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::State;
use super::executables::Count;
use crate::bench;
use crate::package::{self, Package};
use crate::tools::{self, Tool};
use crate::{process, workspace};

/// Of `model-export/npm`.
const FOLDERS: [&str; 2] = ["examples", "tests"];

/// Builds the package, then runs Node's tests of it.
pub(super) fn check(state: &mut State) -> Result<()> {
    bench::check_evaluator()?;
    let package = package::build(&package::default_folder())?;
    let tools = tools::ensure(Tool::JavaScript)?;
    let example = build_example()?;
    let apart = tempfile::Builder::new().prefix("clickleaf-package-").tempdir()?;
    let folder = apart.path();
    for name in FOLDERS {
        let from = workspace::root().join("model-export/npm").join(name);
        process::run(Command::new("cp").arg("-R").arg(from).arg(folder.join(name)))?;
        install(&package, &folder.join(name))?;
    }

    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=1", "--test-reporter=tap"]);
    node.args(test_files(&folder.join("tests"))?)
        .current_dir(folder.join("tests"));
    node.env("CLICKLEAF_TARBALL", &package.tarball)
        .env("CLICKLEAF_TOOLS", &tools)
        .env("CLICKLEAF_EXAMPLE", &example)
        .env("CLICKLEAF_MODELS", workspace::root().join("model-export/tests"));
    node.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut running = process::start(&mut node)?;
    let stdout = running.take_stdout().context("node's output is not piped")?;
    let mut count = Count::default();
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        count.read_tap(&line);
        eprintln!("{line}");
    }
    let status = running.wait()?;
    state.tests.add(count);
    if !status.success() {
        bail!("the tests of the npm package failed: {status}");
    }
    Ok(())
}

fn install(package: &Package, folder: &Path) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--silent",
        "--offline",
        "--no-save",
        "--no-package-lock",
    ]);
    process::run(npm.arg(&package.tarball).current_dir(folder))
}

/// The example of the Rust crate.
fn build_example() -> Result<PathBuf> {
    process::run(workspace::cargo().args([
        "build",
        "--locked",
        "-p",
        "model-export",
        "--example",
        "predict",
    ]))?;
    Ok(workspace::target_dir().join("debug/examples/predict"))
}

fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.js") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
