//! What `diff` found, as text and as JSON.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use model_export::{Encoder, Ensemble, EnsembleDifference, ModelFile, SampleRow, sha256_hex};
use serde_json::{Value, json};

use super::Side;
use super::fields::{Changed, changed};
use super::predictions::Compared;

pub(super) struct Report {
    same: bool,
    files: [Value; 2],
    provenance: Vec<Changed>,
    encoder: Vec<Changed>,
    model: Vec<Changed>,
    trees: EnsembleDifference,
    tree_counts: [usize; 2],
    samples_differ: bool,
    sections: Vec<(&'static str, [u64; 2])>,
    predictions: Option<Compared>,
}

impl Report {
    pub(super) fn new(
        first: &Side,
        second: &Side,
        same: bool,
        predictions: Option<Compared>,
    ) -> Result<Self> {
        let (own, other) = (first.model.ensemble(), second.model.ensemble());
        let provenance = |side: &Side| serde_json::to_value(side.model.provenance());
        Ok(Self {
            same,
            files: [file(first), file(second)],
            provenance: changed(&provenance(first)?, &provenance(second)?),
            encoder: changed(&encoder(&first.model), &encoder(&second.model)),
            model: changed(&model(&first.model), &model(&second.model)),
            trees: own.difference(other),
            tree_counts: [own.trees(), other.trees()],
            samples_differ: samples(&first.model) != samples(&second.model),
            sections: sections(first, second),
            predictions,
        })
    }

    pub(super) fn write(&self, as_json: bool, out: &mut impl Write) -> Result<()> {
        if as_json {
            writeln!(out, "{:#}", self.json())?;
            return Ok(());
        }
        for (sign, file) in ["-", "+"].iter().zip(&self.files) {
            let text = |key: &str| file[key].as_str().unwrap_or_default().to_owned();
            writeln!(
                out,
                "{sign} {}: format {}, {} bytes, sha256 {}",
                text("path"),
                text("format_version"),
                file["bytes"],
                text("sha256")
            )?;
        }
        if self.same {
            writeln!(out, "the models are the same")?;
        }
        for (part, fields) in [
            ("provenance", &self.provenance),
            ("encoder", &self.encoder),
            ("model", &self.model),
        ] {
            for changed in fields {
                writeln!(
                    out,
                    "{part}.{}  {} → {}",
                    changed.field, changed.first, changed.second
                )?;
            }
        }
        self.write_trees(out)?;
        for (name, [first, second]) in self
            .sections
            .iter()
            .filter(|(_, [first, second])| first != second)
        {
            writeln!(out, "section     {name:<12} {first:>10} → {second} bytes")?;
        }
        if let Some(predictions) = &self.predictions {
            for line in predictions.lines() {
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }

    fn write_trees(&self, out: &mut impl Write) -> Result<()> {
        let (trees, [first, second]) = (&self.trees, self.tree_counts);
        let common = first.min(second);
        writeln!(
            out,
            "trees       {} of {common} are equal, {} more but for leaf values",
            trees.equal_trees, trees.same_splits
        )?;
        if let Some(place) = trees.first {
            writeln!(
                out,
                "first       tree {}, node {}: {} differs",
                place.tree,
                place.node,
                place.field.name()
            )?;
        }
        match trees.margin_bound {
            Some(bound) if bound > 0.0 => writeln!(
                out,
                "margins     differ by {bound:e} at most, by the leaves' values"
            )?,
            _ => {}
        }
        if trees.covers_differ {
            writeln!(out, "covers      differ")?;
        }
        if self.samples_differ {
            writeln!(out, "self-test   rows or their margins differ")?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let fields = |fields: &[Changed]| {
            let shown = fields.iter().map(|changed| {
                (
                    changed.field.clone(),
                    json!({ "first": changed.first, "second": changed.second }),
                )
            });
            Value::Object(shown.collect())
        };
        let sections = self
            .sections
            .iter()
            .map(|(name, [first, second])| json!({ "name": name, "first": first, "second": second }));
        let first = self
            .trees
            .first
            .map(|place| json!({ "tree": place.tree, "node": place.node, "field": place.field.name() }));
        json!({
            "same": self.same,
            "first": self.files[0],
            "second": self.files[1],
            "provenance": fields(&self.provenance),
            "encoder": fields(&self.encoder),
            "model": fields(&self.model),
            "trees": {
                "first": self.tree_counts[0],
                "second": self.tree_counts[1],
                "equal": self.trees.equal_trees,
                "same_splits": self.trees.same_splits,
                "first_difference": first,
                "margin_bound": self.trees.margin_bound,
                "covers_differ": self.trees.covers_differ,
            },
            "samples_differ": self.samples_differ,
            "sections": sections.collect::<Vec<_>>(),
            "predictions": self.predictions.as_ref().map(Compared::json),
        })
    }
}

fn file(side: &Side) -> Value {
    json!({
        "path": side.path.display().to_string(),
        "sha256": sha256_hex(&side.bytes),
        "bytes": side.bytes.len(),
        "format_version": format!("{}.{}", side.bytes[9], side.bytes[10]),
    })
}

/// What is to be said of the trees as a whole.
fn model(model: &ModelFile) -> Value {
    let ensemble: &Ensemble = model.ensemble();
    let (kind, names, samples) = match model {
        ModelFile::Clicks(model) => ("clicks", json!(null), model.samples().len()),
        ModelFile::Features(model) => ("features", json!(model.feature_names()), 0),
        ModelFile::Table(model) => ("table", json!(model.schema()), 0),
        _ => ("unknown", json!(null), 0),
    };
    json!({
        "kind": kind,
        "objective": ensemble.objective().name(),
        "base_margins": ensemble.base_margins(),
        "trees": ensemble.trees(),
        "nodes": ensemble.nodes(),
        "features": ensemble.features(),
        "feature_names": names,
        "covers": ensemble.has_covers(),
        "samples": samples,
    })
}

fn samples(model: &ModelFile) -> &[SampleRow] {
    match model {
        ModelFile::Clicks(model) => model.samples(),
        _ => &[],
    }
}

fn encoder(model: &ModelFile) -> Value {
    let shown = |encoder: &Encoder| json!({ "rows": encoder.rows(), "keys": encoder.keys(), "config": encoder.config() });
    match model {
        ModelFile::Clicks(model) => shown(model.encoder()),
        ModelFile::Table(model) => shown(model.encoder()),
        _ => json!({}),
    }
}

/// Sizes of the sections that one of the files has, by the order of their kinds.
fn sections(first: &Side, second: &Side) -> Vec<(&'static str, [u64; 2])> {
    let mut sizes = BTreeMap::new();
    for (index, side) in [first, second].into_iter().enumerate() {
        for section in &side.sections {
            sizes.entry((section.kind, section.name)).or_insert([0, 0])[index] += section.bytes;
        }
    }
    sizes
        .into_iter()
        .map(|((_, name), sizes)| (name, sizes))
        .collect()
}
