//! Training by XGBoost: hist, binary:logistic.

use std::collections::BTreeMap;

use xgboost::{Booster, XGBoostError, quantile_dmatrix};

use super::{Grown, Round, TrainError, TrainParams, file_error};
use crate::cancel::Cancelled;
use crate::encoded_file::EncodedFile;
use crate::split::Split;

/// Boosts until `report` says stop.
pub(super) fn train(
    encoded: &EncodedFile,
    split: &Split,
    params: &TrainParams,
    report: &mut dyn FnMut(Round) -> Result<bool, Cancelled>,
) -> Result<Grown<'static>, TrainError> {
    let (columns, max_bin, nthread) = (encoded.width, params.max_bin, params.nthread);
    let mut train_rows = encoded
        .batches(split.train.clone())
        .map_err(file_error(encoded))?;
    let train = quantile_dmatrix(&mut train_rows, columns, max_bin, nthread, None).map_err(engine)?;
    let mut stop_rows = encoded.batches(split.stop.clone()).map_err(file_error(encoded))?;
    let stop = quantile_dmatrix(&mut stop_rows, columns, max_bin, nthread, Some(&train)).map_err(engine)?;

    let params_given = given(params);
    let pairs: Vec<(&str, &str)> = params_given
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let mut booster = Booster::new(&pairs, &[&train, &stop]).map_err(engine)?;
    for round in 0..params.rounds {
        booster.update(round, &train).map_err(engine)?;
        let metrics = booster
            .evaluate(round, &[(&train, "train"), (&stop, "validation")])
            .map_err(engine)?;
        let [(_, train_logloss), (_, validation_logloss)] = metrics[..] else {
            return Err(engine(format!(
                "expected two metrics of round {round}, got {metrics:?}"
            )));
        };
        if !report(Round {
            round,
            train_logloss,
            validation_logloss,
        })? {
            break;
        }
    }
    let (major, minor, patch) = xgboost::version();
    Ok(Grown {
        engine_version: format!("xgboost {major}.{minor}.{patch}"),
        params: params.named().into_iter().chain(params_given).collect(),
        booster_of_rounds: Box::new(move |rounds| {
            let cut = || -> Result<Vec<u8>, XGBoostError> {
                let mut best = booster.slice(0, rounds)?;
                best.set_attr("best_iteration", &(rounds - 1).to_string())?;
                best.save_ubj()
            };
            cut().map_err(engine)
        }),
    })
}

/// The params as XGBoost gets them.
fn given(params: &TrainParams) -> BTreeMap<String, String> {
    let mut given = params.named();
    // They are for the loop above and not XGBoost's.
    given.remove("rounds");
    given.remove("early_stopping_rounds");
    given.remove("refit");
    for (name, value) in [
        ("booster", "gbtree"),
        ("objective", "binary:logistic"),
        ("eval_metric", "logloss"),
        ("tree_method", "hist"),
        ("verbosity", "0"),
    ] {
        given.insert(name.to_owned(), value.to_owned());
    }
    given
}

fn engine(error: impl ToString) -> TrainError {
    TrainError::Engine {
        engine: "xgboost",
        message: error.to_string(),
    }
}
