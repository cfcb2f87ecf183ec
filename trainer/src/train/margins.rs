//! What the engine that grew the trees says of encoded rows: the judge of every export.

use registry::Engine;

use super::TrainError;
use crate::gbdt_engine::saved::SavedModel;

/// A saved booster, evaluated by the library that made it.
pub struct EngineMargins {
    booster: Booster,
    width: usize,
}

enum Booster {
    #[cfg(feature = "xgboost")]
    Xgboost(xgboost::Booster),
    Gbdt(SavedModel),
}

impl EngineMargins {
    /// Reads a booster that [`super::train`] made; rows have `width` features.
    pub fn load(engine: Engine, booster: &[u8], width: usize) -> Result<Self, TrainError> {
        let booster = match engine {
            #[cfg(feature = "xgboost")]
            Engine::Xgboost => Booster::Xgboost(xgboost::Booster::load(booster).map_err(xgboost_error)?),
            #[cfg(not(feature = "xgboost"))]
            Engine::Xgboost => return Err(TrainError::NoXgboost),
            Engine::Gbdt => Booster::Gbdt(SavedModel::load(booster).map_err(gbdt_error)?),
        };
        Ok(Self { booster, width })
    }

    /// The engine's name.
    pub fn name(&self) -> &'static str {
        match self.booster {
            #[cfg(feature = "xgboost")]
            Booster::Xgboost(_) => "xgboost",
            Booster::Gbdt(_) => "gbdt",
        }
    }

    /// The margin of each row of `features` (row by row, NaN = missing).
    pub fn margins(&self, features: &[f32]) -> Result<Vec<f32>, TrainError> {
        match &self.booster {
            #[cfg(feature = "xgboost")]
            Booster::Xgboost(booster) => {
                let matrix = xgboost::DMatrix::from_dense(features, features.len() / self.width, self.width);
                matrix
                    .and_then(|matrix| booster.predict_margins(&matrix))
                    .map_err(xgboost_error)
            }
            Booster::Gbdt(model) => Ok(model.margins(features, self.width)),
        }
    }

    /// The margins by the gbdt crate's own reading of XGBoost's trees; `None` for a booster of gbdt, whose
    /// [`EngineMargins::margins`] are those already.
    pub fn reference_margins(
        &self,
        base_margin: f32,
        features: &[f32],
    ) -> Result<Option<Vec<f32>>, TrainError> {
        match &self.booster {
            #[cfg(feature = "xgboost")]
            Booster::Xgboost(booster) => {
                let dumps = booster.dump_json().map_err(xgboost_error)?;
                let margins =
                    crate::gbdt_engine::reference_margins(&dumps, base_margin, features, self.width);
                margins.map(Some).map_err(gbdt_error)
            }
            Booster::Gbdt(_) => {
                let _ = (base_margin, features);
                Ok(None)
            }
        }
    }
}

#[cfg(feature = "xgboost")]
fn xgboost_error(error: xgboost::XGBoostError) -> TrainError {
    TrainError::Engine {
        engine: "xgboost",
        message: error.to_string(),
    }
}

fn gbdt_error(error: crate::gbdt_engine::GbdtError) -> TrainError {
    TrainError::Engine {
        engine: "gbdt",
        message: crate::error_chain(&error),
    }
}
