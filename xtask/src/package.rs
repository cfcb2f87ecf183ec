//! The npm package `clickleaf`: WebAssembly with and without SIMD, each within its budget, and the JavaScript around
//! it, as a folder and as the tarball that `npm pack` makes of it.

mod javascript;
mod size;
mod webassembly;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{process, workspace};

/// Both builds, by their names in the package.
const BUILDS: [(&str, bool); 2] = [("clickleaf_simd", true), ("clickleaf_plain", false)];

/// Where to put the package.
#[derive(Args, Debug)]
pub struct Options {
    /// The folder to write; what an earlier build left there is replaced. Without it, `package` in cargo's folder.
    #[arg(value_name = "DIR")]
    to: Option<PathBuf>,
}

/// A built package.
#[derive(Clone, Debug)]
pub struct Package {
    /// What `npm publish` takes and `npm install` installs.
    pub tarball: PathBuf,
}

/// Builds it.
pub fn run(options: &Options) -> Result<()> {
    let to = options.to.clone().unwrap_or_else(default_folder);
    let package = build(&to)?;
    eprintln!("{}", package.tarball.display());
    Ok(())
}

/// Where the package goes when nobody says otherwise.
pub fn default_folder() -> PathBuf {
    workspace::target_dir().join("package")
}

/// Builds the package: its files in `to/clickleaf`, its tarball beside them. Fails when it is over its budget.
pub fn build(to: &Path) -> Result<Package> {
    let folder = to.join("clickleaf");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let to = to.canonicalize()?;
    let folder = to.join("clickleaf");
    let apart = tempfile::tempdir()?;
    let mut glue = Vec::new();
    for (name, simd) in BUILDS {
        glue.push(webassembly::build(name, simd, apart.path(), &folder)?);
    }
    ensure!(
        glue.windows(2).all(|pair| pair[0] == pair[1]),
        "the builds with and without SIMD want different JavaScript"
    );
    javascript::write(&glue[0], apart.path(), &folder)?;
    size::check(&folder)?;
    pack(&to, &folder)
}

fn pack(to: &Path, folder: &Path) -> Result<Package> {
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", "--offline", "--pack-destination"])
        .arg(to);
    let said = process::answer(npm.current_dir(folder))?;
    let name = said.lines().last().context("npm pack named no file")?;
    let tarball = to.join(name.trim());
    ensure!(tarball.is_file(), "npm pack left no {}", tarball.display());
    Ok(Package { tarball })
}
