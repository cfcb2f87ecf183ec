//! The Kubernetes manifests: every kustomization renders, and what it renders fits Kubernetes' schemas.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::State;
use crate::tools::{self, Tool};
use crate::{process, workspace};

pub(super) fn check(state: &mut State) -> Result<()> {
    let mut folders = Vec::new();
    kustomizations(&workspace::root().join("k8s"), &mut folders)?;
    anyhow::ensure!(!folders.is_empty(), "k8s/ has no kustomization.yaml");
    let Some(kubectl) = tools::which("kubectl") else {
        state.skip("kubectl is not installed, so the Kubernetes manifests were not rendered");
        return Ok(());
    };
    let validate = tools::ensure(Tool::Python)?.join("kubernetes-validate");
    let rendered = tempfile::tempdir()?;
    for (number, folder) in folders.iter().enumerate() {
        let file = rendered.path().join(format!("{number}.yaml"));
        let text = process::output(Command::new(&kubectl).arg("kustomize").arg(folder))?;
        fs::write(&file, &text)?;
        process::output(Command::new(&validate).args(["--strict", "--quiet"]).arg(&file))
            .with_context(|| format!("checking {}", folder.display()))?;
        let objects = text.lines().filter(|line| line.starts_with("kind:")).count();
        eprintln!(
            "{}: {objects} objects",
            folder.strip_prefix(workspace::root()).unwrap_or(folder).display()
        );
    }
    Ok(())
}

fn kustomizations(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            kustomizations(&path, found)?;
        } else if path.file_name().is_some_and(|name| name == "kustomization.yaml") {
            // A component is rendered by those that use it.
            if !fs::read_to_string(&path)?.contains("kind: Component") {
                found.push(folder.to_owned());
            }
        }
    }
    found.sort();
    Ok(())
}
