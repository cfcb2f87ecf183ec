//! The crate `gbdt`: pure Rust, slow, and written by nobody who wrote ours or XGBoost's.
//!
//! It does two jobs. [`train`] is the engine for machines without a C++ compiler. [`reference_margins`] is a
//! second opinion on every model XGBoost trained: an export must agree with it bit for bit.
//!
//! `gbdt` boosts `F`, half the log odds, with labels −1 and 1: its probability is `1 / (1 + exp(−2F))`. So
//! our margin is `2F`, and doubling is exact in `f32`: the converted ensemble's margin has exactly the bits of
//! `2F`, and the probabilities differ by the two `exp` implementations alone (at most 2 units in the last
//! place).

mod convert;
mod reference;
pub mod saved;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use gbdt::config::Loss;
use gbdt::decision_tree::{Data, DataVec, DecisionTree, TrainingCache};
use gbdt::fitness::logit_loss_gradient;
use model_export::{Ensemble, EnsembleError};
use thiserror::Error;

pub use reference::reference_margins;

/// What stands for a missing value in `gbdt`'s own model. Its training mishandles values it knows to be
/// missing (they keep stale predictions), so they are made smaller than anything observed: they always go
/// left.
pub const MISSING: f32 = -1e30;

/// How to train. The defaults finish 88,000 rows of 65 features in about a minute.
#[derive(Clone, Debug, PartialEq)]
pub struct GbdtConfig {
    /// Trees at most.
    pub max_rounds: u32,
    /// Step size, above 0 and at most 1.
    pub eta: f32,
    /// Levels below a root.
    pub max_depth: u32,
    /// A node of no more rows is not split.
    pub min_leaf: usize,
    /// Share of the rows each tree is grown on, above 0 and at most 1.
    pub subsample: f64,
    /// Ends after this many rounds without a lower validation logloss and keeps the trees up to the best
    /// round. 0 trains and keeps all rounds.
    pub early_stopping_rounds: u32,
    /// Decides which rows each tree sees.
    pub seed: u64,
}

impl Default for GbdtConfig {
    fn default() -> Self {
        Self {
            max_rounds: 60,
            eta: 0.2,
            max_depth: 5,
            min_leaf: 50,
            subsample: 0.5,
            early_stopping_rounds: 8,
            seed: 0,
        }
    }
}

/// The loss after a round, on all rows of each set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// From 0.
    pub index: u32,
    /// Mean negative log likelihood, natural logarithm.
    pub train_logloss: f64,
    /// As above.
    pub valid_logloss: f64,
}

/// A trained model.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The trees as everything else of ClickLeaf reads them.
    pub ensemble: Ensemble,
    /// The same model as `gbdt` saves it: `GBDT::load_model` reads it. Give it [`MISSING`] for NaN.
    pub model_json: Vec<u8>,
    /// Index of the last round kept.
    pub best_round: u32,
    /// Validation logloss of that round.
    pub best_logloss: f64,
    /// Rounds trained, kept or not.
    pub rounds: u32,
}

/// Why `gbdt` was not asked, or what it answered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GbdtError {
    /// A setting is out of its range.
    #[error("{0}")]
    Config(&'static str),
    /// The lengths of features, labels and columns do not fit, or there are no rows.
    #[error("{features} values and {labels} labels for {columns} columns")]
    Shape {
        /// Feature values given.
        features: usize,
        /// Labels given.
        labels: usize,
        /// Features per row.
        columns: usize,
    },
    /// A feature is infinite, or no larger than what stands for a missing value.
    #[error("row {row}, column {column}: the value {value} cannot be represented")]
    Value {
        /// From 0.
        row: usize,
        /// From 0.
        column: usize,
        /// The value.
        value: f32,
    },
    /// A label is neither 0 nor 1.
    #[error("row {row}: the label {label} is neither 0 nor 1")]
    Label {
        /// From 0.
        row: usize,
        /// The label.
        label: f32,
    },
    /// The training rows are all clicks, or none is.
    #[error("the training rows have one class only")]
    OneClass,
    /// The callback asked for the end.
    #[error("training was cancelled")]
    Cancelled,
    /// A dump of a tree cannot be used.
    #[error("tree {tree}: {problem}")]
    Dump {
        /// From 0.
        tree: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// `gbdt` refused a model.
    #[error("gbdt refuses the dumped trees")]
    Gbdt(#[from] gbdt::errors::GbdtError),
    /// A model could not be read or written as JSON.
    #[error("gbdt's model")]
    Json(#[from] serde_json::Error),
    /// The trees are no ensemble.
    #[error(transparent)]
    Ensemble(#[from] EnsembleError),
}

/// Trains on `(features, labels)`: features row by row, `columns` per row, NaN = missing; labels 0 or 1.
///
/// `on_round` hears of every round; `Break` ends with [`GbdtError::Cancelled`]. Equal input gives an equal
/// model.
pub fn train(
    config: &GbdtConfig,
    train: (&[f32], &[f32]),
    valid: (&[f32], &[f32]),
    columns: usize,
    on_round: &mut dyn FnMut(Round) -> ControlFlow<()>,
) -> Result<Trained, GbdtError> {
    check(config)?;
    let mut train = Set::new(train.0, train.1, columns)?;
    let mut valid = Set::new(valid.0, valid.1, columns)?;
    let bias = train.bias()?;
    train.start(bias);
    valid.start(bias);
    let mut cache = TrainingCache::get_cache(columns, &train.rows, 2);
    let mut trees = Vec::new();
    let (mut best_round, mut best_logloss) = (0, f64::INFINITY);
    for index in 0..config.max_rounds {
        train.set_targets();
        let mut tree = empty_tree(config, columns);
        let subset = sample(config, index, train.rows.len());
        tree.fit_n(&train.rows, &subset, &mut cache);
        train.add(&tree, config.eta);
        valid.add(&tree, config.eta);
        trees.push(tree);
        let round = Round {
            index,
            train_logloss: train.logloss(),
            valid_logloss: valid.logloss(),
        };
        if on_round(round).is_break() {
            return Err(GbdtError::Cancelled);
        }
        if round.valid_logloss < best_logloss || config.early_stopping_rounds == 0 {
            (best_round, best_logloss) = (index, round.valid_logloss);
        } else if index - best_round >= config.early_stopping_rounds {
            break;
        }
    }
    let rounds = trees.len() as u32;
    trees.truncate(best_round as usize + 1);
    let ensemble = convert::ensemble(&trees, bias, config.eta, columns)?;
    let model_json = convert::model_json(&trees, bias, config, columns)?;
    Ok(Trained {
        ensemble,
        model_json,
        best_round,
        best_logloss,
        rounds,
    })
}

/// Rows in `gbdt`'s form and the `F` of each after the trees so far.
struct Set {
    rows: DataVec,
    predictions: Vec<f32>,
}

impl Set {
    fn new(features: &[f32], labels: &[f32], columns: usize) -> Result<Self, GbdtError> {
        if columns == 0 || labels.is_empty() || labels.len().checked_mul(columns) != Some(features.len()) {
            return Err(GbdtError::Shape {
                features: features.len(),
                labels: labels.len(),
                columns,
            });
        }
        let mut rows = Vec::with_capacity(labels.len());
        for (row, (values, label)) in features.chunks_exact(columns).zip(labels).enumerate() {
            let unfit = |value: &f32| value.is_infinite() || *value <= MISSING;
            if let Some(column) = values.iter().position(unfit) {
                return Err(GbdtError::Value {
                    row,
                    column,
                    value: values[column],
                });
            }
            if *label != 0.0 && *label != 1.0 {
                return Err(GbdtError::Label { row, label: *label });
            }
            let values = values
                .iter()
                .map(|value| if value.is_nan() { MISSING } else { *value })
                .collect();
            rows.push(Data::new_training_data(values, 1.0, 2.0 * label - 1.0, None));
        }
        Ok(Self {
            rows,
            predictions: Vec::new(),
        })
    }

    /// Half the log odds of a click.
    fn bias(&self) -> Result<f32, GbdtError> {
        let clicks = self.rows.iter().filter(|row| row.label > 0.0).count();
        if clicks == 0 || clicks == self.rows.len() {
            return Err(GbdtError::OneClass);
        }
        let odds = clicks as f64 / (self.rows.len() - clicks) as f64;
        Ok((0.5 * libm::log(odds)) as f32)
    }

    fn start(&mut self, bias: f32) {
        self.predictions = vec![bias; self.rows.len()];
    }

    fn set_targets(&mut self) {
        for (row, prediction) in self.rows.iter_mut().zip(&self.predictions) {
            row.target = logit_loss_gradient(row.label, *prediction);
        }
    }

    fn add(&mut self, tree: &DecisionTree, eta: f32) {
        for (prediction, value) in self.predictions.iter_mut().zip(tree.predict(&self.rows)) {
            *prediction += eta * value;
        }
    }

    fn logloss(&self) -> f64 {
        let losses = self.rows.iter().zip(&self.predictions).map(|(row, prediction)| {
            let agreement = 2.0 * f64::from(row.label) * f64::from(*prediction);
            if agreement > 0.0 {
                libm::log1p(libm::exp(-agreement))
            } else {
                libm::log1p(libm::exp(agreement)) - agreement
            }
        });
        losses.sum::<f64>() / self.rows.len() as f64
    }
}

fn check(config: &GbdtConfig) -> Result<(), GbdtError> {
    let refused = if config.max_rounds == 0 {
        "max_rounds is 0"
    } else if !(config.eta > 0.0 && config.eta <= 1.0) {
        "eta is not in (0, 1]"
    } else if !(1..=32).contains(&config.max_depth) {
        "max_depth is not in 1..=32"
    } else if !(config.subsample > 0.0 && config.subsample <= 1.0) {
        "subsample is not in (0, 1]"
    } else {
        return Ok(());
    };
    Err(GbdtError::Config(refused))
}

fn empty_tree(config: &GbdtConfig, columns: usize) -> DecisionTree {
    let mut tree = DecisionTree::new();
    tree.set_feature_size(columns);
    tree.set_max_depth(config.max_depth);
    tree.set_min_leaf_size(config.min_leaf);
    tree.set_loss(Loss::LogLikelyhood);
    tree
}

/// The rows a round's tree is grown on: each with the probability `subsample`, by SplitMix64.
fn sample(config: &GbdtConfig, round: u32, rows: usize) -> Vec<usize> {
    let stream = mix(config.seed ^ mix(u64::from(round)));
    let chosen = |row: &usize| {
        let uniform = (mix(stream.wrapping_add(*row as u64)) >> 11) as f64 / (1u64 << 53) as f64;
        uniform < config.subsample
    };
    (0..rows).filter(chosen).collect()
}

fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
