//! A model whose rows are already features: trees and provenance, without an encoder.
//!
//! Invariant: there is a name for every feature or for none.

use std::collections::BTreeMap;

use crate::calibration::Calibration;
use crate::engine::LazyEngine;
use crate::ensemble::Ensemble;
use crate::format::{self, FormatError};
use crate::model::Model;
use crate::provenance::Provenance;
use crate::table_model::TableModel;

/// Trees over numbered features, such as any model that XGBoost saved.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureModel {
    ensemble: Ensemble,
    feature_names: Vec<String>,
    provenance: Provenance,
    engine: LazyEngine,
}

impl FeatureModel {
    /// Puts the parts together. `feature_names` is empty or has a distinct name for each feature.
    pub fn new(
        ensemble: Ensemble,
        feature_names: Vec<String>,
        provenance: Provenance,
    ) -> Result<Self, FormatError> {
        if !feature_names.is_empty() && feature_names.len() != ensemble.features() {
            return Err(FormatError::FeatureNames {
                names: feature_names.len(),
                features: ensemble.features(),
            });
        }
        check_distinct(&feature_names)?;
        provenance.check()?;
        Ok(Self {
            ensemble,
            feature_names,
            provenance,
            engine: LazyEngine::default(),
        })
    }

    /// Reads a compact file and checks all of it.
    ///
    /// A file that predicts from the columns of a row is refused; [`ModelFile::from_bytes`] reads all kinds. A program
    /// that calls this instead of that is linked without rows, encoders and version 0 of the format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        format::decode_features(bytes)
    }

    /// The compact file. The same model always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        format::encode_features(self)
    }

    /// The trees.
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// Of each feature in its order; empty where the model has none.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// Where it comes from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Values that [`FeatureModel::predict`] gives of a row: 1, or one for each class.
    pub fn outputs(&self) -> usize {
        self.ensemble.objective().outputs(self.ensemble.groups())
    }

    /// Writes the outputs of one row, such as the probability of a click.
    ///
    /// NaN is missing. Panics when `features` is shorter than [`Ensemble::features`] or `out` than
    /// [`FeatureModel::outputs`].
    pub fn predict(&self, features: &[f32], out: &mut [f32]) {
        let mut margins = vec![0.0; self.ensemble.groups()];
        self.margins(&features[..self.ensemble.features()], &mut margins);
        self.ensemble.objective().apply(&margins, out);
    }

    /// Writes the margins of many rows: `rows` has the features of each row one after the other, `out` gets the margins of
    /// each row, one for each group.
    ///
    /// NaN is missing. Panics unless `rows` holds whole rows and `out` has one place for each margin of them. After a few
    /// rows the trees are laid out for an [`Engine`](crate::Engine), which is kept.
    pub fn margins(&self, rows: &[f32], out: &mut [f32]) {
        self.engine.margins(&self.ensemble, rows, out);
    }

    /// Writes the outputs of many rows: as [`FeatureModel::margins`], with as many places for each row as there are
    /// [`FeatureModel::outputs`].
    pub fn predict_batch(&self, rows: &[f32], out: &mut [f32]) {
        let (features, groups, outputs) = (self.ensemble.features(), self.ensemble.groups(), self.outputs());
        let count = rows.len() / features;
        assert!(out.len() == count * outputs, "each row has all outputs");
        let mut margins = vec![0.0; count * groups];
        self.margins(rows, &mut margins);
        self.ensemble.objective().apply_rows(groups, &margins, out);
    }
}

/// Apart from the rest, for models without names.
#[inline(never)]
fn check_distinct(names: &[String]) -> Result<(), FormatError> {
    // A map as provenances have it: a general sort would be several times the code in a page.
    let mut seen = BTreeMap::new();
    for name in names {
        if seen.insert(name.clone(), String::new()).is_some() {
            return Err(FormatError::SameName { name: name.clone() });
        }
    }
    Ok(())
}

/// What a compact file may hold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ModelFile {
    /// Predicts from the 39 columns of a Criteo row.
    Clicks(Box<Model>),
    /// Predicts from features.
    Features(Box<FeatureModel>),
    /// Predicts from the columns of a table of its own.
    Table(Box<TableModel>),
}

impl ModelFile {
    /// Reads a compact file of any kind and checks all of it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        format::decode(bytes)
    }

    /// The compact file. The same model always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Clicks(model) => model.to_bytes(),
            Self::Features(model) => model.to_bytes(),
            Self::Table(model) => model.to_bytes(),
        }
    }

    /// Writes the margins of many rows of what the trees take, which for rows with an encoder is what that makes of
    /// them: otherwise as [`FeatureModel::margins`].
    pub fn margins(&self, rows: &[f32], out: &mut [f32]) {
        match self {
            Self::Clicks(model) => model.margins(rows, out),
            Self::Features(model) => model.margins(rows, out),
            Self::Table(model) => model.margins(rows, out),
        }
    }

    /// Turns the margins of many rows into their outputs, row after row: those of [`Model::probability`], or as many for
    /// each row as [`FeatureModel::outputs`].
    pub fn outputs(&self, margins: &[f32], out: &mut [f32]) {
        match self.calibration() {
            Some(calibration) => {
                for (margin, out) in margins.iter().zip(out) {
                    *out = calibration.probability(*margin);
                }
            }
            None => {
                let ensemble = self.ensemble();
                ensemble.objective().apply_rows(ensemble.groups(), margins, out);
            }
        }
    }

    /// How margins become probabilities, where that is not by the objective alone.
    pub fn calibration(&self) -> Option<&Calibration> {
        match self {
            Self::Clicks(model) => model.calibration(),
            Self::Features(_) => None,
            Self::Table(model) => model.calibration(),
        }
    }

    /// The trees.
    pub fn ensemble(&self) -> &Ensemble {
        match self {
            Self::Clicks(model) => model.ensemble(),
            Self::Features(model) => model.ensemble(),
            Self::Table(model) => model.ensemble(),
        }
    }

    /// Where it comes from.
    pub fn provenance(&self) -> &Provenance {
        match self {
            Self::Clicks(model) => model.provenance(),
            Self::Features(model) => model.provenance(),
            Self::Table(model) => model.provenance(),
        }
    }
}
