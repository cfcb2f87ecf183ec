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
    /// Splits `rows` rows. `bounds` are the first early-stopping row and the first test row, counted from 1; the
    /// first 80 % train and the next 10 % stop when there are none.
    pub fn new(rows: u64, bounds: Option<(u64, u64)>) -> Result<Self, SplitError> {
        let share = |tenths: u64| (u128::from(rows) * u128::from(tenths) / 10) as u64 + 1;
        let (stop_from, test_from) = bounds.unwrap_or((share(8), share(9)));
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

    #[test]
    fn rows_are_counted_from_one() {
        let split = Split::new(110_000, Some((88_001, 99_001))).unwrap();
        assert_eq!(
            split,
            Split {
                train: 0..88_000,
                stop: 88_000..99_000,
                test: 99_000..110_000
            }
        );
        assert_eq!(Split::new(110_000, None).unwrap(), split);
    }

    #[test]
    fn every_part_has_rows() {
        assert_eq!(
            Split::new(10, None).unwrap(),
            Split {
                train: 0..8,
                stop: 8..9,
                test: 9..10
            }
        );
        for bounds in [(1, 5), (5, 5), (6, 5), (5, 11), (0, 3)] {
            assert!(Split::new(10, Some(bounds)).is_err(), "{bounds:?}");
        }
        assert!(Split::new(3, None).is_err());
        assert!(Split::new(0, None).is_err());
    }
}
