//! `verify`: whether a compact model is whole, whose trees it has, and who vouches for it.

mod against;

use std::io::Write;
use std::path::{Path, PathBuf};

use against::{Agreement, compare};
use anyhow::Result;
use model_export::{ModelFile, sha256_hex, signature};
use serde_json::json;

use crate::convert::RoundsChoice;
use crate::files::{Refused, read_model_file, read_text, refused};

/// Check a compact model: checksums, structure, self-test rows and, if given, its booster and its signature.
///
/// With --against every tree is compared with the XGBoost file it was converted from: splits, thresholds, default
/// directions and leaf values by their bits, covers if the model has them. Leaf values that were rounded (convert
/// --leaf-bits) must be those that the booster's are rounded to, and how far a margin may be off is printed.
///
/// With --bundle and --key the file must be one that the bundle lists and the key signed. The bundle is an OpenSSF
/// model-signing bundle, which `model_signing verify key` checks too.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Compact model.
    model: PathBuf,
    /// XGBoost model, .ubj or .json, that the trees must be of.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Which of its boosting rounds are meant: best, all, or a number of them.
    #[arg(long, value_name = "WHICH", requires = "against")]
    rounds: Option<RoundsChoice>,
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

const EXAMPLES: &str = "\
Examples:
  clickleaf-export verify model.leaf
  clickleaf-export verify model.leaf --against model.ubj
  clickleaf-export verify model.leaf --bundle model.sig --key signing.pub";

pub(crate) fn run(options: &Options) -> Result<()> {
    let (bytes, model) = read_model_file(&options.model)?;
    let sha256 = sha256_hex(&bytes);
    let agreement = match &options.against {
        Some(booster) => Some(compare(&options.model, &model, booster, options.rounds)?),
        None => None,
    };
    let signed = match (&options.bundle, &options.key) {
        (Some(bundle), Some(key)) => Some(check_signature(&options.model, &sha256, bundle, key)?),
        _ => None,
    };
    let samples = match &model {
        ModelFile::Clicks(model) => model.samples().len(),
        _ => 0,
    };
    let mut out = std::io::stdout().lock();
    if options.json {
        let signature = signed.map(|(name, key)| json!({ "resource": name, "key_fingerprint": key }));
        let result = json!({ "sha256": sha256, "bytes": bytes.len(), "samples": samples, "signature": signature,
            "against": agreement.as_ref().map(Agreement::json) });
        writeln!(out, "{result:#}")?;
        return Ok(());
    }
    writeln!(out, "sha256     {sha256}")?;
    match &model {
        ModelFile::Clicks(_) => writeln!(
            out,
            "checks     checksums, structure and {samples} self-test rows hold"
        )?,
        _ => writeln!(out, "checks     checksums and structure hold")?,
    }
    match agreement {
        Some(agreement) => writeln!(out, "trees      {agreement}")?,
        None => writeln!(out, "trees      not compared; give --against")?,
    }
    match signed {
        Some((name, key)) => writeln!(out, "signature  holds for {name}, key {key}")?,
        None => writeln!(out, "signature  not checked; give --bundle and --key")?,
    }
    Ok(())
}

/// The name that the bundle has for the file, and the key's fingerprint.
fn check_signature(model: &Path, sha256: &str, bundle: &Path, key: &Path) -> Result<(String, String)> {
    let verified =
        signature::verify(&read_text(bundle)?, &read_text(key)?).map_err(|error| refused(bundle, error))?;
    let listed = verified
        .resources
        .iter()
        .find(|resource| resource.sha256 == *sha256);
    let name = listed.map(|resource| resource.name.clone()).ok_or_else(|| {
        Refused(format!(
            "{}: the bundle does not list a file with digest {sha256}",
            model.display()
        ))
    })?;
    Ok((name, verified.key_fingerprint))
}
