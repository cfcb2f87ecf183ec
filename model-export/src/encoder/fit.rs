//! Fitting an [`Encoder`] in one pass over the training rows.

use std::hash::BuildHasherDefault;

use hashbrown::HashMap;
use thiserror::Error;

use super::{
    Column, ColumnParts, Cross, Encoder, EncoderConfig, KEY_BITS, OWN_TABLE, Prior, Statistics, cross,
    encode_integers,
};
use crate::row::{CATEGORY_COLUMNS, Row};
use crate::schema::Schema;

/// Why an encoder can't be fitted.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum EncoderError {
    /// A row to fit on has no label.
    #[error("row {row_index} has no label")]
    MissingLabel {
        /// The index given with the row.
        row_index: u64,
    },
    /// Nothing was observed.
    #[error("an encoder needs at least one row")]
    NoRows,
    /// More rows than the statistics can count.
    #[error("an encoder counts at most 4294967295 rows")]
    TooManyRows,
    /// A configuration outside its limits.
    #[error("{name} is {value}; it must be {limits}")]
    Config {
        /// Field of [`EncoderConfig`].
        name: &'static str,
        /// Its value.
        value: f64,
        /// What is accepted.
        limits: &'static str,
    },
    /// Two crosses of the same columns.
    #[error("there is more than one cross of the columns of {0}")]
    SameCross(
        /// The later one.
        Cross,
    ),
}

impl EncoderConfig {
    /// Inlined, it brings nothing to say into a page, which only asks whether there is an error.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), EncoderError> {
        let refuse = |name, value, limits| Err(EncoderError::Config { name, value, limits });
        if !(self.prior_weight > 0.0 && self.prior_weight <= 1e12) {
            return refuse("prior_weight", self.prior_weight, "above 0 and at most 1e12");
        }
        if self.min_count == 0 {
            return refuse("min_count", 0.0, "at least 1");
        }
        if self.folds < 2 {
            return refuse("folds", f64::from(self.folds), "at least 2");
        }
        cross::check(&self.crosses)
    }
}

/// Gathers the statistics of training rows, in any order.
pub struct EncoderFit {
    config: EncoderConfig,
    /// Of all rows, by fold.
    total: Vec<Statistics>,
    columns: Vec<ColumnFit>,
    schema: Option<Schema>,
}

type KeyMap = HashMap<u32, u32, BuildHasherDefault<KeyHasher>>;

#[derive(Default)]
struct ColumnFit {
    /// Where each key's folds begin in `statistics`; the first block is of empty values.
    places: KeyMap,
    statistics: Vec<Statistics>,
}

impl EncoderFit {
    /// Starts with no Criteo rows. The configuration is checked by [`EncoderFit::finish`].
    pub fn new(config: EncoderConfig) -> Self {
        let columns = CATEGORY_COLUMNS + config.crosses.len();
        Self::of_columns(config, columns, None)
    }

    /// Starts with no rows of a table with these columns. The configuration, in which there must be no crosses, is
    /// checked by [`EncoderFit::finish`].
    pub fn of_table(config: EncoderConfig, schema: Schema) -> Self {
        Self::of_columns(config, schema.categories().len(), Some(schema))
    }

    fn of_columns(config: EncoderConfig, columns: usize, schema: Option<Schema>) -> Self {
        let folds = usize::from(config.folds.max(1));
        let column = || ColumnFit {
            places: KeyMap::default(),
            statistics: vec![Statistics::default(); folds],
        };
        Self {
            config,
            total: vec![Statistics::default(); folds],
            columns: (0..columns).map(|_| column()).collect(),
            schema,
        }
    }

    /// Adds a training row. Its part of the rows follows from `row_index`, which [`FittedEncoder`] is asked with. Panics
    /// when the rows are of a table of its own.
    pub fn observe(&mut self, row_index: u64, row: &Row) -> Result<(), EncoderError> {
        assert!(self.schema.is_none(), "{OWN_TABLE}");
        let clicked = row.label.ok_or(EncoderError::MissingLabel { row_index })?;
        let fold = self.observe_label(row_index, clicked)?;
        observe_keys(
            &mut self.columns,
            self.total.len(),
            fold,
            self.config.keys(row),
            clicked,
        );
        Ok(())
    }

    /// The same of a row of the schema's table, with its label and the keys of its categories. Panics unless there is a
    /// schema and a key for each of its categories.
    pub fn observe_table(
        &mut self,
        row_index: u64,
        label: bool,
        keys: &[Option<u32>],
    ) -> Result<(), EncoderError> {
        assert!(
            self.schema.is_some() && keys.len() == self.columns.len(),
            "a row has the columns of the schema"
        );
        let fold = self.observe_label(row_index, label)?;
        observe_keys(
            &mut self.columns,
            self.total.len(),
            fold,
            keys.iter().copied(),
            label,
        );
        Ok(())
    }

    /// The fold of the row.
    fn observe_label(&mut self, row_index: u64, clicked: bool) -> Result<usize, EncoderError> {
        if sum(&self.total).rows == u32::MAX {
            return Err(EncoderError::TooManyRows);
        }
        let fold = fold_of(&self.config, row_index);
        self.total[fold].add(clicked);
        Ok(fold)
    }

    /// Ends the pass.
    pub fn finish(self) -> Result<FittedEncoder, EncoderError> {
        self.config.check()?;
        if self.schema.is_some() && !self.config.crosses.is_empty() {
            return Err(EncoderError::Config {
                name: "crosses",
                value: self.config.crosses.len() as f64,
                limits: "none in a table of its own",
            });
        }
        let total = sum(&self.total);
        if total.rows == 0 {
            return Err(EncoderError::NoRows);
        }
        let prior = Prior::new(total, self.config.prior_weight);
        let folds = self.total.len();
        let (mut columns, mut by_fold, mut rare_keys) = (Vec::new(), Vec::new(), Vec::new());
        for fit in self.columns {
            let block = |place: u32| &fit.statistics[place as usize * folds..][..folds];
            let frequent = |place: u32| sum(block(place)).rows >= self.config.min_count;
            let mut places: Vec<(u32, u32)> = fit.places.iter().map(|(key, place)| (*key, *place)).collect();
            places.sort_unstable();
            let (own, rare): (Vec<_>, Vec<_>) = places.into_iter().partition(|(_, place)| frequent(*place));
            columns.push(Column::new(
                ColumnParts {
                    missing: frequent(0).then(|| sum(block(0))),
                    bits: KEY_BITS,
                    keys: own
                        .iter()
                        .map(|(key, place)| (*key, sum(block(*place))))
                        .collect(),
                    exceptions: Vec::new(),
                },
                &prior,
            ));
            let places = std::iter::once(0).chain(own.iter().map(|(_, place)| *place));
            by_fold.push(places.flat_map(|place| block(place).iter().copied()).collect());
            rare_keys.push(rare.iter().map(|(key, _)| *key).collect());
        }
        let encoder = Encoder::from_parts(self.config, total, columns, self.schema);
        Ok(FittedEncoder {
            encoder,
            by_fold,
            rare_keys,
        })
    }
}

/// An [`Encoder`] that still knows which training rows its statistics come from.
pub struct FittedEncoder {
    encoder: Encoder,
    /// By column, the statistics of the missing value and then of each key, a block of one per fold.
    by_fold: Vec<Vec<Statistics>>,
    /// By column, keys seen in too few rows for features of their own, ascending.
    rare_keys: Vec<Vec<u32>>,
}

impl FittedEncoder {
    /// The encoder for rows it was not fitted on.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// Writes the features of a training row, its target means taken from the other folds' rows only.
    ///
    /// `row_index` is the one the row was observed with. Everything but the means is as [`Encoder::encode`] has it.
    pub fn encode_training_row(&self, row_index: u64, row: &Row, out: &mut [f32]) {
        assert!(self.encoder.schema().is_none(), "{OWN_TABLE}");
        let pairs = encode_integers(self.encoder.width(), row, out);
        self.encode_training_keys(row_index, self.encoder.config().keys(row), pairs);
    }

    /// The same of a row of the schema's table, as [`Encoder::encode_table`] has it.
    pub fn encode_training_table_row(
        &self,
        row_index: u64,
        numbers: &[f32],
        keys: &[Option<u32>],
        out: &mut [f32],
    ) {
        let pairs = self.encoder.encode_numbers(numbers, keys, out);
        self.encode_training_keys(row_index, keys.iter().copied(), pairs);
    }

    fn encode_training_keys(
        &self,
        row_index: u64,
        keys: impl Iterator<Item = Option<u32>>,
        pairs: &mut [f32],
    ) {
        let config = self.encoder.config();
        let (folds, own_fold) = (usize::from(config.folds), fold_of(config, row_index));
        let prior = self.encoder.prior().without_a_fold(config.folds);
        let columns = self.encoder.columns().iter().zip(&self.by_fold);
        for (((column, by_fold), key), pair) in columns.zip(keys).zip(pairs.chunks_exact_mut(2)) {
            pair.copy_from_slice(&column.values()[column.slot(key) as usize]);
            let block = match key {
                Some(key) => column.keys().find(key).map(|index| index + 1),
                None => column.missing().map(|_| 0),
            };
            if let Some(block) = block {
                let folds = &by_fold[block * folds..][..folds];
                pair[0] = prior.mean(without(folds, own_fold));
            }
        }
    }

    /// All keys of a column that were seen, rare ones too.
    pub(super) fn seen_keys(&self, column: usize) -> impl Iterator<Item = u32> {
        let own = self.encoder.columns()[column].keys().entries();
        let mut keys: Vec<u32> = own
            .map(|(key, _)| key)
            .chain(self.rare_keys[column].iter().copied())
            .collect();
        // Two ascending runs, which the stable sort merges.
        keys.sort();
        keys.into_iter()
    }

    /// Forgets the folds and the rare keys.
    pub fn into_encoder(self) -> Encoder {
        self.encoder
    }
}

fn observe_keys(
    columns: &mut [ColumnFit],
    folds: usize,
    fold: usize,
    keys: impl Iterator<Item = Option<u32>>,
    clicked: bool,
) {
    for (column, key) in columns.iter_mut().zip(keys) {
        let block = match key {
            None => 0,
            Some(key) => {
                let next = (column.statistics.len() / folds) as u32;
                let block = *column.places.entry(key).or_insert(next);
                if block == next {
                    column
                        .statistics
                        .resize(column.statistics.len() + folds, Statistics::default());
                }
                block
            }
        };
        column.statistics[block as usize * folds + fold].add(clicked);
    }
}

fn sum(folds: &[Statistics]) -> Statistics {
    folds.iter().fold(Statistics::default(), |sum, fold| Statistics {
        clicks: sum.clicks + fold.clicks,
        rows: sum.rows + fold.rows,
    })
}

fn without(folds: &[Statistics], own: usize) -> Statistics {
    let all = sum(folds);
    Statistics {
        clicks: all.clicks - folds[own].clicks,
        rows: all.rows - folds[own].rows,
    }
}

pub(super) fn fold_of(config: &EncoderConfig, row_index: u64) -> usize {
    let hash = mix(mix(config.seed).wrapping_add(row_index));
    (hash % u64::from(config.folds.max(1))) as usize
}

/// The output function of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Spreads keys without a random source; the result never depends on the map's order.
#[derive(Default)]
struct KeyHasher(u64);

impl std::hash::Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u32(&mut self, key: u32) {
        self.0 = mix(u64::from(key));
    }
}
