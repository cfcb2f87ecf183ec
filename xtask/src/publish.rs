//! A static site that predicts with no server: the page, the Production model with its signature, and the manifest.

mod site;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::process::Service;
use crate::programs::{self, Installation};
use crate::services::free_port;
use crate::test::build_page;
use crate::workspace;

/// What to publish, and where to.
#[derive(Args, Debug)]
pub struct Options {
    /// The folder to write; what an earlier publication left there is replaced.
    #[arg(value_name = "DIR")]
    to: PathBuf,
    /// The folder of the installation whose Production version is published.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// The path under which the site will be served; only the file of cache headers depends on it.
    #[arg(long, value_name = "PATH", default_value = "/")]
    base_path: String,
    /// The built page; built when absent.
    #[arg(long, value_name = "DIR")]
    page: Option<PathBuf>,
    /// The folder of the built programs; built for release when absent.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

/// Publishes.
pub fn run(options: &Options) -> Result<()> {
    let from = options
        .from
        .clone()
        .unwrap_or_else(|| workspace::root().join("clickleaf-data"));
    ensure!(
        from.is_dir(),
        "there is no {}; `cargo xtask demo -- --no-serve` makes one",
        from.display()
    );
    let mut installation = Installation::in_folder(&from)?;
    installation.require()?;
    ensure!(
        options.base_path.starts_with('/'),
        "--base-path begins with a slash"
    );
    match &options.programs {
        Some(folder) => installation = installation.with_programs(&folder.canonicalize()?),
        None => programs::build()?,
    }
    let page = match &options.page {
        Some(page) => page.clone(),
        None => build_page()?,
    };
    let release = fetch(&installation)?;
    let files = site::write(&options.to, &page, &release, &options.base_path)?;
    let production = &release.manifest["production"];
    eprintln!(
        "{}: {files} files; {} version {}, run {}",
        options.to.display(),
        production["model_name"].as_str().unwrap_or_default(),
        production["version"],
        production["run_name"].as_str().unwrap_or_default(),
    );
    Ok(())
}

/// The Production version as a server answers it, checked.
struct Release {
    manifest: Value,
    /// By their address relative to the page.
    files: Vec<(String, Vec<u8>)>,
}

/// Asks a server of the installation, which checks the model as it would for itself.
fn fetch(installation: &Installation) -> Result<Release> {
    let base = format!("127.0.0.1:{}", free_port()?);
    let mut server = installation.program("clickleaf-server");
    server.args(["serve", "--listen", &base]);
    let log = tempfile::NamedTempFile::new()?;
    let mut service = Service::start("clickleaf-server", &mut server, log.path())?;
    let url = |path: &str| format!("http://{base}/{path}");
    service.wait_until(Duration::from_secs(30), || {
        ureq::get(url("health/ready")).call().is_ok()
    })?;

    let mut manifest: Value =
        serde_json::from_slice(&get(&url("manifest.json"))?).context("reading the manifest")?;
    manifest
        .as_object_mut()
        .context("the manifest is no object")?
        .remove("api_base");
    let production = &manifest["production"];
    let sha256 = production["model_sha256"]
        .as_str()
        .context("no version is in Production")?
        .to_owned();
    let mut files = Vec::new();
    for key in ["model_url", "bundle_url"] {
        if let Some(path) = production[key].as_str() {
            ensure!(
                is_plain(path),
                "the manifest's {key} is not a plain relative path: {path}"
            );
            files.push((path.to_owned(), get(&url(path))?));
        }
    }
    let (_, model) = files.first().context("the manifest names no model file")?;
    let found = digest(model);
    ensure!(
        found == sha256,
        "the model's SHA-256 is {found}, and the manifest says {sha256}"
    );
    Ok(Release { manifest, files })
}

fn get(url: &str) -> Result<Vec<u8>> {
    let mut response = ureq::get(url).call().with_context(|| format!("getting {url}"))?;
    let body = response.body_mut().with_config().limit(1 << 30);
    body.read_to_vec().with_context(|| format!("reading {url}"))
}

fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(bytes))
}

fn is_plain(path: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\\');
    path.split('/').all(plain)
}

/// Writes a file and, where it gets smaller, its brotli copy beside it.
fn write_compressed(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))?;
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        ..Default::default()
    };
    let mut small = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut small, &params).context("compressing")?;
    if small.len() < bytes.len() {
        let Some(name) = path.file_name() else {
            bail!("{} has no file name", path.display())
        };
        let mut name = name.to_owned();
        name.push(".br");
        fs::write(path.with_file_name(name), small)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_below_the_site_are_written() {
        assert!(is_plain("model-files/ab.leaf"));
        for path in ["", "/etc/x", "../x", "a/../b", "a//b", "./a", "a\\b"] {
            assert!(!is_plain(path), "{path:?}");
        }
    }

    #[test]
    fn a_brotli_copy_stands_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model-files/a.leaf");
        let bytes = b"leaf ".repeat(500);
        write_compressed(&path, &bytes).unwrap();
        let small = fs::read(folder.path().join("model-files/a.leaf.br")).unwrap();
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut small.as_slice(), &mut back).unwrap();
        assert_eq!((back, fs::read(&path).unwrap()), (bytes.clone(), bytes));
    }
}
