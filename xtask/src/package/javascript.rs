//! The JavaScript around WebAssembly, an entry for each kind of platform, and what else a package has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::tools::{self, Tool};
use crate::{process, workspace};

/// Of each kind of platform, and whether it is made small: pages may take it as it is, others want to read it.
const ENTRIES: [(&str, bool); 3] = [("browser.js", true), ("node.js", false), ("workerd.js", false)];
/// What the manifest has where the version goes.
const NO_VERSION: &str = "\"version\": \"0.0.0\"";
/// As they are.
const COPIED: [&str; 4] = [
    "model-export/npm/javascript/clickleaf.d.ts",
    "model-export/npm/README.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
];

/// Writes everything of the package but WebAssembly. `apart` is for files on the way.
pub(super) fn write(glue: &str, apart: &Path, folder: &Path) -> Result<()> {
    let sources = apart.join("javascript");
    copy_folder(&workspace::root().join("model-export/npm/javascript"), &sources)?;
    fs::write(sources.join("glue.js"), glue)?;

    // One file an entry, so that a page without a bundler asks for one.
    for (entry, small) in ENTRIES {
        let mut esbuild = Command::new(tools::ensure(Tool::JavaScript)?.join("esbuild"));
        esbuild.args([
            "--bundle",
            "--format=esm",
            "--target=es2022",
            "--log-level=warning",
        ]);
        esbuild.args(["--external:*.wasm", "--external:node:*"]);
        esbuild.args(small.then_some("--minify"));
        esbuild.arg(format!("--outdir={}", folder.display())).arg(entry);
        process::run(esbuild.current_dir(&sources))?;
    }

    for file in COPIED {
        copy(&workspace::root().join(file), folder)?;
    }
    let manifest = fs::read_to_string(sources.join("package.json")).context("reading the package.json")?;
    // As text, since the order of conditions counts.
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let versioned = manifest.replacen(NO_VERSION, &version, 1);
    ensure!(versioned != manifest, "the package.json has no {NO_VERSION}");
    fs::write(folder.join("package.json"), versioned).context("writing the package.json")
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("listing {}", from.display()))? {
        copy(&entry?.path(), to)?;
    }
    Ok(())
}

fn copy(file: &Path, folder: &Path) -> Result<PathBuf> {
    let to = folder.join(file.file_name().context("a file without a name")?);
    fs::copy(file, &to).with_context(|| format!("copying {}", file.display()))?;
    Ok(to)
}
