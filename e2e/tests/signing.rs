//! A tool that is not ours checks our signatures: `model_signing` from PyPI.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use e2e::{System, skip};

fn accepts(python: &str, dir: &Path, key: &Path) -> Result<bool> {
    let mut verify = Command::new(python);
    verify.args(["-m", "model_signing", "verify", "key"]).arg(dir);
    verify
        .arg("--signature")
        .arg(dir.join("model.sig"))
        .arg("--public_key")
        .arg(key);
    let output = verify.output().context("starting model_signing")?;
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    ensure!(!said.contains("No module named"), "{said}");
    Ok(output.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn model_signing_accepts_the_model_directory_and_no_changed_one() -> Result<()> {
    let Ok(python) = env::var("CLICKLEAF_PYTHON") else {
        skip("CLICKLEAF_PYTHON names no Python that has model_signing");
        return Ok(());
    };
    let system = System::create()?;
    system.train(1, true)?;
    let version = system.production().await?;
    let dir = system.model_dir(&version)?;
    let key = system.path("keys/verification.pem");
    ensure!(
        accepts(&python, &dir, &key)?,
        "model_signing refuses {}",
        dir.display()
    );

    let leaf = dir.join(format!("{}.leaf", version.model_sha256));
    let whole = fs::read(&leaf)?;
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(&leaf, changed)?;
    ensure!(!accepts(&python, &dir, &key)?, "a changed byte is accepted");
    fs::write(&leaf, whole)?;
    ensure!(accepts(&python, &dir, &key)?, "the mended directory is refused");
    fs::write(dir.join("extra"), "")?;
    ensure!(!accepts(&python, &dir, &key)?, "an extra file is accepted");
    fs::remove_file(dir.join("extra"))?;

    let other = System::create()?;
    ensure!(
        !accepts(&python, &dir, &other.path("keys/verification.pem"))?,
        "another key is accepted"
    );
    Ok(())
}
