//! The pinned tools that build and test the project, kept in the user's cache by name and version, so that every
//! checkout shares them and none is built twice.

mod cargo_install;
mod scripts;
mod system;

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use system::{chromium, postgres_bin_dir, require_for_bench, require_system, which};

use crate::workspace;

/// A tool at a pinned version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `wasm-bindgen` and its test runner, at the version of the library in Cargo.lock.
    WasmBindgen,
    /// Builds the page.
    Trunk,
    /// `wasm-opt`.
    Binaryen,
    /// An S3 server.
    Garage,
    /// Licences, sources and duplicates of dependencies.
    CargoDeny,
    /// Dependencies that nothing uses.
    CargoMachete,
    /// `model_signing` and `kubernetes-validate`.
    Python,
    /// `esbuild`, `tsc`, `vite`, `workerd` and `deno`, which build and test the npm package.
    JavaScript,
}

/// What `wasm-opt` is told so that functions with one caller stay apart: browsers run a function as they first compiled
/// it, for speed of compiling, until it is called again after they compiled it well.
pub const KEPT_APART: &str = "--one-caller-inline-max-function-size=50";

/// Where the lock file of [`Tool::JavaScript`] is, seen from this crate.
const JAVASCRIPT: &str = "../model-export/npm/tools";

/// All tools.
pub const ALL: [Tool; 8] = [
    Tool::Binaryen,
    Tool::JavaScript,
    Tool::Python,
    Tool::WasmBindgen,
    Tool::CargoMachete,
    Tool::Trunk,
    Tool::CargoDeny,
    Tool::Garage,
];

/// Puts every tool into the cache.
pub fn install_all() -> Result<()> {
    require_system()?;
    for tool in ALL {
        let folder = ensure(tool)?;
        eprintln!("{:<14} {}", tool.name(), folder.display());
    }
    Ok(())
}

/// The folder with the tool's programs, after putting it into the cache if it isn't there.
pub fn ensure(tool: Tool) -> Result<PathBuf> {
    let version = tool.version()?;
    let whole = Path::new(tool.programs()).join(tool.program());
    let folder = in_cache(tool.name(), &version, &whole, |cache, folder| match tool {
        Tool::Binaryen => scripts::install_npm(&beside("npm"), cache, folder),
        Tool::JavaScript => scripts::install_npm(&beside(JAVASCRIPT), cache, folder),
        Tool::Python => scripts::install_python(&beside("python/requirements.txt"), folder),
        _ => cargo_install::install(tool.name(), &version, tool.install_flags(), cache, folder),
    })?;
    Ok(folder.join(tool.programs()))
}

/// The `bin` folder of a virtual environment with what a requirements file pins.
pub fn python_with(name: &str, requirements: &Path) -> Result<PathBuf> {
    let version = digest_of(requirements)?;
    let install = |_: &Path, folder: &Path| scripts::install_python(requirements, folder);
    Ok(in_cache(name, &version, Path::new("bin/installed"), install)?.join("bin"))
}

/// A `node_modules` folder with what the package.json and the lock in `pinned` name.
pub fn node_modules_with(name: &str, pinned: &Path) -> Result<PathBuf> {
    let version = digest_of(&pinned.join("package-lock.json"))?;
    let whole = Path::new("node_modules");
    let install = |cache: &Path, folder: &Path| scripts::install_npm(pinned, cache, folder);
    Ok(in_cache(name, &version, whole, install)?.join(whole))
}

/// The folder of that name and version in the cache, after installing it there if `whole` isn't in it.
fn in_cache(
    name: &str,
    version: &str,
    whole: &Path,
    install: impl FnOnce(&Path, &Path) -> Result<()>,
) -> Result<PathBuf> {
    let cache = workspace::cache_dir()?.join("tools");
    let folder = cache.join(format!("{name}-{version}"));
    let there = || folder.join(whole).exists();
    if there() {
        return Ok(folder);
    }
    fs::create_dir_all(&cache).with_context(|| format!("creating {}", cache.display()))?;
    let lock = File::create(cache.join(".lock"))?;
    lock.lock().context("waiting for another installation")?;
    if !there() {
        eprintln!("installing {name} {version} into {} (once)", folder.display());
        install(&cache, &folder).with_context(|| format!("installing {name}"))?;
    }
    Ok(folder)
}

/// `PATH` with these folders before all others.
pub fn path_with(folders: &[PathBuf]) -> Result<OsString> {
    let old = env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(env::split_paths(&old));
    env::join_paths(all).context("joining PATH")
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::WasmBindgen => "wasm-bindgen-cli",
            Self::Trunk => "trunk",
            Self::Binaryen => "binaryen",
            Self::Garage => "garage",
            Self::CargoDeny => "cargo-deny",
            Self::CargoMachete => "cargo-machete",
            Self::Python => "python",
            Self::JavaScript => "javascript",
        }
    }

    fn version(self) -> Result<String> {
        Ok(match self {
            Self::WasmBindgen => workspace::locked_version("wasm-bindgen")?,
            Self::Trunk => "0.21.14".to_owned(),
            Self::Garage => "2.5.0".to_owned(),
            Self::CargoDeny => "0.20.2".to_owned(),
            Self::CargoMachete => "0.9.2".to_owned(),
            Self::Binaryen => npm_version("binaryen")?,
            Self::Python => digest_of(&beside("python/requirements.txt"))?,
            Self::JavaScript => digest_of(&beside(JAVASCRIPT).join("package-lock.json"))?,
        })
    }

    /// One program that is there only once the tool is whole.
    fn program(self) -> &'static str {
        match self {
            Self::WasmBindgen => "wasm-bindgen",
            Self::Trunk => "trunk",
            Self::Binaryen => "wasm-opt",
            Self::Garage => "garage",
            Self::CargoDeny => "cargo-deny",
            Self::CargoMachete => "cargo-machete",
            Self::Python => "installed",
            Self::JavaScript => "esbuild",
        }
    }

    fn programs(self) -> &'static str {
        match self {
            Self::Binaryen | Self::JavaScript => "node_modules/.bin",
            _ => "bin",
        }
    }

    fn install_flags(self) -> &'static [&'static str] {
        match self {
            // Its features are downloads of what this cache already has.
            Self::Trunk => &["--no-default-features"],
            _ => &[],
        }
    }
}

/// The pinned input that decides what gets installed, by its digest.
fn digest_of(file: &Path) -> Result<String> {
    use sha2::{Digest as _, Sha256};
    let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(hex::encode(&Sha256::digest(&bytes)[..6]))
}

/// The exact version that package.json names.
fn npm_version(package: &str) -> Result<String> {
    let text = fs::read_to_string(beside("npm/package.json")).context("reading xtask/npm/package.json")?;
    let parsed: serde_json::Value = serde_json::from_str(&text).context("parsing xtask/npm/package.json")?;
    let version = parsed["devDependencies"][package].as_str();
    version
        .map(str::to_owned)
        .with_context(|| format!("xtask/npm/package.json names no {package}"))
}

fn beside(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}
