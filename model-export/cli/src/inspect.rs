//! `inspect`: what is in a compact model.

mod text;
mod tree;

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use model_export::{Encoder, EnsembleSummary, ModelFile, SectionInfo, sections, sha256_hex};
use serde_json::{Value, json};

use crate::files::{read_model_file, refused};
use crate::rows::Wanted;

/// Show what a compact model holds: sections and their sizes, trees, encoder, provenance.
///
/// Any file that this program reads can be inspected, of the current format and of older ones, with an encoder of
/// Criteo rows or without. With --trees the nodes of single trees are listed, splits with the names of features.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Compact model.
    model: PathBuf,
    /// List the nodes of these trees, counted from 0, instead.
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    trees: Vec<usize>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  clickleaf-export inspect model.leaf
  clickleaf-export inspect model.leaf --trees 0,7
  clickleaf-export inspect model.leaf --json";

pub(crate) fn run(options: &Options) -> Result<()> {
    let (bytes, model) = read_model_file(&options.model)?;
    let mut out = io::stdout().lock();
    if !options.trees.is_empty() {
        return tree::show(&options.trees, &model, options.json, &mut out).map_err(|error| {
            if error.is::<io::Error>() {
                error
            } else {
                refused(&options.model, error)
            }
        });
    }
    let inspected = Inspected {
        sections: sections(&bytes).map_err(|error| refused(&options.model, error))?,
        summary: model.ensemble().summary(),
        bytes,
        model,
    };
    if options.json {
        writeln!(out, "{:#}", inspected.json())?;
    } else {
        inspected.print(&mut out)?;
    }
    Ok(())
}

struct Inspected {
    bytes: Vec<u8>,
    model: ModelFile,
    sections: Vec<SectionInfo>,
    summary: EnsembleSummary,
}

impl Inspected {
    /// Major and minor version stand behind the nine bytes that all files begin with.
    fn version(&self) -> String {
        format!("{}.{}", self.bytes[9], self.bytes[10])
    }

    fn kind(&self) -> &'static str {
        match self.model {
            ModelFile::Clicks(_) => "clicks",
            ModelFile::Table(_) => "a table",
            _ => "features",
        }
    }

    /// Of the whole file, and of the sections that hold trees.
    fn bytes_per_node(&self) -> (f64, f64) {
        let nodes = self.summary.nodes.max(1) as f64;
        let trees = self
            .sections
            .iter()
            .filter(|section| section.name == "trees")
            .map(|section| section.bytes);
        (self.bytes.len() as f64 / nodes, trees.sum::<u64>() as f64 / nodes)
    }

    fn json(&self) -> Value {
        let (ensemble, summary) = (self.model.ensemble(), &self.summary);
        let section = |section: &SectionInfo| json!({ "kind": section.kind, "name": section.name, "bytes": section.bytes });
        let (per_node, of_trees) = self.bytes_per_node();
        let mut shown = json!({
            "format_version": self.version(),
            "kind": self.kind(),
            "sha256": sha256_hex(&self.bytes),
            "bytes": self.bytes.len(),
            "bytes_per_node": per_node,
            "tree_bytes_per_node": of_trees,
            "sections": self.sections.iter().map(section).collect::<Vec<_>>(),
            "objective": ensemble.objective().name(),
            "groups": ensemble.groups(),
            "base_margin": ensemble.base_margin(),
            "base_margins": ensemble.base_margins(),
            "trees": summary.trees,
            "trees_by_group": summary.trees_by_group,
            "trees_by_depth": summary.trees_by_depth,
            "nodes": summary.nodes,
            "leaves": summary.leaves,
            "leaves_by_depth": summary.leaves_by_depth,
            "category_splits": summary.category_splits,
            "leaf_bits": ensemble.fewest_leaf_bits(),
            "covers": ensemble.has_covers(),
            "features": ensemble.features(),
            "features_used": summary.features_used(),
            "splits_by_feature": summary.splits_by_feature,
            "provenance": self.model.provenance(),
        });
        if let Some(encoder) = encoder(&self.model) {
            shown["encoder"] = json!({
                "rows": encoder.rows(),
                "keys": encoder.keys(),
                "false_match_rate": encoder.false_match_rate(),
                "config": encoder.config(),
            });
        }
        if let Some(calibration) = self.model.calibration() {
            shown["calibration"] = json!(calibration);
        }
        match &self.model {
            ModelFile::Clicks(model) => shown["samples"] = json!(model.samples().len()),
            ModelFile::Table(model) => shown["schema"] = json!(model.schema()),
            ModelFile::Features(model) => shown["feature_names"] = json!(model.feature_names()),
            _ => {}
        }
        shown
    }
}

/// What the trees' features are called; the names of encoded columns in a model of clicks.
fn feature_names(model: &ModelFile) -> Vec<String> {
    match model {
        ModelFile::Clicks(model) => model.encoder().feature_names(),
        ModelFile::Table(model) => model.encoder().feature_names(),
        _ => Wanted::of(model).names,
    }
}

/// What turns rows into features, where the model has it.
fn encoder(model: &ModelFile) -> Option<&Encoder> {
    match model {
        ModelFile::Clicks(model) => Some(model.encoder()),
        ModelFile::Table(model) => Some(model.encoder()),
        _ => None,
    }
}
