//! A model whose rows are already features: trees and provenance, without an encoder.
//!
//! Invariant: there is a name for every feature or for none.

use std::collections::BTreeMap;

use crate::ensemble::Ensemble;
use crate::format::{self, FormatError};
use crate::model::Model;
use crate::provenance::Provenance;

/// Trees over numbered features, such as any model that XGBoost saved.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureModel {
    ensemble: Ensemble,
    feature_names: Vec<String>,
    provenance: Provenance,
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
        // A map as provenances have it: a general sort would be several times the code in a page.
        let mut seen = BTreeMap::new();
        for name in &feature_names {
            if seen.insert(name.clone(), String::new()).is_some() {
                return Err(FormatError::SameName { name: name.clone() });
            }
        }
        provenance.check()?;
        Ok(Self {
            ensemble,
            feature_names,
            provenance,
        })
    }

    /// The compact file, which [`ModelFile::from_bytes`] reads. The same model always gives the same bytes.
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
}

/// What a compact file may hold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ModelFile {
    /// Predicts from the 39 columns of a Criteo row.
    Clicks(Box<Model>),
    /// Predicts from features.
    Features(Box<FeatureModel>),
}

impl ModelFile {
    /// Reads a compact file of either kind and checks all of it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        format::decode(bytes)
    }

    /// The compact file. The same model always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Clicks(model) => model.to_bytes(),
            Self::Features(model) => model.to_bytes(),
        }
    }

    /// The trees.
    pub fn ensemble(&self) -> &Ensemble {
        match self {
            Self::Clicks(model) => model.ensemble(),
            Self::Features(model) => model.ensemble(),
        }
    }

    /// Where it comes from.
    pub fn provenance(&self) -> &Provenance {
        match self {
            Self::Clicks(model) => model.provenance(),
            Self::Features(model) => model.provenance(),
        }
    }
}
