//! Versions of what was measured, from the files that pin them, and of what runs it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::engines::{ENGINES, Version};
use super::machine::said;
use super::{models, script};
use crate::{tools, workspace};

/// By name, of every engine and every tool.
pub(super) fn of_everything(python: &Path) -> Result<BTreeMap<String, String>> {
    let requirements =
        fs::read_to_string(models::python("requirements.txt")).context("reading requirements.txt")?;
    let package = fs::read_to_string(script("node/package.json")).context("reading package.json")?;
    let package: Value = serde_json::from_str(&package).context("parsing package.json")?;
    let mut versions = BTreeMap::new();
    for engine in &ENGINES {
        let (name, version) = match engine.version {
            Version::Ours => ("ClickLeaf", env!("CARGO_PKG_VERSION").to_owned()),
            Version::Crate(name) => (name, workspace::locked_version_in(&script(""), name)?),
            Version::Python(name) => (name, required(&requirements, name)?),
            Version::Npm(name) => {
                let version = package["devDependencies"][name].as_str();
                (
                    name,
                    version
                        .with_context(|| format!("package.json names no {name}"))?
                        .to_owned(),
                )
            }
        };
        versions.insert(name.to_owned(), version);
    }
    for name in ["onnxmltools", "ydf"] {
        versions.insert(name.to_owned(), required(&requirements, name)?);
    }
    let mut tool = |name: &str, program: &Path| {
        let version = said(Command::new(program).arg("--version"));
        versions.insert(name.to_owned(), version);
    };
    tool("Node", Path::new("node"));
    tool("Python", &python.join("python"));
    tool("gcc", Path::new("gcc"));
    tool("rustc", Path::new("rustc"));
    if let Some(chromium) = tools::chromium() {
        tool("Chromium", &chromium);
    }
    Ok(versions)
}

/// The version that a requirements file pins.
pub(super) fn required(requirements: &str, name: &str) -> Result<String> {
    let pin = |line: &str| {
        let pinned = line.strip_prefix(name)?.strip_prefix("==")?;
        pinned.split_whitespace().next().map(str::to_owned)
    };
    requirements
        .lines()
        .find_map(pin)
        .with_context(|| format!("requirements.txt pins no {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_found_by_its_whole_name() {
        let requirements = "# onnx\nonnx==1.2 \\\n    --hash=sha256:00\nonnxruntime==3.4\n";
        assert_eq!(required(requirements, "onnxruntime").unwrap(), "3.4");
        assert_eq!(required(requirements, "onnx").unwrap(), "1.2");
        assert!(required(requirements, "onn").is_err());
    }

    #[test]
    fn every_engine_is_pinned() {
        assert!(of_everything(Path::new("no-such-folder")).unwrap().len() > ENGINES.len() / 2);
    }
}
