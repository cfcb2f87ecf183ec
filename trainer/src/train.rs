//! Step 3: encoded rows to a booster, with early stopping.

mod gbdt;
mod margins;
mod params;
#[cfg(feature = "xgboost")]
mod xgboost_engine;

use std::collections::BTreeMap;

use registry::Engine;
use serde::{Deserialize, Serialize};

pub use margins::EngineMargins;
pub use params::{ParamsError, TrainParams};

use crate::calibrate::{Calibrated, CalibrationConfig, CalibrationConfigError, calibrate};
use crate::cancel::{CancelToken, Cancelled};
use crate::encoded_file::EncodedFile;
use crate::metrics::MetricsError;
use crate::now_ms;
use crate::process::ProcessError;
use crate::progress::{Progress, Step};
use crate::split::Split;

/// What is to be trained, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// Who grows the trees.
    pub engine: Engine,
    /// How.
    pub params: TrainParams,
    /// How its margins become probabilities.
    #[serde(default)]
    pub calibration: CalibrationConfig,
}

/// The metrics after one round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// From 0.
    pub round: u32,
    /// Logloss on the training rows.
    pub train_logloss: f64,
    /// Logloss on the early-stopping rows.
    pub validation_logloss: f64,
}

/// A trained booster: its trees end with the best round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trained {
    /// Who grew the trees.
    pub engine: Engine,
    /// That library and its version, such as `xgboost 3.4.1`.
    pub engine_version: String,
    /// The booster's bytes: UBJSON of XGBoost, or the gbdt crate's JSON.
    #[serde(skip)]
    pub booster: Vec<u8>,
    /// Every round that was trained.
    pub curve: Vec<Round>,
    /// The round with the least validation logloss, from 0.
    pub best_iteration: u32,
    /// Rounds that the booster has: up to the best one, or those of the refit.
    pub rounds: u32,
    /// How margins become probabilities, by the rows that early stopping went by.
    pub calibrated: Calibrated,
    /// Whether training and early-stopping rows made the booster.
    pub refit: bool,
    /// The params as the engine got them, and those of early stopping.
    pub params: BTreeMap<String, String>,
    /// When training began.
    pub started_at_ms: i64,
    /// When it ended.
    pub ended_at_ms: i64,
}

/// Training that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A param that may not be set, or has no such value.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// The engine refused or failed.
    #[error("{engine}: {message}")]
    Engine {
        /// `xgboost` or `gbdt`.
        engine: &'static str,
        /// Its own message.
        message: String,
    },
    /// This program was built without the engine.
    #[error("this program was built without XGBoost: use --engine gbdt")]
    NoXgboost,
    /// How margins become probabilities can't be found.
    #[error("the early-stopping rows calibrate nothing")]
    Calibration(#[from] MetricsError),
    /// Calibration is configured as it can't be.
    #[error(transparent)]
    CalibrationConfig(#[from] CalibrationConfigError),
    /// The encoded rows can't be read.
    #[error("{path}: can't be read")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The rows can't be encoded for a refit.
    #[error(transparent)]
    Process(ProcessError),
    /// Stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<ProcessError> for TrainError {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Cancelled(cancelled) => TrainError::Cancelled(cancelled),
            error => TrainError::Process(error),
        }
    }
}

impl Trained {
    /// The best round's metrics.
    pub fn best(&self) -> Round {
        self.curve[self.best_iteration as usize]
    }

    /// The booster's file name in a model directory.
    pub fn booster_file(&self) -> &'static str {
        booster_file(self.engine)
    }
}

/// What a booster of this engine is called in a model directory.
pub fn booster_file(engine: Engine) -> &'static str {
    match engine {
        Engine::Xgboost => "model.ubj",
        Engine::Gbdt => "model.gbdt.json",
    }
}

/// The engine's name, as the command line and the registry know it.
pub fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Xgboost => "xgboost",
        Engine::Gbdt => "gbdt",
    }
}

/// Trains on the training rows until the early-stopping rows' logloss no longer falls. `on_round` hears of every
/// round as it ends. A cancelled token ends training after the round under way. Blocking.
pub fn train(
    encoded: &EncodedFile,
    split: &Split,
    config: &TrainConfig,
    on_round: &mut dyn FnMut(Round),
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<Trained, TrainError> {
    config.params.check()?;
    config.calibration.check()?;
    let started_at_ms = now_ms();
    progress.start(Step::Train, Some(u64::from(config.params.rounds)));
    let mut watch = Watch {
        best: None,
        patience: config.params.early_stopping_rounds,
        curve: Vec::new(),
    };
    let mut report = |round: Round| -> Result<bool, Cancelled> {
        on_round(round);
        let go_on = watch.see(round);
        let best = watch.best.unwrap_or(round);
        progress.advance(
            u64::from(round.round) + 1,
            &format!(
                "round {}: validation logloss {:.5}, best {:.5} in round {}",
                round.round, round.validation_logloss, best.validation_logloss, best.round
            ),
        );
        cancel.check()?;
        Ok(go_on)
    };
    let grown = match config.engine {
        #[cfg(feature = "xgboost")]
        Engine::Xgboost => xgboost_engine::train(encoded, split, &config.params, &mut report)?,
        #[cfg(not(feature = "xgboost"))]
        Engine::Xgboost => return Err(TrainError::NoXgboost),
        Engine::Gbdt => gbdt::train(encoded, split, &config.params, &mut report)?,
    };
    let best_iteration = watch.best.map_or(0, |best| best.round);
    let booster = (grown.booster_of_rounds)(best_iteration + 1)?;
    let calibrated = calibrate(
        &stop_margins(encoded, split, config.engine, &booster)?,
        &config.calibration,
    )?;
    let trained = Trained {
        engine: config.engine,
        engine_version: grown.engine_version,
        booster,
        calibrated,
        curve: watch.curve,
        best_iteration,
        rounds: best_iteration + 1,
        refit: false,
        params: grown.params,
        started_at_ms,
        ended_at_ms: now_ms(),
    };
    progress.finish(&format!(
        "best of {} rounds is {best_iteration}: validation logloss {:.5}",
        trained.curve.len(),
        trained.best().validation_logloss
    ));
    Ok(trained)
}

/// Trains once more on training and early-stopping rows, which `encoded` has out of fold, with the rounds that early
/// stopping found best, and more in proportion to the rows. Blocking.
#[cfg(feature = "xgboost")]
pub fn refit(
    encoded: &EncodedFile,
    split: &Split,
    first: Trained,
    params: &TrainParams,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<Trained, TrainError> {
    let rounds = refit_rounds(first.rounds, split);
    let split = Split {
        train: 0..split.stop.end,
        ..split.clone()
    };
    progress.start(Step::Train, Some(u64::from(rounds)));
    let params = TrainParams {
        rounds,
        ..params.clone()
    };
    let mut report = |round: Round| -> Result<bool, Cancelled> {
        let done = round.round + 1;
        progress.advance(
            u64::from(done),
            &format!("round {done}: on early-stopping rows too"),
        );
        cancel.check().map(|()| true)
    };
    let grown = xgboost_engine::train(encoded, &split, &params, &mut report)?;
    let refitted = Trained {
        booster: (grown.booster_of_rounds)(rounds)?,
        rounds,
        refit: true,
        ended_at_ms: now_ms(),
        ..first
    };
    progress.finish(&format!(
        "trained again on {} rows, {rounds} rounds",
        split.train.end
    ));
    Ok(refitted)
}

/// Margins and labels of the early-stopping rows.
fn stop_margins(
    encoded: &EncodedFile,
    split: &Split,
    engine: Engine,
    booster: &[u8],
) -> Result<Vec<(f32, bool)>, TrainError> {
    let engine = EngineMargins::load(engine, booster, encoded.width)?;
    let mut batches = encoded.batches(split.stop.clone()).map_err(file_error(encoded))?;
    let (mut features, mut labels, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    while batches
        .read(&mut features, &mut labels)
        .map_err(file_error(encoded))?
    {
        let margins = engine.margins(&features)?;
        rows.extend(margins.into_iter().zip(labels.iter().map(|label| *label > 0.5)));
    }
    Ok(rows)
}

/// As many rounds a row as before.
#[cfg(feature = "xgboost")]
fn refit_rounds(rounds: u32, split: &Split) -> u32 {
    let scaled = u64::from(rounds) * split.stop.end / split.train.end;
    u32::try_from(scaled).unwrap_or(u32::MAX)
}

/// What an engine hands back: the trees of all rounds, cut to the first so many on demand.
struct Grown<'a> {
    engine_version: String,
    params: BTreeMap<String, String>,
    booster_of_rounds: Box<dyn FnOnce(u32) -> Result<Vec<u8>, TrainError> + 'a>,
}

/// Early stopping: remembers the best round and tells when too many have passed since.
struct Watch {
    best: Option<Round>,
    patience: u32,
    curve: Vec<Round>,
}

impl Watch {
    /// False when training should stop.
    fn see(&mut self, round: Round) -> bool {
        self.curve.push(round);
        match self.best {
            Some(best) if round.validation_logloss >= best.validation_logloss => {
                round.round - best.round < self.patience
            }
            _ => {
                self.best = Some(round);
                true
            }
        }
    }
}

fn file_error(encoded: &EncodedFile) -> impl Fn(std::io::Error) -> TrainError + '_ {
    |source| TrainError::File {
        path: encoded.path.display().to_string(),
        source,
    }
}
