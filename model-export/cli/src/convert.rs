//! `convert`: an XGBoost booster to a compact model.

mod provenance;
mod rounds;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use model_export::{
    Ensemble, FeatureModel, Model, ModelFile, Provenance, SampleRow, XgboostModel, sha256_hex,
};
pub(crate) use rounds::{RoundsChoice, import};
use serde_json::json;

use crate::files::{read, read_model, refused};

/// Convert an XGBoost model to a compact one.
///
/// The compact model predicts from features, as the booster does, and its margins are the booster's bit for bit. With
/// --like it predicts from Criteo rows instead: the encoder of another compact model is taken, together with
/// its provenance and self-test rows, whose margins are computed anew.
///
/// Covers, the sums of hessians that explain needs, are left out unless --covers is given: predictions do
/// not need them and they make the file about two thirds larger.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Model that XGBoost 1.7 to 3.x saved as .ubj or .json.
    booster: PathBuf,
    /// Compact model of clicks whose encoder, provenance and self-test rows are taken.
    #[arg(long, value_name = "FILE.leaf")]
    like: Option<PathBuf>,
    /// Where to write the compact model.
    #[arg(short, long, value_name = "FILE.leaf")]
    output: PathBuf,
    /// Round leaf values to multiples of one step, so that they take N bits (4 to 24); how far a margin may be off is
    /// printed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(4..=24))]
    leaf_bits: Option<u8>,
    /// Keep covers, so that predictions can be explained.
    #[arg(long, overrides_with = "no_covers")]
    covers: bool,
    /// Leave covers out [default, but for a --like model that has them].
    #[arg(long)]
    no_covers: bool,
    /// Which boosting rounds are meant, in a model with rounds after its best one: best, all, or a number of them.
    #[arg(long, value_name = "WHICH")]
    rounds: Option<RoundsChoice>,
    #[command(flatten)]
    provenance: provenance::Options,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  clickleaf-export convert model.ubj -o model.leaf
  clickleaf-export convert model.ubj -o small.leaf --leaf-bits 16
  clickleaf-export convert stopped.json -o model.leaf --rounds best --covers
  clickleaf-export convert model.ubj -o model.leaf --model-name churn --set params.eta=0.1 --set metrics.auc=0.79
  clickleaf-export convert booster.ubj --like clicks.leaf -o new.leaf";

pub(crate) fn run(options: &Options) -> Result<()> {
    let bytes = read(&options.booster)?;
    let booster = import(&options.booster, &bytes, options.rounds)?;
    let booster_sha256 = sha256_hex(&bytes);
    let converted = match &options.like {
        Some(like) => like_model(options, like, &booster, booster_sha256)?,
        None => features(options, &booster, booster_sha256)?,
    };
    let written = converted.to_bytes();
    let read_back = ModelFile::from_bytes(&written).context("reading back what was to be written")?;
    ensure!(
        read_back == converted,
        "what was to be written reads as another model"
    );
    std::fs::write(&options.output, &written)
        .with_context(|| format!("writing {}", options.output.display()))?;
    print(options, &booster, &converted, &written)
}

fn features(options: &Options, booster: &XgboostModel, sha256: String) -> Result<ModelFile> {
    let name = options.booster.file_stem().unwrap_or_default().to_string_lossy();
    let provenance = provenance::of_booster(booster, &name, sha256);
    let ensemble = ensemble(options, booster, options.covers)?;
    let model = FeatureModel::new(ensemble, booster.feature_names.clone(), set(options, provenance)?);
    let model = model.map_err(|error| refused(&options.booster, error))?;
    Ok(ModelFile::Features(Box::new(model)))
}

fn like_model(options: &Options, like: &Path, booster: &XgboostModel, sha256: String) -> Result<ModelFile> {
    let (_, like) = read_model(like)?;
    let covers = options.covers || (like.ensemble().has_covers() && !options.no_covers);
    let ensemble = ensemble(options, booster, covers)?;
    let mut provenance = like.provenance().clone();
    provenance.booster_sha256 = sha256;
    let provenance = set(options, provenance)?;
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
    let model = build(like.samples().iter().map(sample).collect())?;
    Ok(ModelFile::Clicks(Box::new(model)))
}

/// The booster's trees as they are to be written.
fn ensemble(options: &Options, booster: &XgboostModel, covers: bool) -> Result<Ensemble> {
    let mut ensemble = booster.ensemble.clone();
    if !covers {
        ensemble = ensemble.without_covers();
    }
    match options.leaf_bits {
        Some(bits) => ensemble
            .with_leaf_bits(bits)
            .map_err(|error| refused(&options.booster, error)),
        None => Ok(ensemble),
    }
}

fn set(options: &Options, provenance: Provenance) -> Result<Provenance> {
    options.provenance.apply(provenance).map_err(anyhow::Error::msg)
}

fn print(options: &Options, booster: &XgboostModel, converted: &ModelFile, written: &[u8]) -> Result<()> {
    let ensemble = converted.ensemble();
    let (trees, nodes) = (ensemble.trees(), ensemble.nodes());
    let per_node = written.len() as f64 / nodes.max(1) as f64;
    let bound = booster.ensemble.difference(ensemble).margin_bound;
    let sha256 = sha256_hex(written);
    let mut out = std::io::stdout().lock();
    if options.json {
        let result = json!({
            "sha256": sha256, "bytes": written.len(), "bytes_per_node": per_node, "trees": trees, "nodes": nodes,
            "kind": if options.like.is_some() { "clicks" } else { "features" },
            "objective": ensemble.objective().name(), "groups": ensemble.groups(), "features": ensemble.features(),
            "covers": ensemble.has_covers(), "leaf_bits": options.leaf_bits, "margin_error_bound": bound,
            "rounds": booster.rounds_taken, "rounds_in_booster": booster.rounds,
            "booster_sha256": converted.provenance().booster_sha256,
        });
        writeln!(out, "{result:#}")?;
        return Ok(());
    }
    let output = options.output.display();
    writeln!(
        out,
        "{output}: {} bytes, {trees} trees, {nodes} nodes, {per_node:.3} bytes per node",
        written.len()
    )?;
    writeln!(out, "sha256 {sha256}")?;
    if booster.rounds_taken < booster.rounds {
        writeln!(out, "rounds {} of {}", booster.rounds_taken, booster.rounds)?;
    }
    if let (Some(bits), Some(bound)) = (options.leaf_bits, bound) {
        writeln!(
            out,
            "leaves of {bits} bits: a margin is off by {bound:e} at most, besides the rounding of sums"
        )?;
    }
    Ok(())
}
