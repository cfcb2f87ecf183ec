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
pub(crate) use cross::{check as check_crosses, mix};
pub use fit::{EncoderError, EncoderFit, FittedEncoder};
pub use prune::KeyClass;
pub(crate) use prune::LEAST_SPARE_BITS;
use serde::{Deserialize, Serialize};
pub(crate) use table::{KEY_BITS, number};

use crate::row::{CATEGORY_COLUMNS, INTEGER_COLUMNS, Row, column_names};
use crate::schema::Schema;

/// Features of an encoded Criteo row without crosses: 13 integers, then mean and log count of each of 26 category
/// columns.
const WIDTH: usize = INTEGER_COLUMNS + 2 * CATEGORY_COLUMNS;
/// Features of the widest encoded Criteo row.
pub(crate) const MAX_WIDTH: usize = WIDTH + 2 * MAX_CROSSES;

/// How an encoder is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncoderConfig {
    /// Rows the prior click rate counts for in a target mean: `(clicks + a * prior) / (rows + a)`. Above zero. For training
    /// rows, whose means lack a fold, it counts for less in the same proportion, so that both are drawn to the prior alike.
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
    /// Of each column with keys: the 26 categories, then the crosses, of which none is ever missing.
    fn keys(&self, row: &Row) -> impl Iterator<Item = Option<u32>> {
        let crosses = self.crosses.iter().map(|cross| Some(cross.key(row)));
        row.categories.into_iter().chain(crosses)
    }
}

/// A fitted encoder, of Criteo rows or of those of a table of its own. Every row can be encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    config: EncoderConfig,
    total: Statistics,
    columns: Vec<Column>,
    /// Of another table than Criteo's.
    schema: Option<Schema>,
}

impl Encoder {
    /// `columns` has an entry for each category and each cross, and `total.rows` is above zero. Without a schema rows are
    /// Criteo's; with one there are no crosses.
    pub(crate) fn from_parts(
        config: EncoderConfig,
        total: Statistics,
        columns: Vec<Column>,
        schema: Option<Schema>,
    ) -> Self {
        Self {
            config,
            total,
            columns,
            schema,
        }
    }

    /// The columns of rows that are not Criteo's.
    pub fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    /// Features of an encoded row: one for each number and 2 for each column with keys. Of a Criteo row these are 65,
    /// and 2 for each cross.
    pub fn width(&self) -> usize {
        self.numbers() + 2 * self.columns.len()
    }

    /// Columns of numbers: 13 integers of a Criteo row.
    pub fn numbers(&self) -> usize {
        let numbers = self.schema.as_ref().map(|schema| schema.numbers().len());
        numbers.unwrap_or(INTEGER_COLUMNS)
    }

    /// Columns with keys: the categories, then the crosses in their order. Column `i` of them has the features
    /// `n + 2 i` and `n + 1 + 2 i` after `n` numbers.
    pub fn key_columns(&self) -> usize {
        self.columns.len()
    }

    /// `I1`..`I13`, then `C1_mean`, `C1_log_count`, .., `C26_mean`, `C26_log_count`, and the like for crosses:
    /// `C23xC6_mean`, `C23xC6_log_count`. The names of a schema's columns stand where those of Criteo's do.
    pub fn feature_names(&self) -> Vec<String> {
        let mut names: Vec<String> = match &self.schema {
            Some(schema) => schema.names().map(str::to_owned).collect(),
            None => column_names().iter().map(ToString::to_string).collect(),
        };
        names.extend(self.config.crosses.iter().map(ToString::to_string));
        let keyed = names.split_off(self.numbers());
        names.extend(
            keyed
                .iter()
                .flat_map(|name| [format!("{name}_mean"), format!("{name}_log_count")]),
        );
        names
    }

    /// Writes the features of `row` to `out`, NaN where an integer is missing.
    ///
    /// An empty category is a key of its own; one that is rare or was never seen gets the prior click rate and a
    /// log count of 0. Panics unless `out` holds [`Encoder::width`] values and rows are Criteo's.
    pub fn encode(&self, row: &Row, out: &mut [f32]) {
        assert!(self.schema.is_none(), "{OWN_TABLE}");
        let pairs = encode_integers(self.width(), row, out);
        self.encode_keys(self.config.keys(row), pairs);
    }

    /// Writes the features of a row of the schema's table to `out`: numbers as they are, NaN where one is missing, then
    /// those of the keys, of which [`category_key`](crate::category_key) makes one of a text.
    ///
    /// Panics unless there is a schema, the row has all of its columns and `out` holds [`Encoder::width`] values.
    pub fn encode_table(&self, numbers: &[f32], keys: &[Option<u32>], out: &mut [f32]) {
        let pairs = self.encode_numbers(numbers, keys, out);
        self.encode_keys(keys.iter().copied(), pairs);
    }

    fn encode_keys(&self, keys: impl Iterator<Item = Option<u32>>, pairs: &mut [f32]) {
        for ((column, key), pair) in self.columns.iter().zip(keys).zip(pairs.chunks_exact_mut(2)) {
            pair.copy_from_slice(&column.values()[column.slot(key) as usize]);
        }
    }

    /// Writes the numbers of a table's row and returns the rest of `out`.
    fn encode_numbers<'out>(
        &self,
        numbers: &[f32],
        keys: &[Option<u32>],
        out: &'out mut [f32],
    ) -> &'out mut [f32] {
        assert!(
            self.schema.is_some() && numbers.len() == self.numbers() && keys.len() == self.key_columns(),
            "a row has the columns of the schema"
        );
        assert_eq!(out.len(), self.width(), "an encoded row has all features");
        let (out_numbers, pairs) = out.split_at_mut(numbers.len());
        out_numbers.copy_from_slice(numbers);
        pairs
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

const OWN_TABLE: &str = "the encoder is of a table of its own, not of Criteo's";

/// Writes the integer features of a Criteo row and returns the rest of `out`.
fn encode_integers<'out>(width: usize, row: &Row, out: &'out mut [f32]) -> &'out mut [f32] {
    assert_eq!(out.len(), width, "an encoded row has {width} features");
    let (integers, pairs) = out.split_at_mut(INTEGER_COLUMNS);
    for (feature, value) in integers.iter_mut().zip(row.integers) {
        *feature = value.map_or(f32::NAN, |value| value as f32);
    }
    pairs
}

#[cfg(test)]
mod tests;
