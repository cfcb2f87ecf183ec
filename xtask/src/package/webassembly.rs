//! One build of the evaluator: cargo, wasm-bindgen, wasm-opt.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::{self, Tool};
use crate::{process, workspace};

const CRATE: &str = "clickleaf-npm";
const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm-package";

/// Writes `folder/name.wasm` and gives the JavaScript that goes with it.
pub(super) fn build(name: &str, simd: bool, apart: &Path, folder: &Path) -> Result<String> {
    let bindgen = tools::ensure(Tool::WasmBindgen)?.join("wasm-bindgen");
    let wasm_opt = tools::ensure(Tool::Binaryen)?.join("wasm-opt");
    let mut cargo = workspace::cargo();
    cargo.args([
        "build",
        "--locked",
        "--profile",
        PROFILE,
        "--package",
        CRATE,
        "--target",
        TARGET,
    ]);
    // Before every other place where flags may come from, so that everybody's package has the same bytes.
    process::run(cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(simd)?))?;

    let apart = apart.join(name);
    let compiled = workspace::target_dir()
        .join(TARGET)
        .join(PROFILE)
        .join("clickleaf_npm.wasm");
    let mut command = Command::new(bindgen);
    command.args([
        "--target",
        "web",
        "--omit-default-module-path",
        "--no-typescript",
        "--out-name",
        "glue",
        "--out-dir",
    ]);
    process::run(command.arg(&apart).arg(&compiled))?;
    let mut command = Command::new(wasm_opt);
    command.args(["-Oz", "--strip-debug", "--strip-producers", tools::KEPT_APART]);
    command
        .arg(apart.join("glue_bg.wasm"))
        .arg("-o")
        .arg(folder.join(format!("{name}.wasm")));
    process::run(&mut command)?;
    let glue = apart.join("glue.js");
    fs::read_to_string(&glue).with_context(|| format!("reading {}", glue.display()))
}

/// Separated as cargo wants them. Messages of panics name no folder of this machine.
fn flags(simd: bool) -> Result<String> {
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let mut flags = configured_flags()?;
    flags.push(remap(&cargo_home()?, "cargo"));
    flags.push(remap(workspace::root(), "clickleaf"));
    if simd {
        flags.push("-Ctarget-feature=+simd128".to_owned());
    }
    Ok(flags.join("\u{1f}"))
}

/// What cargo's configuration says for the page.
fn configured_flags() -> Result<Vec<String>> {
    let path = workspace::root().join(".cargo/config.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let config: toml::Table = text
        .parse()
        .with_context(|| format!("parsing {}", path.display()))?;
    let target = config.get("target").and_then(|targets| targets.get(TARGET));
    let flags = target
        .and_then(|target| target.get("rustflags"))
        .and_then(toml::Value::as_array);
    let flags = flags.with_context(|| format!("{} has no rustflags for {TARGET}", path.display()))?;
    Ok(flags
        .iter()
        .filter_map(toml::Value::as_str)
        .map(str::to_owned)
        .collect())
}

fn cargo_home() -> Result<PathBuf> {
    match env::var_os("CARGO_HOME") {
        Some(home) => Ok(PathBuf::from(home)),
        None => {
            let home = env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?;
            Ok(Path::new(&home).join(".cargo"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_builds_have_the_flags_of_the_page() {
        let (simd, plain) = (flags(true).unwrap(), flags(false).unwrap());
        assert!(plain.starts_with("--cfg\u{1f}sha2_backend_soft"), "{plain:?}");
        assert_eq!(simd, format!("{plain}\u{1f}-Ctarget-feature=+simd128"));
    }
}
