//! The params of training, by XGBoost's names.

use std::collections::BTreeMap;

use registry::Engine;
use serde::{Deserialize, Serialize};

/// Params that decide what the exported model is; they are not a user's to set.
const FIXED: &[&str] = &[
    "base_score",
    "booster",
    "disable_default_eval_metric",
    "eval_metric",
    "multi_strategy",
    "num_class",
    "objective",
    "process_type",
    "tree_method",
    "updater",
];

/// The params of training; the defaults suit XGBoost on Criteo's rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainParams {
    /// Learning rate.
    pub eta: f64,
    /// Levels of a tree below its root.
    pub max_depth: u32,
    /// Least sum of hessians in a child.
    pub min_child_weight: f64,
    /// Share of the rows that each tree sees.
    pub subsample: f64,
    /// Share of the features that each tree sees.
    pub colsample_bytree: f64,
    /// L2 regularisation of leaf values.
    pub lambda: f64,
    /// Bins a feature is cut into.
    pub max_bin: u32,
    /// Trees of a round, each of other rows and features; their sum counts as one tree. XGBoost alone.
    pub num_parallel_tree: u32,
    /// At most this many rounds.
    pub rounds: u32,
    /// Stops after this many rounds without a better validation logloss.
    pub early_stopping_rounds: u32,
    /// Whether the model is trained once more when the number of rounds is known, on training and early-stopping rows
    /// and with as many more rounds as there are more rows. XGBoost alone.
    pub refit: bool,
    /// Threads; 0 for all cores.
    pub nthread: u32,
    /// Seed of row and feature sampling.
    pub seed: u64,
    /// Any other param of XGBoost, by its name.
    pub other: BTreeMap<String, String>,
}

impl Default for TrainParams {
    fn default() -> Self {
        Self {
            eta: 0.06,
            max_depth: 5,
            min_child_weight: 20.0,
            subsample: 0.7,
            colsample_bytree: 0.3,
            lambda: 5.0,
            max_bin: 256,
            num_parallel_tree: 2,
            rounds: 450,
            early_stopping_rounds: 50,
            refit: true,
            nthread: 0,
            seed: 1,
            other: BTreeMap::new(),
        }
    }
}

/// A param that can't be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamsError {
    /// It decides what the exported model is.
    #[error("param {0} can't be set: the exported model depends on it")]
    Fixed(String),
    /// It has an option of its own.
    #[error("param {0} has its own option: --{option}", option = .0.replace('_', "-"))]
    HasOption(String),
    /// A value out of its domain.
    #[error("param {name} must be {domain}")]
    Domain {
        /// The param.
        name: &'static str,
        /// What it may be.
        domain: &'static str,
    },
}

impl TrainParams {
    /// What suits Criteo's rows with this engine. For gbdt, `min_child_weight` counts rows.
    pub fn for_engine(engine: Engine) -> Self {
        match engine {
            Engine::Xgboost => Self::default(),
            Engine::Gbdt => Self {
                eta: 0.2,
                max_depth: 5,
                min_child_weight: 50.0,
                subsample: 0.5,
                num_parallel_tree: 1,
                rounds: 60,
                early_stopping_rounds: 8,
                refit: false,
                ..Self::default()
            },
        }
    }

    /// Refuses what can't be before any work is done. XGBoost checks the rest itself.
    pub fn check(&self) -> Result<(), ParamsError> {
        let known = Self {
            other: BTreeMap::new(),
            ..self.clone()
        }
        .named();
        for name in self.other.keys() {
            if FIXED.contains(&name.as_str()) {
                return Err(ParamsError::Fixed(name.clone()));
            }
            if known.contains_key(name.as_str()) {
                return Err(ParamsError::HasOption(name.clone()));
            }
        }
        let share = |value: f64| value > 0.0 && value <= 1.0;
        let domains = [
            ("eta", share(self.eta), "above 0, at most 1"),
            ("max_depth", (1..=16).contains(&self.max_depth), "1 to 16"),
            (
                "min_child_weight",
                self.min_child_weight >= 0.0 && self.min_child_weight.is_finite(),
                "at least 0",
            ),
            ("subsample", share(self.subsample), "above 0, at most 1"),
            (
                "colsample_bytree",
                share(self.colsample_bytree),
                "above 0, at most 1",
            ),
            (
                "lambda",
                self.lambda >= 0.0 && self.lambda.is_finite(),
                "at least 0",
            ),
            ("max_bin", (2..=65_536).contains(&self.max_bin), "2 to 65536"),
            (
                "num_parallel_tree",
                (1..=1000).contains(&self.num_parallel_tree),
                "1 to 1000",
            ),
            ("rounds", (1..=100_000).contains(&self.rounds), "1 to 100000"),
            (
                "early_stopping_rounds",
                self.early_stopping_rounds >= 1,
                "at least 1",
            ),
            ("seed", i64::try_from(self.seed).is_ok(), "less than 2^63"),
        ];
        match domains.into_iter().find(|(_, ok, _)| !ok) {
            Some((name, _, domain)) => Err(ParamsError::Domain { name, domain }),
            None => Ok(()),
        }
    }

    /// All params by name, as a run records them.
    pub fn named(&self) -> BTreeMap<String, String> {
        let own = [
            ("eta", self.eta.to_string()),
            ("max_depth", self.max_depth.to_string()),
            ("min_child_weight", self.min_child_weight.to_string()),
            ("subsample", self.subsample.to_string()),
            ("colsample_bytree", self.colsample_bytree.to_string()),
            ("lambda", self.lambda.to_string()),
            ("max_bin", self.max_bin.to_string()),
            ("num_parallel_tree", self.num_parallel_tree.to_string()),
            ("rounds", self.rounds.to_string()),
            ("early_stopping_rounds", self.early_stopping_rounds.to_string()),
            ("refit", self.refit.to_string()),
            ("nthread", self.nthread.to_string()),
            ("seed", self.seed.to_string()),
        ];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.other.clone().into_iter().chain(own).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str) -> TrainParams {
        TrainParams {
            other: [(name.to_owned(), "1".to_owned())].into(),
            ..TrainParams::default()
        }
    }

    #[test]
    fn what_the_export_depends_on_is_fixed() {
        assert_eq!(TrainParams::default().check(), Ok(()));
        assert_eq!(with("gamma").check(), Ok(()));
        assert_eq!(
            with("objective").check(),
            Err(ParamsError::Fixed("objective".to_owned()))
        );
        let error = with("max_depth").check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "param max_depth has its own option: --max-depth"
        );
    }

    #[test]
    fn values_have_domains() {
        let none = TrainParams {
            rounds: 0,
            ..TrainParams::default()
        };
        assert_eq!(
            none.check().unwrap_err().to_string(),
            "param rounds must be 1 to 100000"
        );
        let nan = TrainParams {
            eta: f64::NAN,
            ..TrainParams::default()
        };
        assert!(nan.check().is_err());
    }
}
