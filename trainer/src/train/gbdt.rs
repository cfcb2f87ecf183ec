//! Training by the crate `gbdt`, whose rows must fit in memory.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use super::{Grown, Round, TrainError, TrainParams, file_error};
use crate::cancel::Cancelled;
use crate::encoded_file::EncodedFile;
use crate::gbdt_engine::{self, GbdtConfig, GbdtError};
use crate::split::Split;

/// The crate's version, as the workspace's manifest pins it.
const ENGINE_VERSION: &str = "gbdt 0.1.3";

/// Boosts until `report` says stop.
pub(super) fn train(
    encoded: &EncodedFile,
    split: &Split,
    params: &TrainParams,
    report: &mut dyn FnMut(Round) -> Result<bool, Cancelled>,
) -> Result<Grown<'static>, TrainError> {
    if let Some(name) = params.other.keys().next() {
        return Err(engine(format!("there is no param {name}")));
    }
    if params.refit {
        return Err(engine("there is no refit".to_owned()));
    }
    if params.num_parallel_tree != 1 {
        return Err(engine("a round has one tree".to_owned()));
    }
    let config = GbdtConfig {
        max_rounds: params.rounds,
        eta: params.eta as f32,
        max_depth: params.max_depth,
        min_leaf: params.min_child_weight.ceil() as usize,
        subsample: params.subsample,
        early_stopping_rounds: params.early_stopping_rounds,
        seed: params.seed,
    };
    let (train, train_labels) = load(encoded, split.train.clone())?;
    let (stop, stop_labels) = load(encoded, split.stop.clone())?;
    let mut cancelled = None;
    let mut on_round = |round: gbdt_engine::Round| {
        let (train_logloss, validation_logloss) = (round.train_logloss, round.valid_logloss);
        match report(Round {
            round: round.index,
            train_logloss,
            validation_logloss,
        }) {
            Ok(_) => ControlFlow::Continue(()),
            Err(reason) => {
                cancelled = Some(reason);
                ControlFlow::Break(())
            }
        }
    };
    let rows = ((&train[..], &train_labels[..]), (&stop[..], &stop_labels[..]));
    let trained = match gbdt_engine::train(&config, rows.0, rows.1, encoded.width, &mut on_round) {
        Ok(trained) => trained,
        Err(GbdtError::Cancelled) => return Err(cancelled.unwrap_or(Cancelled).into()),
        Err(error) => return Err(engine(crate::error_chain(&error))),
    };
    let best_round = trained.best_round;
    Ok(Grown {
        engine_version: ENGINE_VERSION.to_owned(),
        params: given(params),
        booster_of_rounds: Box::new(move |rounds| {
            if rounds != best_round + 1 {
                return Err(engine(format!(
                    "gbdt kept {} rounds, not {rounds}",
                    best_round + 1
                )));
            }
            Ok(trained.model_json)
        }),
    })
}

/// The params that gbdt knows.
fn given(params: &TrainParams) -> BTreeMap<String, String> {
    let known = [
        "eta",
        "max_depth",
        "min_child_weight",
        "subsample",
        "rounds",
        "early_stopping_rounds",
        "seed",
    ];
    params
        .named()
        .into_iter()
        .filter(|(name, _)| known.contains(&name.as_str()))
        .collect()
}

fn load(encoded: &EncodedFile, range: Range<u64>) -> Result<(Vec<f32>, Vec<f32>), TrainError> {
    let mut batches = encoded.batches(range).map_err(file_error(encoded))?;
    let (mut all_features, mut all_labels) = (Vec::new(), Vec::new());
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    while batches
        .read(&mut features, &mut labels)
        .map_err(file_error(encoded))?
    {
        all_features.append(&mut features);
        all_labels.append(&mut labels);
    }
    Ok((all_features, all_labels))
}

fn engine(error: impl ToString) -> TrainError {
    TrainError::Engine {
        engine: "gbdt",
        message: error.to_string(),
    }
}
