//! Training rows in memory, the values of each column numbered.

use std::collections::HashMap;
use std::ops::Range;

use model_export::{CATEGORY_COLUMNS, INTEGER_COLUMNS, Row};

use crate::cancel::CancelToken;
use crate::process::ProcessError;
use crate::row_file::RowFile;

/// Columns of a row.
pub(super) const COLUMNS: usize = INTEGER_COLUMNS + CATEGORY_COLUMNS;
/// Parts of the rows, the first half of which predict the others' labels from columns, and the other way about.
pub(super) const FOLDS: usize = 8;
/// Parts of a half.
pub(super) const HALF: usize = FOLDS / 2;

const CHECK_EVERY_ROWS: usize = 10_000;

/// Rows, column by column.
pub(super) struct Sample {
    /// Of each column the number of each row's value; missing is a value.
    pub(super) values: Vec<Numbered>,
    /// The same of integers cut to an eighth of their octave, so that large ones share values.
    levels: Vec<Numbered>,
    pub(super) clicked: Vec<bool>,
    /// Below [`FOLDS`].
    pub(super) folds: Vec<u8>,
}

/// Values, numbered from 0 as they come.
#[derive(Clone, Default)]
pub(super) struct Numbered {
    numbers: HashMap<Option<u64>, u32>,
    pub(super) rows: Vec<u32>,
}

impl Numbered {
    fn push(&mut self, value: Option<u64>) {
        let next = self.numbers.len() as u32;
        self.rows.push(*self.numbers.entry(value).or_insert(next));
    }

    /// Different values.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}

impl Sample {
    pub(super) fn read(
        rows: &RowFile,
        range: Range<u64>,
        seed: u64,
        cancel: &CancelToken,
    ) -> Result<Self, ProcessError> {
        let read_error = |source| ProcessError::File {
            path: rows.path.display().to_string(),
            source,
        };
        let mut sample = Self {
            values: vec![Numbered::default(); COLUMNS],
            levels: vec![Numbered::default(); INTEGER_COLUMNS],
            clicked: Vec::new(),
            folds: Vec::new(),
        };
        let read = rows.read(range.start, range.end).map_err(read_error)?;
        for (index, row) in range.zip(read) {
            if sample.rows().is_multiple_of(CHECK_EVERY_ROWS) {
                cancel.check()?;
            }
            sample.push(index, seed, &row.map_err(read_error)?);
        }
        Ok(sample)
    }

    fn push(&mut self, index: u64, seed: u64, row: &Row) {
        let (integers, categories) = self.values.split_at_mut(INTEGER_COLUMNS);
        for ((values, levels), value) in integers.iter_mut().zip(&mut self.levels).zip(row.integers) {
            values.push(value.map(i64::cast_unsigned));
            levels.push(value.map(|value| level(value).cast_unsigned()));
        }
        for (values, key) in categories.iter_mut().zip(row.categories) {
            values.push(key.map(u64::from));
        }
        self.clicked.push(row.label == Some(true));
        let fold = mix(mix(seed).wrapping_add(index)) % FOLDS as u64;
        self.folds.push(fold as u8);
    }

    pub(super) fn rows(&self) -> usize {
        self.clicked.len()
    }

    /// What stands for the values of a column on its own.
    pub(super) fn levels(&self, column: usize) -> &Numbered {
        self.levels.get(column).unwrap_or(&self.values[column])
    }
}

/// The integer itself, and from 16 on the first of those that share its highest four bits.
fn level(value: i64) -> i64 {
    let size = value.unsigned_abs();
    let shift = (u64::BITS - size.leading_zeros()).saturating_sub(4);
    let level = (size >> shift) << shift;
    (level.cast_signed()).wrapping_mul(value.signum())
}

/// The output function of SplitMix64 (Steele, Lea, Flood 2014).
pub(super) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
