//! Which features matter: by the engine's splits, and by Shapley values of test rows.

use registry::Engine;
use report::{FeatureImportance, Importance};

use crate::cancel::{CancelToken, Cancelled};
use crate::data_row::DataRow;
use crate::export::ExportedModel;
use crate::pipeline::Inputs;
use crate::train::TrainError;

/// Test rows at most whose Shapley values are computed.
const SAMPLE_ROWS: u64 = 2_000;

/// Absolute Shapley values, added up over test rows at equal distances.
pub(super) struct Sample<'a> {
    model: &'a ExportedModel,
    every: u64,
    seen: u64,
    explained: u64,
    features: Vec<f32>,
    contributions: Vec<f32>,
    sums: Vec<f64>,
}

impl<'a> Sample<'a> {
    /// Of so many test rows.
    pub(super) fn new(model: &'a ExportedModel, test_rows: u64) -> Self {
        let width = model.ensemble().features();
        Self {
            model,
            every: test_rows.div_ceil(SAMPLE_ROWS).max(1),
            seen: 0,
            explained: 0,
            features: vec![0.0; model.encoder().width()],
            contributions: vec![0.0; width + 1],
            sums: vec![0.0; width],
        }
    }

    /// Takes the next test row. A file without covers explains nothing.
    pub(super) fn see(&mut self, row: &DataRow, cancel: &CancelToken) -> Result<(), Cancelled> {
        let taken = self.seen.is_multiple_of(self.every);
        self.seen += 1;
        if !taken {
            return Ok(());
        }
        cancel.check()?;
        row.encode(self.model.encoder(), &mut self.features);
        let ensemble = self.model.ensemble();
        if ensemble
            .contributions(&self.features, 0, &mut self.contributions)
            .is_ok()
        {
            self.explained += 1;
            for (sum, value) in self.sums.iter_mut().zip(&self.contributions) {
                *sum += f64::from(value.abs());
            }
        }
        Ok(())
    }
}

/// All features in the encoder's order.
pub(super) fn importance(
    inputs: &Inputs<'_>,
    model: &ExportedModel,
    sample: Sample<'_>,
) -> Result<Importance, TrainError> {
    let mut features: Vec<FeatureImportance> = model
        .encoder()
        .feature_names()
        .into_iter()
        .zip(&sample.sums)
        .map(|(name, sum)| FeatureImportance {
            name,
            mean_shap: (sample.explained > 0).then(|| sum / sample.explained as f64),
            ..FeatureImportance::default()
        })
        .collect();
    match inputs.trained.engine {
        Engine::Xgboost => of_splits(&inputs.trained.booster, &mut features)?,
        Engine::Gbdt => {
            let splits = model.ensemble().summary().splits_by_feature;
            for (feature, splits) in features.iter_mut().zip(splits) {
                feature.weight = Some(splits as u64);
            }
        }
    }
    Ok(Importance {
        shap_rows: sample.explained,
        features,
    })
}

/// What XGBoost says of its own trees.
#[cfg(feature = "xgboost")]
fn of_splits(booster: &[u8], features: &mut [FeatureImportance]) -> Result<(), TrainError> {
    use xgboost::{Booster, Importance, XGBoostError};

    let scores = || -> Result<[Vec<f32>; 3], XGBoostError> {
        let booster = Booster::load(booster)?;
        Ok([
            booster.feature_scores(Importance::Gain)?,
            booster.feature_scores(Importance::Cover)?,
            booster.feature_scores(Importance::Weight)?,
        ])
    };
    let [gains, covers, weights] = scores().map_err(|error| TrainError::Engine {
        engine: "xgboost",
        message: error.to_string(),
    })?;
    for (index, feature) in features.iter_mut().enumerate() {
        let weight = weights.get(index).copied().unwrap_or(0.0);
        feature.weight = Some(weight as u64);
        if weight > 0.0 {
            feature.gain = gains.get(index).copied().map(f64::from);
            feature.cover = covers.get(index).copied().map(f64::from);
        }
    }
    Ok(())
}

#[cfg(not(feature = "xgboost"))]
fn of_splits(_: &[u8], _: &mut [FeatureImportance]) -> Result<(), TrainError> {
    Err(TrainError::NoXgboost)
}
