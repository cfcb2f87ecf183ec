//! Builds the engines that are Rust: one native program, and WebAssembly with and without SIMD128.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use super::engines::{Code, ENGINES, Engine};
use super::results::{Model, Shape};
use crate::tools::{self, Tool};
use crate::{process, workspace};

/// What was built, or why not.
#[derive(Debug)]
pub(super) struct Builds {
    /// The native program.
    pub(super) native: PathBuf,
    wasm: BTreeMap<(&'static str, bool), std::result::Result<PathBuf, String>>,
    modules: Option<PathBuf>,
}

impl Builds {
    /// Builds everything below `work`. A peer that doesn't build is not the end.
    pub(super) fn make(work: &Path, modules: Option<&Path>) -> Result<Self> {
        let target = work.join("target");
        process::run(&mut cargo("bench-native", &target))?;
        let mut wasm = BTreeMap::new();
        for engine in &ENGINES {
            if let Code::Built { package, simd } = engine.code {
                let built = build_wasm(package, simd, work);
                wasm.insert((package, simd), built.map_err(|error| format!("{error:#}")));
            }
        }
        Ok(Self {
            native: target.join("release/bench-native"),
            wasm,
            modules: modules.map(Path::to_owned),
        })
    }

    /// The file of an engine's WebAssembly; `None` for a native one.
    pub(super) fn code(&self, engine: &Engine) -> Result<Option<PathBuf>> {
        match engine.code {
            Code::Native => Ok(None),
            Code::Package(path) => {
                let modules = self.modules.as_ref().context("its package is not installed")?;
                Ok(Some(modules.join(path)))
            }
            Code::Built { package, simd } => {
                let built = self.wasm.get(&(package, simd)).context("it was not built")?;
                built.clone().map(Some).map_err(|why| anyhow!("{why}"))
            }
        }
    }

    /// Writes a model's files of the engines that convert it themselves.
    pub(super) fn convert(&self, folder: &Path, name: &str, work: &Path) -> Result<Model> {
        let mut command = Command::new(&self.native);
        command.arg("convert").arg(folder).arg(name).arg(work);
        let answer: Value = serde_json::from_str(&process::output(&mut command)?)?;
        let count = |what: &str| {
            answer[what]
                .as_u64()
                .with_context(|| format!("no count of {what}"))
        };
        let shape = Shape {
            trees: count("trees")?,
            nodes: count("nodes")?,
        };
        let forms = serde_json::from_value(answer["forms"].clone()).context("the sizes of other forms")?;
        Ok(Model {
            name: name.to_owned(),
            shape,
            forms,
        })
    }
}

/// One module, below `work`.
pub(super) fn build_wasm(package: &str, simd: bool, work: &Path) -> Result<PathBuf> {
    let (suffix, flags) = if simd {
        ("simd", "-Ctarget-feature=+simd128")
    } else {
        ("plain", "")
    };
    let target = work.join(format!("target-{suffix}"));
    let mut cargo = cargo(package, &target);
    cargo
        .args(["--target", "wasm32-unknown-unknown"])
        .env_remove("RUSTFLAGS")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags)
        // hessboost brings C, which only clang compiles for WebAssembly.
        .env("CC_wasm32_unknown_unknown", "clang")
        .env("AR_wasm32_unknown_unknown", "llvm-ar");
    process::run(&mut cargo)?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    let built = target.join("wasm32-unknown-unknown/release").join(file);
    let optimised = work.join(format!("{package}-{suffix}.wasm"));
    if !newer(&optimised, &built) {
        let optimiser = tools::ensure(Tool::Binaryen)?.join("wasm-opt");
        let mut optimiser = Command::new(optimiser);
        optimiser.args(["-O3", tools::KEPT_APART]).arg(&built);
        process::run(optimiser.arg("-o").arg(&optimised))?;
    }
    Ok(optimised)
}

fn cargo(package: &str, target: &Path) -> Command {
    let mut cargo = workspace::cargo();
    cargo
        .current_dir(workspace::root().join("bench"))
        .args(["build", "--release", "--locked", "--package", package])
        .arg("--target-dir")
        .arg(target);
    cargo
}

fn newer(made: &Path, source: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    matches!((time(made), time(source)), (Ok(made), Ok(source)) if made > source)
}
