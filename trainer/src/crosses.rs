//! Which pairs of columns are crossed: those that say most of what the columns alone do not.
//!
//! Each pair is judged on training rows: an additive model of all columns predicts them out of fold, and what is left of
//! the labels is predicted from the pair's values, out of fold again. The pair's gain is how much logloss that saves
//! beyond what both columns' own values save. Of the pairs that gain most, each next one is taken by what it adds to those
//! taken before.
//!
//! Invariant: the same rows and seed give the same crosses, on any number of threads; memory is bounded whatever the
//! number of rows.

mod additive;
mod choice;
mod gain;
mod sample;

use std::num::NonZero;

use model_export::{CATEGORY_COLUMNS, Cross, EncoderError, INTEGER_COLUMNS, MAX_CROSSES};
use serde::{Deserialize, Serialize};

use self::gain::{Gain, Judge};
use self::sample::{COLUMNS, Sample};
use crate::cancel::{CancelToken, Cancelled};
use crate::process::ProcessError;
use crate::row_file::RowFile;

/// Training rows that pairs are judged on, at most: the last ones.
const JUDGED_ROWS: u64 = 200_000;
/// Pairs that are compared with each other, besides two for each that is wanted.
const COMPARED_PAIRS: usize = 16;
/// Each has a table of up to 18 MB.
const MAX_THREADS: usize = 8;

/// Which crosses an encoder has; written as a number, or as a list of pairs such as `C23xC6`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum Crosses {
    /// None.
    #[default]
    None,
    /// At most so many, chosen by their gain on the training rows. At most 64.
    Count(usize),
    /// These.
    Listed(Vec<Cross>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Count(usize),
    Listed(Vec<Cross>),
}

impl From<Written> for Crosses {
    fn from(written: Written) -> Self {
        match written {
            Written::Count(0) => Crosses::None,
            Written::Count(count) => Crosses::Count(count),
            Written::Listed(crosses) => Crosses::Listed(crosses),
        }
    }
}

impl From<Crosses> for Written {
    fn from(crosses: Crosses) -> Self {
        match crosses {
            Crosses::None => Written::Count(0),
            Crosses::Count(count) => Written::Count(count),
            Crosses::Listed(crosses) => Written::Listed(crosses),
        }
    }
}

impl Crosses {
    /// The crosses that an encoder for `rows` has, of which the first `training_rows` may be learnt from. Blocking.
    pub(crate) fn resolved(
        &self,
        rows: &RowFile,
        training_rows: u64,
        seed: u64,
        cancel: &CancelToken,
    ) -> Result<Vec<Cross>, ProcessError> {
        match self {
            Crosses::None => Ok(Vec::new()),
            Crosses::Listed(crosses) => Ok(crosses.clone()),
            Crosses::Count(0) => Ok(Vec::new()),
            Crosses::Count(count) if *count > MAX_CROSSES => {
                Err(ProcessError::Encoder(EncoderError::Config {
                    name: "crosses",
                    value: *count as f64,
                    limits: "at most 64",
                }))
            }
            Crosses::Count(count) => {
                let from = training_rows.saturating_sub(JUDGED_ROWS);
                let sample = Sample::read(rows, from..training_rows, seed, cancel)?;
                let chosen = chosen(&sample, *count, cancel)?;
                Ok(chosen.into_iter().map(|(cross, _)| cross).collect())
            }
        }
    }
}

/// Up to `count` pairs, and what each saves of the logloss of all rows together beyond those before it, in nats.
fn chosen(sample: &Sample, count: usize, cancel: &CancelToken) -> Result<Vec<(Cross, f64)>, Cancelled> {
    let evidence = additive::evidence(sample, cancel)?;
    let judge = Judge::new(sample, &evidence);
    let candidates = candidates();
    let gains = in_parallel(&candidates, |pairs| {
        let mut table = judge.table();
        let gains = pairs.iter().map(|cross| {
            cancel.check()?;
            Ok((*cross, judge.gain(*cross, &mut table)))
        });
        gains.collect()
    });
    let mut ranked: Vec<(Cross, Gain)> = gains?;
    // Stable, so that pairs of the same gain stay in the order of their columns.
    ranked.sort_by(|(_, left), (_, right)| right.saved.total_cmp(&left.saved));
    ranked.retain(|(_, gain)| gain.saved > 0.0);
    ranked.truncate(2 * count + COMPARED_PAIRS);
    let directions = in_parallel(&ranked, |pairs| {
        let mut table = judge.table();
        let directions = pairs.iter().map(|(cross, gain)| {
            cancel.check()?;
            Ok(judge.direction(*cross, gain, &mut table))
        });
        directions.collect()
    });
    let known = (0..COLUMNS)
        .map(|column| judge.column_direction(column))
        .collect();
    let chosen = choice::choose(&evidence, known, directions?, count);
    Ok(chosen
        .into_iter()
        .map(|(index, saved)| (ranked[index].0, saved))
        .collect())
}

/// What `work` makes of all items, in their order, as many threads as there are working on parts of them.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Result<Vec<R>, Cancelled> + Sync,
) -> Result<Vec<R>, Cancelled> {
    let threads = std::thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MAX_THREADS);
    let share = items.len().div_ceil(threads).max(1);
    let made: Result<Vec<Vec<R>>, Cancelled> = std::thread::scope(|scope| {
        let workers: Vec<_> = items
            .chunks(share)
            .map(|items| scope.spawn(|| work(items)))
            .collect();
        let results = workers.into_iter().map(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.collect()
    });
    Ok(made?.into_iter().flatten().collect())
}

/// Every integer with every category, and every two categories, the later one first.
fn candidates() -> Vec<Cross> {
    let columns = INTEGER_COLUMNS + CATEGORY_COLUMNS;
    let pairs = (0..columns).flat_map(|first| {
        let categories = INTEGER_COLUMNS..if first < INTEGER_COLUMNS { columns } else { first };
        categories.map(move |second| (first, second))
    });
    pairs
        .filter_map(|(first, second)| Cross::new(first, second).ok())
        .collect()
}

#[cfg(test)]
mod tests;
