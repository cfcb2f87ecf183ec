//! Which rows are for what: consecutive parts, in time order, that are never mixed.

use anyhow::{Result, ensure};

/// How many rows are for training, for early stopping and for the test, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts(pub(super) [u64; 3]);

impl Parts {
    /// All rows but those of the split's later parts, as clickleaf-trainer splits: `stop_from` and `test_from` are the
    /// first early-stopping row and the first test row, counted from 1.
    pub(super) fn new(rows: u64, stop_from: u64, test_from: u64) -> Result<Self> {
        ensure!(
            1 < stop_from && stop_from < test_from && test_from <= rows,
            "{rows} rows can't be split with early stopping from row {stop_from} and test from row {test_from}: \
             each part needs at least one row; set --stop-from and --test-from"
        );
        Ok(Self([stop_from - 1, test_from - stop_from, rows - test_from + 1]))
    }

    /// At most `most` rows (3 or more) in proportion; no part is left empty.
    pub(super) fn at_most(self, most: u64) -> Self {
        let rows = self.rows();
        if rows <= most {
            return self;
        }
        let share = |part: u64| ((u128::from(part) * u128::from(most) / u128::from(rows)) as u64).max(1);
        let [training, stopping, test] = self.0.map(share);
        // What was rounded up to one row comes off the largest part.
        let over = (training + stopping + test).saturating_sub(most);
        let mut parts = [training, stopping, test];
        if let Some(largest) = parts.iter_mut().max() {
            *largest -= over;
        }
        Self(parts)
    }

    /// Rows in all.
    pub(super) fn rows(self) -> u64 {
        self.0.iter().sum()
    }

    /// First early-stopping row and first test row, from 1.
    pub(super) fn bounds(self) -> (u64, u64) {
        let [training, stopping, _] = self.0;
        (training + 1, training + stopping + 1)
    }

    /// The three numbers as `quality.py` takes them.
    pub(super) fn to_argument(self) -> String {
        let [training, stopping, test] = self.0;
        format!("{training},{stopping},{test}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_from_one_as_the_trainer_counts_them() {
        let parts = Parts::new(110_000, 88_001, 99_001).unwrap();
        assert_eq!(parts, Parts([88_000, 11_000, 11_000]));
        assert_eq!(parts.rows(), 110_000);
        assert_eq!(parts.bounds(), (88_001, 99_001));
        assert_eq!(parts.to_argument(), "88000,11000,11000");
    }

    #[test]
    fn a_split_with_an_empty_part_is_refused() {
        for (stop_from, test_from) in [(1, 5), (5, 5), (6, 5), (5, 11), (0, 3)] {
            let error = Parts::new(10, stop_from, test_from).unwrap_err().to_string();
            assert!(
                error.contains("10 rows") && error.contains("--stop-from"),
                "{error}"
            );
        }
        assert!(Parts::new(10, 9, 10).is_ok());
    }

    #[test]
    fn fewer_rows_keep_the_proportion_and_leave_no_part_empty() {
        let parts = Parts([88_000, 11_000, 11_000]);
        assert_eq!(parts.at_most(20_000), Parts([16_000, 2_000, 2_000]));
        assert_eq!(parts.at_most(110_000), parts);
        assert_eq!(Parts([1_000_000, 1, 1]).at_most(100), Parts([98, 1, 1]));
    }
}
