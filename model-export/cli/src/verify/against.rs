//! Whether a compact model has the trees of a booster.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use model_export::{Ensemble, ModelFile, sha256_hex};
use serde_json::{Value, json};

use crate::convert::{RoundsChoice, import};
use crate::files::{read, refused};

/// How the trees of a model are those of a booster.
pub(super) struct Agreement {
    trees: usize,
    booster_sha256: String,
    /// Whether the provenance names this very file.
    named: bool,
    covers: bool,
    leaf_bits: Option<u8>,
    /// How far a margin may be from the booster's; 0 where all bits are equal.
    margin_bound: f64,
}

impl Agreement {
    pub(super) fn json(&self) -> Value {
        json!({
            "trees": self.trees, "booster_sha256": self.booster_sha256, "named_in_provenance": self.named,
            "covers": self.covers, "leaf_bits": self.leaf_bits, "margin_error_bound": self.margin_bound,
        })
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let covers = if self.covers { ", covers too" } else { "" };
        match self.leaf_bits {
            None => write!(f, "all {} are the booster's bit for bit{covers}", self.trees)?,
            Some(bits) => write!(
                f,
                "all {} are the booster's with leaves of {bits} bits{covers}: a margin is off by {:e} at most",
                self.trees, self.margin_bound
            )?,
        }
        let named = if self.named { "is" } else { "is not" };
        write!(
            f,
            "; the booster's file {named} the one that the provenance names"
        )
    }
}

/// Refuses a model whose trees are not those of the booster at `path`.
pub(super) fn compare(
    model_path: &Path,
    model: &ModelFile,
    path: &Path,
    rounds: Option<RoundsChoice>,
) -> Result<Agreement> {
    let bytes = read(path)?;
    let booster = import(path, &bytes, rounds)?;
    let ensemble = model.ensemble();
    let mut expected = booster.ensemble.clone();
    if !ensemble.has_covers() {
        expected = expected.without_covers();
    }
    let leaf_bits = rounded_to(&expected, ensemble);
    if let Some(bits) = leaf_bits {
        expected = expected
            .with_leaf_bits(bits)
            .map_err(|error| refused(path, error))?;
    }
    let differs = |what: String| refused(model_path, format!("{what} of {}", path.display()));
    if expected.objective() != ensemble.objective() {
        return Err(differs(format!(
            "the objective is {}, not the {}",
            ensemble.objective().name(),
            expected.objective().name()
        )));
    }
    if !bits(expected.base_margins()).eq(bits(ensemble.base_margins())) {
        return Err(differs(format!(
            "the base margins are {:?}, not the {:?}",
            ensemble.base_margins(),
            expected.base_margins()
        )));
    }
    if (expected.features(), expected.trees()) != (ensemble.features(), ensemble.trees()) {
        return Err(differs(format!(
            "there are {} trees over {} features, not the {} over {}",
            ensemble.trees(),
            ensemble.features(),
            expected.trees(),
            expected.features()
        )));
    }
    let difference = expected.difference(ensemble);
    if let Some(first) = difference.first {
        let bound = difference.margin_bound.map_or(String::new(), |bound| {
            format!(" (only leaf values differ, margins by {bound:e} at most)")
        });
        let place = format!(
            "tree {}, node {}: the {} differs from that",
            first.tree,
            first.node,
            first.field.name()
        );
        return Err(refused(
            model_path,
            format!("{place} of {}{bound}", path.display()),
        ));
    }
    if difference.covers_differ {
        return Err(differs("the covers differ from those".to_owned()));
    }
    if let ModelFile::Features(model) = model
        && model.feature_names() != booster.feature_names
    {
        return Err(differs("the features' names differ from those".to_owned()));
    }
    let booster_sha256 = sha256_hex(&bytes);
    Ok(Agreement {
        trees: ensemble.trees(),
        named: model.provenance().booster_sha256 == booster_sha256,
        booster_sha256,
        covers: ensemble.has_covers(),
        leaf_bits,
        margin_bound: booster.ensemble.difference(ensemble).margin_bound.unwrap_or(0.0),
    })
}

/// The bits that leaves were rounded to, where they are not the booster's own.
fn rounded_to(booster: &Ensemble, model: &Ensemble) -> Option<u8> {
    let difference = booster.difference(model);
    let only_leaves = difference.margin_bound.is_some() && difference.same_splits > 0;
    if only_leaves {
        model.fewest_leaf_bits()
    } else {
        None
    }
}

fn bits(numbers: &[f32]) -> impl Iterator<Item = u32> + '_ {
    numbers.iter().map(|number| number.to_bits())
}
