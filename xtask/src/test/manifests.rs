//! The Kubernetes manifests: every kustomization renders, and what it renders fits Kubernetes' schemas.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::State;
use crate::tools::{self, Tool};
use crate::{process, workspace};

pub(super) fn check(state: &mut State) -> Result<()> {
    let Some(kubectl) = tools::which("kubectl") else {
        state.skip("kubectl is not installed, so the Kubernetes manifests were not rendered");
        return Ok(());
    };
    let validate = tools::ensure(Tool::Python)?.join("kubernetes-validate");
    // A copy, since the secrets are files beside the manifests.
    let apart = tempfile::tempdir()?;
    let copy = apart.path().join("k8s");
    process::output(
        Command::new("cp")
            .arg("-R")
            .arg(workspace::root().join("k8s"))
            .arg(&copy),
    )?;
    for part in ["app", "services"] {
        let secrets = copy.join(part).join("secrets");
        if secrets.exists() {
            fs::remove_dir_all(&secrets)?;
        }
    }
    process::output(Command::new("sh").arg(copy.join("make-secrets.sh")).arg(&copy))?;
    let mut folders = Vec::new();
    kustomizations(&copy, &mut folders)?;
    ensure!(!folders.is_empty(), "k8s/ has no kustomization.yaml");
    for (number, folder) in folders.iter().enumerate() {
        let name = folder.strip_prefix(&copy).unwrap_or(folder).display();
        let file = apart.path().join(format!("{number}.yaml"));
        let text = process::output(Command::new(&kubectl).arg("kustomize").arg(folder))?;
        fs::write(&file, &text)?;
        process::output(Command::new(&validate).args(["--strict", "--quiet"]).arg(&file))
            .with_context(|| format!("checking k8s/{name}"))?;
        let objects = text.lines().filter(|line| line.starts_with("kind:")).count();
        eprintln!("k8s/{name}: {objects} objects");
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
