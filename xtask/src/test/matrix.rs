//! The matrix of models once more, inside WebAssembly, with and without its vector instructions.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::State;
use super::executables::Count;
use crate::tools::{self, Tool};
use crate::{process, workspace};

/// What the compiler is told, and the folder for what it makes.
pub(super) const BUILDS: [(&str, &str); 2] = [("-simd128", "plain"), ("+simd128", "simd128")];

/// Takes the models, rows and margins that the native test left, after running it if it did not run just now.
pub(super) fn check(state: &mut State) -> Result<()> {
    if !state.tested {
        counted(
            state,
            workspace::cargo().args(["test", "--locked", "-p", "trainer", "--test", "matrix"]),
        )?;
    }
    let runner = tools::ensure(Tool::WasmBindgen)?.join("wasm-bindgen-test-runner");
    for (feature, folder) in BUILDS {
        eprintln!("\n--- {folder}");
        let mut cargo = workspace::cargo();
        cargo.args(["test", "--locked", "-p", "model-export", "--test", "matrix_wasm"]);
        cargo.args(["--target", "wasm32-unknown-unknown", "--target-dir"]);
        cargo.arg(workspace::target_dir().join("matrix-wasm").join(folder));
        cargo
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
            .env("CARGO_ENCODED_RUSTFLAGS", format!("-Ctarget-feature={feature}"))
            .env(
                "CLICKLEAF_MATRIX",
                workspace::target_dir().join("tmp/matrix.pack"),
            )
            .env("CLICKLEAF_MATRIX_FEATURE", feature)
            .env("WASM_BINDGEN_TEST_TIMEOUT", "600");
        counted(state, &mut cargo)?;
    }
    Ok(())
}

/// Runs tests, shows their lines and counts their results.
fn counted(state: &mut State, cargo: &mut Command) -> Result<()> {
    let mut running = process::start(cargo.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let stdout = running.take_stdout().context("cargo's output is not piped")?;
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        eprintln!("{line}");
        if line.starts_with("test result:") {
            state.tests.add(Count::parse(&line));
        }
    }
    let status = running.wait()?;
    anyhow::ensure!(status.success(), "{}: {status}", process::command_line(cargo));
    Ok(())
}
