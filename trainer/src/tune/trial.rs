//! Trials: their recipes, their training, what is known of them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::rows::EncodedRows;
use super::rungs::{Rung, rungs};
use super::{TuneConfig, TuneError, sample};
use crate::cancel::CancelToken;
use crate::ingest::Ingested;
use crate::pipeline::{PipelineConfig, PipelineError};
use crate::process::ProcessConfig;
use crate::progress::{Progress, Step};
use crate::recipe::Recipe;
use crate::train::{TrainConfig, TrainError, engine_name, train};

/// What is known of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TrialRecord {
    /// From 0, which is the recipe as it stands.
    pub(super) trial: u32,
    /// What it has in place of the recipe's values.
    pub(super) values: BTreeMap<String, serde_json::Value>,
    /// What came of each rung it was in.
    pub(super) rungs: Vec<RungResult>,
    /// Training and validation logloss after each round of its longest training.
    pub(super) curve: Vec<(f64, f64)>,
    /// Why it can't be trained.
    pub(super) failure: Option<String>,
}

/// What came of a rung.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RungResult {
    /// Rounds that it could train to.
    pub(super) rounds: u32,
    /// Rounds until early stopping.
    pub(super) trained_rounds: u32,
    /// The round with the least validation logloss, from 0.
    pub(super) best_iteration: u32,
    /// That logloss.
    pub(super) validation_logloss: f64,
}

impl TrialRecord {
    /// The least validation logloss up to that rung.
    pub(super) fn loss_at(&self, rung: usize) -> f64 {
        self.rungs
            .get(rung)
            .map_or(f64::INFINITY, |result| result.validation_logloss)
    }
}

/// Trains trials.
pub(super) struct Trials<'a> {
    config: &'a TuneConfig,
    recipe: &'a Recipe,
    rungs: Vec<Rung>,
    rows: EncodedRows<'a>,
}

impl<'a> Trials<'a> {
    pub(super) fn new(
        config: &'a TuneConfig,
        recipe: &'a Recipe,
        ingested: &'a Ingested,
        folder: &'a Path,
    ) -> Self {
        Self {
            config,
            recipe,
            rungs: rungs(&config.search, config.base.train.params.rounds),
            rows: EncodedRows::new(ingested, folder),
        }
    }

    pub(super) fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// What a run would do with the trial's recipe.
    pub(super) fn config(&self, trial: u32) -> Result<PipelineConfig, TuneError> {
        let values = sample::values(&self.config.search, trial);
        let recipe = values
            .into_iter()
            .fold(self.recipe.clone(), |recipe, (key, value)| {
                recipe.with(&key, value)
            });
        let base = &self.config.base;
        let engine = base.train.engine;
        Ok(PipelineConfig {
            process: recipe.process()?,
            train: TrainConfig {
                engine,
                params: recipe.params(engine)?,
                calibration: base.train.calibration,
            },
            ..base.clone()
        })
    }

    /// The trial's params by the names that every run has them by.
    pub(super) fn params(&self, record: &TrialRecord) -> Result<BTreeMap<String, String>, TuneError> {
        let config = self.config(record.trial)?;
        let mut params = config.train.params.named();
        params.insert("engine".to_owned(), engine_name(config.train.engine).to_owned());
        params.extend(encoder_params(&config.process));
        Ok(params)
    }

    /// Trains the trial to so many rounds and notes what came of it. `place` is what is done already, in rounds, and
    /// what the trial is called. Blocking.
    pub(super) fn train(
        &mut self,
        record: &mut TrialRecord,
        rounds: u32,
        place: (u64, &str),
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<(), TuneError> {
        if let Some(last) = record.rungs.last()
            && last.trained_rounds < last.rounds
        {
            // It was stopped early, and would be again.
            let again = RungResult {
                rounds,
                ..last.clone()
            };
            record.rungs.push(again);
            return Ok(());
        }
        let mut config = self.config(record.trial)?;
        config.train.params.rounds = rounds;
        config.train.params.refit = false;
        let (encoded, split) = self.rows.encoded(&config.process, cancel)?;
        let progress = TrialProgress { place, progress };
        match train(encoded, split, &config.train, &mut |_| (), &progress, cancel) {
            Ok(trained) => {
                let best = trained.best();
                record.curve = trained
                    .curve
                    .iter()
                    .map(|round| (round.train_logloss, round.validation_logloss))
                    .collect();
                let finite = |(a, b): &(f64, f64)| a.is_finite() && b.is_finite();
                if !record.curve.iter().all(finite) {
                    record.curve.clear();
                    record.failure = Some("the logloss is no number".to_owned());
                    return Ok(());
                }
                record.rungs.push(RungResult {
                    rounds,
                    trained_rounds: trained.curve.len() as u32,
                    best_iteration: best.round,
                    validation_logloss: best.validation_logloss,
                });
                Ok(())
            }
            Err(error @ (TrainError::Engine { .. } | TrainError::Params(_))) => {
                record.failure = Some(error.to_string());
                Ok(())
            }
            Err(error) => Err(PipelineError::from(error).into()),
        }
    }

    /// Removes encoded rows that none of these trials needs.
    pub(super) fn forget_rows_but_of(&mut self, records: &[&TrialRecord]) -> Result<(), TuneError> {
        let needed = records
            .iter()
            .map(|record| Ok(self.config(record.trial)?.process))
            .collect::<Result<Vec<_>, TuneError>>()?;
        self.rows.forget_but(&needed);
        Ok(())
    }
}

/// The encoder's settings by the names that every run has them by.
fn encoder_params(config: &ProcessConfig) -> BTreeMap<String, String> {
    let fields = serde_json::to_value(config).unwrap_or_default();
    let param = |(name, value): (&String, &serde_json::Value)| {
        let name = if name == "seed" { "fold_seed" } else { name };
        let text = match value {
            serde_json::Value::Number(number) if number.is_f64() => number.as_f64()?.to_string(),
            serde_json::Value::Object(_) => return None,
            value => value.to_string(),
        };
        Some((name.to_owned(), text))
    };
    fields
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(param)
        .collect()
}

/// Rounds of a trial as a part of the whole search's.
struct TrialProgress<'a> {
    place: (u64, &'a str),
    progress: &'a dyn Progress,
}

impl Progress for TrialProgress<'_> {
    fn start(&self, _step: Step, _total: Option<u64>) {}

    fn advance(&self, done: u64, message: &str) {
        let (before, name) = self.place;
        self.progress
            .advance(before + done, &format!("{name}, {message}"));
    }

    fn finish(&self, _message: &str) {}
}
