//! `verify`: whether a compact model is whole, and who vouches for it.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use model_export::{sha256_hex, signature};
use serde_json::json;

use crate::files::{Refused, read_model, read_text, refused};

/// Check a compact model: checksums, structure, self-test rows and, if given, its signature.
///
/// With --bundle and --key the file must be one that the bundle lists and the key signed. The bundle is an OpenSSF
/// model-signing bundle, which `model_signing verify key` checks too.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Compact model.
    model: PathBuf,
    /// Signature bundle, such as model.sig.
    #[arg(long, value_name = "FILE", requires = "key")]
    bundle: Option<PathBuf>,
    /// Public key in PEM (P-256).
    #[arg(long, value_name = "FILE", requires = "bundle")]
    key: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let (bytes, model) = read_model(&options.model)?;
    let sha256 = sha256_hex(&bytes);
    let signed = match (&options.bundle, &options.key) {
        (Some(bundle), Some(key)) => {
            let verified = signature::verify(&read_text(bundle)?, &read_text(key)?)
                .map_err(|error| refused(bundle, error))?;
            let listed = verified
                .resources
                .iter()
                .find(|resource| resource.sha256 == sha256);
            let name = listed.map(|resource| resource.name.clone()).ok_or_else(|| {
                Refused(format!(
                    "{}: the bundle does not list a file with digest {sha256}",
                    options.model.display()
                ))
            })?;
            Some((name, verified.key_fingerprint))
        }
        _ => None,
    };
    let mut out = std::io::stdout().lock();
    if options.json {
        let signature = signed.map(|(name, key)| json!({ "resource": name, "key_fingerprint": key }));
        let result = json!({ "sha256": sha256, "bytes": bytes.len(), "samples": model.samples().len(),
            "signature": signature });
        writeln!(out, "{result:#}")?;
        return Ok(());
    }
    writeln!(out, "sha256     {sha256}")?;
    writeln!(
        out,
        "checks     checksums, structure and {} self-test rows hold",
        model.samples().len()
    )?;
    match signed {
        Some((name, key)) => writeln!(out, "signature  holds for {name}, key {key}")?,
        None => writeln!(out, "signature  not checked; give --bundle and --key")?,
    }
    Ok(())
}
