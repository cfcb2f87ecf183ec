//! Which rows are for what, by their position in time.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The rows' three parts, in time order: training, then early stopping, then test. None is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// The encoder and the trees are fitted on these (0-based).
    pub train: Range<u64>,
    /// These decide when training stops.
    pub stop: Range<u64>,
    /// These only judge the finished model.
    pub test: Range<u64>,
}

/// Where early stopping and test begin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitAt {
    /// At these rows, counted from 1.
    Rows {
        /// First row for early stopping.
        stop_from: u64,
        /// First row for the test.
        test_from: u64,
    },
    /// After these shares of the rows, rounded down to whole rows.
    Shares {
        /// Share of the rows before early stopping.
        stop_from: f64,
        /// Share of the rows before the test.
        test_from: f64,
    },
}

impl Default for SplitAt {
    fn default() -> Self {
        SplitAt::Shares {
            stop_from: 0.8,
            test_from: 0.9,
        }
    }
}

impl SplitAt {
    /// First early-stopping row and first test row of so many rows, from 1.
    fn bounds(self, rows: u64) -> (u64, u64) {
        // Shares are decimal fractions: 0.29 of 100 rows are 29, although 0.29 * 100.0 is less.
        let after = |share: f64| {
            let billionths = (share.clamp(0.0, 1.0) * 1e9).round() as u128;
            (u128::from(rows) * billionths / 1_000_000_000) as u64 + 1
        };
        match self {
            SplitAt::Rows { stop_from, test_from } => (stop_from, test_from),
            SplitAt::Shares { stop_from, test_from } => (after(stop_from), after(test_from)),
        }
    }
}

/// Bounds that make no split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "rows 1..{rows} can't be split with early stopping from row {stop_from} and test from row {test_from}: \
     each part needs at least one row"
)]
pub struct SplitError {
    /// Rows in all.
    pub rows: u64,
    /// First row for early stopping, from 1.
    pub stop_from: u64,
    /// First row for the test, from 1.
    pub test_from: u64,
}

impl Split {
    /// Splits `rows` rows.
    pub fn new(rows: u64, at: SplitAt) -> Result<Self, SplitError> {
        let (stop_from, test_from) = at.bounds(rows);
        if !(1 < stop_from && stop_from < test_from && test_from <= rows) {
            return Err(SplitError {
                rows,
                stop_from,
                test_from,
            });
        }
        Ok(Self {
            train: 0..stop_from - 1,
            stop: stop_from - 1..test_from - 1,
            test: test_from - 1..rows,
        })
    }

    /// Rows in all.
    pub fn rows(&self) -> u64 {
        self.test.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_rows(stop_from: u64, test_from: u64) -> SplitAt {
        SplitAt::Rows { stop_from, test_from }
    }

    #[test]
    fn rows_are_counted_from_one() {
        let split = Split::new(110_000, at_rows(88_001, 99_001)).unwrap();
        assert_eq!(
            split,
            Split {
                train: 0..88_000,
                stop: 88_000..99_000,
                test: 99_000..110_000
            }
        );
        assert_eq!(Split::new(110_000, SplitAt::default()).unwrap(), split);
    }

    #[test]
    fn shares_are_decimal_fractions_rounded_down() {
        let shares = SplitAt::Shares {
            stop_from: 0.29,
            test_from: 0.57,
        };
        let split = Split::new(100, shares).unwrap();
        assert_eq!((split.stop, split.test), (29..57, 57..100));
        let split = Split::new(12_345, SplitAt::default()).unwrap();
        assert_eq!((split.stop, split.test), (9_876..11_110, 11_110..12_345));
    }

    #[test]
    fn every_part_has_rows() {
        assert_eq!(
            Split::new(10, SplitAt::default()).unwrap(),
            Split {
                train: 0..8,
                stop: 8..9,
                test: 9..10
            }
        );
        for (stop, test) in [(1, 5), (5, 5), (6, 5), (5, 11), (0, 3)] {
            assert!(Split::new(10, at_rows(stop, test)).is_err(), "{stop} {test}");
        }
        assert!(Split::new(3, SplitAt::default()).is_err());
        assert!(Split::new(0, SplitAt::default()).is_err());
    }
}
