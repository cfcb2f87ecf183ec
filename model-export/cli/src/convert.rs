//! `convert`: an XGBoost booster and an existing model's encoder to a compact model.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use model_export::{Model, SampleRow, import_xgboost, sha256_hex};
use serde_json::json;

use crate::files::{read, read_model, refused};

/// Convert an XGBoost model to a compact one, with the encoder of an existing .leaf file.
///
/// A booster knows features, not the columns of a row, so a compact model also needs an encoder. It is taken from
/// the file named by --like, together with provenance and self-test rows; the digest of the booster is written anew
/// and the margins of the self-test rows are computed anew. The trainer writes .leaf files with an encoder of their own.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Model that XGBoost 1.7 to 3.x saved as .ubj or .json (binary:logistic, gbtree, numeric splits).
    booster: PathBuf,
    /// Compact model whose encoder, provenance and self-test rows are taken.
    #[arg(long, value_name = "FILE.leaf")]
    like: PathBuf,
    /// Where to write the compact model.
    #[arg(short, long, value_name = "FILE.leaf")]
    output: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let booster = read(&options.booster)?;
    let ensemble = import_xgboost(&booster).map_err(|error| refused(&options.booster, error))?;
    let (_, like) = read_model(&options.like)?;
    let mut provenance = like.provenance().clone();
    provenance.booster_sha256 = sha256_hex(&booster);
    let build = |samples| {
        Model::new(
            like.encoder().clone(),
            ensemble.clone(),
            provenance.clone(),
            samples,
        )
        .map_err(|error| refused(&options.booster, error))
    };
    let bare = build(Vec::new())?;
    let sample = |sample: &SampleRow| {
        let margin_bits = bare.predict(&sample.row).margin.to_bits();
        SampleRow {
            row: sample.row.clone(),
            margin_bits,
        }
    };
    let bytes = build(like.samples().iter().map(sample).collect())?.to_bytes();
    std::fs::write(&options.output, &bytes)
        .with_context(|| format!("writing {}", options.output.display()))?;
    let (sha256, trees, nodes) = (sha256_hex(&bytes), ensemble.trees(), ensemble.nodes());
    let mut out = std::io::stdout().lock();
    if options.json {
        let result = json!({ "sha256": sha256, "bytes": bytes.len(), "trees": trees, "nodes": nodes,
            "booster_sha256": provenance.booster_sha256 });
        writeln!(out, "{result:#}")?;
    } else {
        writeln!(
            out,
            "{}: {} bytes, {trees} trees, {nodes} nodes",
            options.output.display(),
            bytes.len()
        )?;
        writeln!(out, "sha256 {sha256}")?;
    }
    Ok(())
}
