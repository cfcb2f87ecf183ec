//! A model as `gbdt` saved it, read back: as an [`Ensemble`], and evaluated by `gbdt` itself.

use gbdt::config::Loss;
use gbdt::decision_tree::{Data, DecisionTree};
use gbdt::gradient_boost::GBDT;
use model_export::Ensemble;
use serde::Deserialize;

use super::{GbdtError, MISSING, convert};

#[derive(Deserialize)]
struct ModelForm {
    conf: ConfigForm,
    trees: Vec<DecisionTree>,
    bias: f32,
}

#[derive(Deserialize)]
struct ConfigForm {
    feature_size: usize,
    shrinkage: f32,
}

/// The trees of a model that [`super::train`] saved as `model_json`.
pub fn import(model_json: &[u8]) -> Result<Ensemble, GbdtError> {
    let model: ModelForm = serde_json::from_slice(model_json)?;
    convert::ensemble(
        &model.trees,
        model.bias,
        model.conf.shrinkage,
        model.conf.feature_size,
    )
}

/// A saved model, ready for [`SavedModel::margins`].
pub struct SavedModel(GBDT);

impl SavedModel {
    /// Reads a model that [`super::train`] saved as `model_json`.
    pub fn load(model_json: &[u8]) -> Result<Self, GbdtError> {
        let mut model: serde_json::Value = serde_json::from_slice(model_json)?;
        // Under this loss `predict` leaves `F` as it is.
        model["conf"]["loss"] = serde_json::to_value(Loss::SquaredError)?;
        Ok(Self(serde_json::from_value(model)?))
    }

    /// The margin `2F` of each row by `gbdt`'s own evaluation: `columns` values per row, NaN = missing.
    pub fn margins(&self, rows: &[f32], columns: usize) -> Vec<f32> {
        let known = |value: &f32| if value.is_nan() { MISSING } else { *value };
        let data = rows
            .chunks_exact(columns)
            .map(|row| Data::new_test_data(row.iter().map(known).collect(), None));
        self.0
            .predict(&data.collect())
            .into_iter()
            .map(|f| 2.0 * f)
            .collect()
    }
}
