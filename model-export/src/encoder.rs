//! Rows to fixed-width features: integers as they are, each category column and each cross of two columns as a target
//! mean and a log count.
//!
//! Invariant: an encoder is a pure function of the rows it was fitted on, its configuration and what was pruned. It
//! keeps integer statistics (clicks and rows of classes of keys); the features are derived from them and nothing else,
//! so the same rows give the same encoder, the same bytes in the file and the same features on every platform.

mod column;
mod cross;
mod cuts;
mod fit;
mod prune;
mod table;

pub(crate) use column::{Column, ColumnParts, Prior, Statistics};
pub use cross::{Cross, CrossError, MAX_CROSSES};
pub use fit::{EncoderError, EncoderFit, FittedEncoder};
pub use prune::KeyClass;
pub(crate) use prune::LEAST_SPARE_BITS;
use serde::{Deserialize, Serialize};
pub(crate) use table::{KEY_BITS, number};

use crate::row::{CATEGORY_COLUMNS, INTEGER_COLUMNS, Row, column_names};

/// Features of an encoded row without crosses: 13 integers, then mean and log count of each of 26 category columns.
const WIDTH: usize = INTEGER_COLUMNS + 2 * CATEGORY_COLUMNS;
/// Features of the widest encoded row.
pub(crate) const MAX_WIDTH: usize = WIDTH + 2 * MAX_CROSSES;

/// How an encoder is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncoderConfig {
    /// Rows the prior click rate counts for in a target mean: `(clicks + a * prior) / (rows + a)`. Above zero.
    pub prior_weight: f64,
    /// Keys seen in fewer rows share their column's rare bucket. At least 1.
    pub min_count: u32,
    /// Parts of the training rows; a row's own part is left out of its target means. At least 2.
    pub folds: u8,
    /// Decides which row falls in which part.
    pub seed: u64,
    /// Pairs of columns that are encoded as one column each. At most 64, no two of the same columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crosses: Vec<Cross>,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            prior_weight: 50.0,
            min_count: 3,
            folds: 5,
            seed: 0,
            crosses: Vec::new(),
        }
    }
}

impl EncoderConfig {
    fn width(&self) -> usize {
        WIDTH + 2 * self.crosses.len()
    }

    /// Of each column with keys: the 26 categories, then the crosses, of which none is ever missing.
    fn keys(&self, row: &Row) -> impl Iterator<Item = Option<u32>> {
        let crosses = self.crosses.iter().map(|cross| Some(cross.key(row)));
        row.categories.into_iter().chain(crosses)
    }
}

/// A fitted encoder. Every row can be encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    config: EncoderConfig,
    total: Statistics,
    columns: Vec<Column>,
}

impl Encoder {
    /// `columns` has an entry for each category and each cross, and `total.rows` is above zero.
    pub(crate) fn from_parts(config: EncoderConfig, total: Statistics, columns: Vec<Column>) -> Self {
        Self {
            config,
            total,
            columns,
        }
    }

    /// Features of an encoded row: 65, and 2 for each cross.
    pub fn width(&self) -> usize {
        self.config.width()
    }

    /// Columns with keys: 26 categories, then the crosses in their order. Column `i` of them has the features
    /// `13 + 2 i` and `14 + 2 i`.
    pub fn key_columns(&self) -> usize {
        self.columns.len()
    }

    /// `I1`..`I13`, then `C1_mean`, `C1_log_count`, .., `C26_mean`, `C26_log_count`, and the like for crosses:
    /// `C23xC6_mean`, `C23xC6_log_count`.
    pub fn feature_names(&self) -> Vec<String> {
        let names = column_names();
        let (integers, categories) = names.split_at(INTEGER_COLUMNS);
        let crosses = self.config.crosses.iter().map(ToString::to_string);
        let pairs = categories
            .iter()
            .map(ToString::to_string)
            .chain(crosses)
            .flat_map(|name| [format!("{name}_mean"), format!("{name}_log_count")]);
        integers.iter().map(ToString::to_string).chain(pairs).collect()
    }

    /// Writes the features of `row` to `out`, NaN where an integer is missing.
    ///
    /// An empty category is a key of its own; one that is rare or was never seen gets the prior click rate and a
    /// log count of 0. Panics unless `out` holds [`Encoder::width`] values.
    pub fn encode(&self, row: &Row, out: &mut [f32]) {
        let pairs = encode_integers(&self.config, row, out);
        let columns = self.columns.iter().zip(self.config.keys(row));
        for ((column, key), pair) in columns.zip(pairs.chunks_exact_mut(2)) {
            pair.copy_from_slice(&column.values()[column.slot(key) as usize]);
        }
    }

    /// How it was fitted.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// Rows it was fitted on.
    pub fn rows(&self) -> u64 {
        u64::from(self.total.rows)
    }

    /// Keys with features of their own, over all columns; several with one fingerprint and the same features count as one.
    pub fn keys(&self) -> usize {
        self.columns.iter().map(Column::own_keys).sum()
    }

    pub(crate) fn total(&self) -> Statistics {
        self.total
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(crate) fn prior(&self) -> Prior {
        Prior::new(self.total, self.config.prior_weight)
    }
}

/// Writes the integer features and returns the rest of `out`.
fn encode_integers<'out>(config: &EncoderConfig, row: &Row, out: &'out mut [f32]) -> &'out mut [f32] {
    let width = config.width();
    assert_eq!(out.len(), width, "an encoded row has {width} features");
    let (integers, pairs) = out.split_at_mut(INTEGER_COLUMNS);
    for (feature, value) in integers.iter_mut().zip(row.integers) {
        *feature = value.map_or(f32::NAN, |value| value as f32);
    }
    pairs
}

#[cfg(test)]
mod tests;
