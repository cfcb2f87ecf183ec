//! Where things lie: the checkout, the target folder, the user's cache, and what Cargo.lock says.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The checkout's root.
pub fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Cargo's target folder.
pub fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// What is kept between checkouts: `CLICKLEAF_CACHE`, else `clickleaf` in the user's cache folder.
pub fn cache_dir() -> Result<PathBuf> {
    if let Some(dir) = set("CLICKLEAF_CACHE") {
        return Ok(dir);
    }
    if let Some(dir) = set("XDG_CACHE_HOME") {
        return Ok(dir.join("clickleaf"));
    }
    let home = set("HOME").context("neither CLICKLEAF_CACHE, XDG_CACHE_HOME nor HOME is set")?;
    Ok(home.join(".cache").join("clickleaf"))
}

/// A `cargo` at the checkout's root, without the variables that `cargo run` put around this process.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).env("OMP_WAIT_POLICY", "passive");
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// The version of a package in Cargo.lock.
pub fn locked_version(package: &str) -> Result<String> {
    locked_version_in(root(), package)
}

/// The version of a package in the Cargo.lock of a folder.
pub fn locked_version_in(folder: &Path, package: &str) -> Result<String> {
    let path = folder.join("Cargo.lock");
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let lock: toml::Table = text
        .parse()
        .with_context(|| format!("parsing {}", path.display()))?;
    let packages = lock
        .get("package")
        .and_then(toml::Value::as_array)
        .context("Cargo.lock has no packages")?;
    let named = |p: &&toml::Value| p.get("name").and_then(toml::Value::as_str) == Some(package);
    match packages
        .iter()
        .find(named)
        .and_then(|p| p.get("version"))
        .and_then(toml::Value::as_str)
    {
        Some(version) => Ok(version.to_owned()),
        None => bail!("Cargo.lock has no package {package}"),
    }
}

fn set(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
