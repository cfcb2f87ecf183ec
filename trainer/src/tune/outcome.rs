//! What a search found, and the files that say it.
//!
//! Invariant: the files depend on recipe, rows and seeds alone: no time, no name of a run, no folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use report::{SearchTrial, search_picture};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::trial::{TrialRecord, Trials};
use super::{TuneConfig, TuneError};
use crate::ingest::Ingested;
use crate::recipe::Recipe;

/// All trials.
pub(super) const RESULT_FILE: &str = "tune.json";
/// The best trial's recipe.
const RECIPE_FILE: &str = "best-recipe.toml";
/// All learning curves.
const PICTURE_FILE: &str = "tune.svg";

/// The best trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Best {
    trial: u32,
    values: BTreeMap<String, Value>,
    best_iteration: u32,
    validation_logloss: f64,
}

/// What is read of [`RESULT_FILE`].
#[derive(Deserialize)]
pub(super) struct Known {
    best: Best,
    trials: Vec<Value>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TuneOutcome {
    /// The parent run, 32 hexadecimal digits.
    pub run_id: String,
    /// How many trials there were.
    pub trials: usize,
    /// The best one, from 0, which is the recipe as it stood.
    pub best_trial: u32,
    /// What it has in place of the recipe's values.
    pub values: BTreeMap<String, Value>,
    /// Its best round, from 0.
    pub best_iteration: u32,
    /// Its logloss on the early-stopping rows after that round.
    pub validation_logloss: f64,
    /// The file of its recipe.
    pub recipe: PathBuf,
}

impl TuneOutcome {
    pub(super) fn new(known: &Known, run_id: &str, folder: &Path) -> Self {
        let best = known.best.clone();
        Self {
            run_id: run_id.to_owned(),
            trials: known.trials.len(),
            best_trial: best.trial,
            values: best.values,
            best_iteration: best.best_iteration,
            validation_logloss: best.validation_logloss,
            recipe: folder.join(RECIPE_FILE),
        }
    }
}

/// A search that came to its end.
pub(super) struct Finished {
    best: Best,
    trials: usize,
    files: [(&'static str, Vec<u8>); 3],
}

impl Finished {
    /// Chooses the best trial and writes the files' contents.
    pub(super) fn new(
        config: &TuneConfig,
        recipe: &Recipe,
        ingested: &Ingested,
        records: &[TrialRecord],
        trials: &mut Trials<'_>,
    ) -> Result<Self, TuneError> {
        let last = |record: &TrialRecord| record.rungs.len();
        let loss = |record: &TrialRecord| record.loss_at(last(record).saturating_sub(1));
        let finalists = records.iter().filter(|record| record.failure.is_none());
        // Those that went furthest; among them the least logloss, then the first.
        let best = finalists.min_by(|a, b| last(b).cmp(&last(a)).then(loss(a).total_cmp(&loss(b))));
        let best = best.and_then(|record| Some((record, record.rungs.last()?)));
        let Some((record, result)) = best else {
            let first = records.iter().find_map(|record| record.failure.clone());
            return Err(TuneError::AllFailed {
                trials: records.len(),
                first: first.unwrap_or_default(),
            });
        };
        let best = Best {
            trial: record.trial,
            values: record.values.clone(),
            best_iteration: result.best_iteration,
            validation_logloss: result.validation_logloss,
        };
        let search = &config.search;
        let ranges: BTreeMap<&str, &crate::recipe::Range> = search
            .ranges
            .iter()
            .map(|range| (range.key.as_str(), &range.range))
            .collect();
        let described: Vec<Value> = records
            .iter()
            .map(|record| {
                json!({
                    "trial": record.trial,
                    "values": record.values,
                    "rungs": record.rungs,
                    "failure": record.failure,
                })
            })
            .collect();
        let result = json!({
            "method": "synchronous successive halving; the budget is boosting rounds",
            "judged_by": "the least logloss on the early-stopping rows",
            "recipe_sha256": model_export::sha256_hex(recipe.to_toml().as_bytes()),
            "dataset": {
                "name": ingested.dataset_name,
                "digest": ingested.rows.digest,
                "rows": ingested.rows.rows,
            },
            "search": {
                "trials": search.trials,
                "seed": search.seed,
                "reduction": search.reduction,
                "min_rounds": search.min_rounds,
                "ranges": ranges,
            },
            "rungs": trials.rungs(),
            "trials": described,
            "best": best,
        });
        let best_recipe = Recipe::of(&trials.config(record.trial)?)?.to_toml();
        let caption = record.rungs.last().map_or_else(String::new, |result| {
            format!(
                "best: trial {}, logloss {:.5} after {} rounds",
                record.trial,
                result.validation_logloss,
                result.best_iteration + 1
            )
        });
        let drawn: Vec<SearchTrial> = records
            .iter()
            .map(|other| SearchTrial {
                is_best: other.trial == record.trial,
                curve: other.curve.iter().map(|(_, validation)| *validation).collect(),
                rungs: other
                    .rungs
                    .iter()
                    .map(|rung| (rung.trained_rounds, rung.validation_logloss))
                    .collect(),
            })
            .collect();
        let most_rounds = trials.rungs().last().map_or(1, |rung| rung.rounds);
        let drawn = search_picture(&drawn, most_rounds, &caption)?;
        Ok(Self {
            trials: records.len(),
            files: [
                (RESULT_FILE, format!("{result:#}\n").into_bytes()),
                (RECIPE_FILE, best_recipe.into_bytes()),
                (PICTURE_FILE, drawn.into_bytes()),
            ],
            best,
        })
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (*name, &bytes[..]))
    }

    /// The best values, as params of the parent run.
    pub(super) fn params(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let values = self.best.values.iter();
        let values = values.map(|(key, value)| (format!("best.{key}"), text(value)));
        values
            .chain([("best_trial".to_owned(), self.best.trial.to_string())])
            .collect()
    }

    /// What the best trial reached.
    pub(super) fn metrics(&self) -> BTreeMap<String, f64> {
        BTreeMap::from([
            ("best_validation_logloss".to_owned(), self.best.validation_logloss),
            ("best_iteration".to_owned(), f64::from(self.best.best_iteration)),
        ])
    }

    pub(super) fn outcome(self, run_id: &str, folder: &Path) -> TuneOutcome {
        let known = Known {
            trials: vec![Value::Null; self.trials],
            best: self.best,
        };
        TuneOutcome::new(&known, run_id, folder)
    }
}
