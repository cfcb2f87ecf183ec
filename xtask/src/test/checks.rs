//! Steps that are one command each.

use anyhow::Result;

use super::State;
use crate::tools::{self, Tool};
use crate::{fuzz, process, workspace};

/// The same selection everywhere, so that features resolve alike and nothing is compiled twice.
pub(super) const SELECTION: [&str; 2] = ["--workspace", "--locked"];
/// What the browser runs, and what could.
const WASM: [&str; 12] = [
    "-p",
    "app",
    "-p",
    "api-types",
    "-p",
    "model-export",
    "-p",
    "clickleaf-npm",
    "-p",
    "report",
    "--target",
    "wasm32-unknown-unknown",
];

pub(super) fn fmt(_: &mut State) -> Result<()> {
    process::run(workspace::cargo().args(["fmt", "--all", "--", "--check"]))?;
    let mut bench = workspace::cargo();
    bench.current_dir(workspace::root().join("bench"));
    process::run(bench.args(["fmt", "--", "--check"]))
}

pub(super) fn deny(_: &mut State) -> Result<()> {
    let program = tools::ensure(Tool::CargoDeny)?.join("cargo-deny");
    let mut command = std::process::Command::new(program);
    command.current_dir(workspace::root());
    // Advisories need a database that only GitHub has.
    process::run(command.args([
        "--offline",
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))
}

pub(super) fn machete(_: &mut State) -> Result<()> {
    let program = tools::ensure(Tool::CargoMachete)?.join("cargo-machete");
    process::run(
        std::process::Command::new(program)
            .current_dir(workspace::root())
            .arg(workspace::root()),
    )
}

pub(super) fn clippy(_: &mut State) -> Result<()> {
    let mut cargo = workspace::cargo();
    process::run(
        cargo
            .arg("clippy")
            .args(SELECTION)
            .args(["--all-targets", "--", "-D", "warnings"]),
    )?;
    // What the smallest evaluator is built with.
    let mut cargo = workspace::cargo();
    cargo.args(["clippy", "--locked", "-p", "model-export"]);
    cargo.args(["--no-default-features", "--tests", "--", "-D", "warnings"]);
    process::run(&mut cargo)
}

pub(super) fn clippy_wasm(_: &mut State) -> Result<()> {
    let mut cargo = workspace::cargo();
    process::run(
        cargo
            .args(["clippy", "--locked"])
            .args(WASM)
            .args(["--", "-D", "warnings"]),
    )
}

pub(super) fn doc(_: &mut State) -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo
        .arg("doc")
        .args(SELECTION)
        .arg("--no-deps")
        .env("RUSTDOCFLAGS", "-D warnings");
    process::run(&mut cargo)
}

pub(super) fn fuzz(_: &mut State) -> Result<()> {
    fuzz::replay()
}

pub(super) fn doctest(_: &mut State) -> Result<()> {
    process::run(workspace::cargo().arg("test").args(SELECTION).arg("--doc"))
}

pub(super) fn wasm_test(_: &mut State) -> Result<()> {
    let runner = tools::ensure(Tool::WasmBindgen)?.join("wasm-bindgen-test-runner");
    // Without vector instructions and with them.
    for (feature, folder) in super::matrix::BUILDS {
        let mut cargo = workspace::cargo();
        cargo.args(["test", "--locked", "-p", "model-export"]);
        cargo.args(["--test", "wasm*", "--test", "engine*"]);
        cargo.args(["--target", "wasm32-unknown-unknown", "--target-dir"]);
        cargo.arg(workspace::target_dir().join("matrix-wasm").join(folder));
        cargo
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
            .env("CARGO_ENCODED_RUSTFLAGS", format!("-Ctarget-feature={feature}"))
            .env("WASM_BINDGEN_TEST_TIMEOUT", "300");
        process::run(&mut cargo)?;
    }
    Ok(())
}
