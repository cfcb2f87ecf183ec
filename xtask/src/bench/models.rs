//! The reference models and their rows, trained once and kept in the cache by the digest of what makes them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest as _, Sha256};

use super::agreement::read_values;
use super::script;
use crate::{process, workspace};

/// All reference models, smallest first.
pub(super) const NAMES: [&str; 3] = ["S", "M", "L"];
/// Values of a row.
pub(super) const FEATURES: usize = 39;

/// What decides the bytes of the models and of the peers' forms of them.
const SOURCES: [&str; 4] = ["requirements.txt", "reference.py", "train.py", "convert.py"];

/// The reference models of these names, in their order.
pub(super) fn known(names: &[String]) -> Result<Vec<&'static str>> {
    if let Some(name) = names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        bail!(
            "there is no reference model {name}: they are {}",
            NAMES.join(", ")
        );
    }
    Ok(NAMES
        .into_iter()
        .filter(|name| names.iter().any(|asked| asked == name))
        .collect())
}

/// A file of `bench/python`.
pub(super) fn python(file: &str) -> PathBuf {
    script("python").join(file)
}

/// The folder with the models, after training them if it isn't there.
pub(super) fn trained(python_bin: &Path) -> Result<PathBuf> {
    let mut digest = Sha256::new();
    for file in SOURCES {
        digest.update(fs::read(python(file)).with_context(|| format!("reading {file}"))?);
    }
    let cache = workspace::cache_dir()?.join("bench");
    let folder = cache.join(format!("models-{}", hex::encode(&digest.finalize()[..6])));
    if folder.exists() {
        return Ok(folder);
    }
    fs::create_dir_all(&cache).with_context(|| format!("creating {}", cache.display()))?;
    let lock = File::create(cache.join(".lock"))?;
    lock.lock().context("waiting for another training")?;
    if !folder.exists() {
        eprintln!("training into {} (once)", folder.display());
        let apart = tempfile::Builder::new().prefix(".models-").tempdir_in(&cache)?;
        let inside = apart.path().join("models");
        fs::create_dir(&inside)?;
        process::run(program(python_bin, "train.py").arg(&inside))?;
        fs::rename(&inside, &folder).with_context(|| format!("moving {} into place", folder.display()))?;
    }
    Ok(folder)
}

/// Writes the peers' forms of a model where they aren't there yet: by extension, why there is none.
pub(super) fn converted(
    python_bin: &Path,
    folder: &Path,
    name: &str,
) -> Result<BTreeMap<String, Option<String>>> {
    let text = process::answer(program(python_bin, "convert.py").arg(folder).arg(name))?;
    serde_json::from_str(&text).with_context(|| format!("convert.py answered {text}"))
}

/// A file with the first `count` of the test rows.
pub(super) fn first_rows(folder: &Path, count: usize, work: &Path) -> Result<PathBuf> {
    let path = folder.join("rows.f32");
    let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let part = bytes
        .get(..4 * FEATURES * count)
        .context("there are fewer test rows")?;
    let rows = work.join("rows.f32");
    fs::write(&rows, part).with_context(|| format!("writing {}", rows.display()))?;
    Ok(rows)
}

/// XGBoost's margins of these rows.
pub(super) fn expected(folder: &Path, name: &str, count: usize) -> Result<Vec<f32>> {
    let mut margins = read_values(&folder.join(format!("{name}.margins.f32")))?;
    margins.truncate(count);
    Ok(margins)
}

fn program(python_bin: &Path, file: &str) -> Command {
    let mut command = Command::new(python_bin.join("python"));
    command
        .arg(python(file))
        .envs([("PYTHONDONTWRITEBYTECODE", "1"), ("OMP_WAIT_POLICY", "passive")]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_named_in_any_order_and_measured_smallest_first() {
        let names = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(known(&names("L,S")).unwrap(), ["S", "L"]);
        assert!(known(&names("S,XL")).unwrap_err().to_string().contains("XL"));
    }
}
