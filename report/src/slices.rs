//! Metrics of parts of the test rows.

use serde::{Deserialize, Serialize};

use crate::metrics::{MetricsError, auc, check, expected_calibration_error, row_logloss, sorted};

/// One way to cut the test rows into parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceGroup {
    /// What the rows are cut by, such as `missing values`.
    pub name: String,
    /// What that means, as a sentence.
    pub note: String,
    /// The parts, none of them empty. Their rows add up to the test rows.
    pub slices: Vec<Slice>,
}

/// A part of the test rows and how it is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Which part, such as `4–7`.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Of them clicked.
    pub clicks: u64,
    /// Mean of `-ln p(label)`.
    pub logloss: f64,
    /// Area under the ROC curve; absent where one label of the two doesn't occur.
    pub auc: Option<f64>,
    /// Mean probability.
    pub mean_prediction: f64,
    /// Share of clicks.
    pub observed_rate: f64,
    /// Mean probability over share of clicks; absent without a click.
    pub calibration_ratio: Option<f64>,
    /// As that of all rows; of few rows it is high by chance alone.
    pub expected_calibration_error: f64,
}

impl SliceGroup {
    /// Any cut: row `i` is in the part `slice_of[i]`, named `names[slice_of[i]]`. Parts without rows are left out.
    ///
    /// Panics unless there is one part for each prediction, and a name for each part.
    pub fn new(
        name: &str,
        note: &str,
        predictions: &[(f64, bool)],
        slice_of: &[usize],
        names: &[String],
    ) -> Result<Self, MetricsError> {
        assert_eq!(predictions.len(), slice_of.len(), "each row is in one part");
        check(predictions)?;
        let mut parts = vec![Vec::new(); names.len()];
        for (prediction, slice) in predictions.iter().zip(slice_of) {
            parts[*slice].push(*prediction);
        }
        let parts = names.iter().zip(&parts).filter(|(_, rows)| !rows.is_empty());
        Ok(Self {
            name: name.to_owned(),
            note: note.to_owned(),
            slices: parts.map(|(name, rows)| Slice::of(name, rows)).collect(),
        })
    }

    /// Parts by a number of each row, cut at the quantiles of that number: at most `bands`, and fewer where many rows
    /// have the same number, for those stay together.
    ///
    /// Panics unless there is one number for each prediction.
    pub fn by_count(
        name: &str,
        note: &str,
        predictions: &[(f64, bool)],
        counts: &[u32],
        bands: usize,
    ) -> Result<Self, MetricsError> {
        let mut ascending = counts.to_vec();
        ascending.sort_unstable();
        // The highest number of each band.
        let mut ends: Vec<u32> = (1..=bands)
            .filter_map(|band| {
                ascending
                    .get((band * ascending.len() / bands).checked_sub(1)?)
                    .copied()
            })
            .collect();
        ends.dedup();
        let lowest = ascending.first().copied().unwrap_or(0);
        let begins = std::iter::once(lowest).chain(ends.iter().map(|end| end + 1));
        let names: Vec<String> = begins
            .zip(&ends)
            .map(|(begin, end)| range(&begin.to_string(), &end.to_string()))
            .collect();
        let slice_of: Vec<usize> = counts
            .iter()
            .map(|count| ends.partition_point(|end| end < count))
            .collect();
        Self::new(name, note, predictions, &slice_of, &names)
    }

    /// `bands` parts with equally many rows each in the order of the rows, named by their numbers; `first_row` is the
    /// number of the first.
    pub fn by_position(
        name: &str,
        note: &str,
        predictions: &[(f64, bool)],
        first_row: u64,
        bands: usize,
    ) -> Result<Self, MetricsError> {
        let rows = predictions.len();
        let begin = |band: usize| band * rows / bands;
        let names: Vec<String> = (0..bands)
            .map(|band| {
                let number = |row: usize| (first_row + row as u64).to_string();
                range(&number(begin(band)), &number(begin(band + 1).saturating_sub(1)))
            })
            .collect();
        let slice_of: Vec<usize> = (0..bands)
            .flat_map(|band| std::iter::repeat_n(band, begin(band + 1) - begin(band)))
            .collect();
        Self::new(name, note, predictions, &slice_of, &names)
    }
}

impl Slice {
    fn of(name: &str, rows: &[(f64, bool)]) -> Self {
        let sorted = sorted(rows);
        let (count, clicks) = (
            rows.len() as u64,
            rows.iter().filter(|(_, label)| *label).count() as u64,
        );
        let mean_prediction = rows.iter().map(|(p, _)| p).sum::<f64>() / count as f64;
        let observed_rate = clicks as f64 / count as f64;
        Self {
            name: name.to_owned(),
            rows: count,
            clicks,
            logloss: rows.iter().map(|&(p, label)| row_logloss(p, label)).sum::<f64>() / count as f64,
            auc: (clicks > 0 && clicks < count).then(|| auc(&sorted, clicks)),
            mean_prediction,
            observed_rate,
            calibration_ratio: (clicks > 0).then(|| mean_prediction / observed_rate),
            expected_calibration_error: expected_calibration_error(&sorted),
        }
    }
}

fn range(begin: &str, end: &str) -> String {
    match begin == end {
        true => begin.to_owned(),
        false => format!("{begin}–{end}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metrics;

    fn predictions(rows: usize) -> Vec<(f64, bool)> {
        (0..rows)
            .map(|i| ((i * 37 % 101) as f64 / 101.0, i * 53 % 97 < 40))
            .collect()
    }

    fn names_and_rows(group: &SliceGroup) -> Vec<(&str, u64)> {
        group
            .slices
            .iter()
            .map(|slice| (slice.name.as_str(), slice.rows))
            .collect()
    }

    #[test]
    fn one_slice_of_everything_has_the_metrics_of_everything() {
        let rows = predictions(500);
        let group = SliceGroup::new("all", "", &rows, &[0; 500], &["all".to_owned()]).unwrap();
        let (slice, metrics) = (&group.slices[0], Metrics::of(&rows).unwrap());
        assert_eq!((slice.rows, slice.auc), (500, Some(metrics.auc)));
        assert_eq!(slice.logloss, metrics.logloss);
        assert_eq!(slice.mean_prediction, metrics.mean_prediction);
        assert_eq!(slice.observed_rate, metrics.observed_rate);
        assert_eq!(
            slice.expected_calibration_error,
            metrics.expected_calibration_error
        );
        assert_eq!(
            slice.calibration_ratio,
            Some(metrics.mean_prediction / metrics.observed_rate)
        );
    }

    #[test]
    fn equal_numbers_stay_together_and_rows_add_up() {
        // Half of the rows have none.
        let counts: Vec<u32> = (0..100)
            .map(|i| if i % 2 == 0 { 0 } else { i / 10 + 3 })
            .collect();
        let group = SliceGroup::by_count("missing", "", &predictions(100), &counts, 5).unwrap();
        assert_eq!(
            names_and_rows(&group),
            [("0", 50), ("1–4", 10), ("5–8", 20), ("9–12", 20)]
        );
        let clicks: u64 = group.slices.iter().map(|slice| slice.clicks).sum();
        let all = predictions(100).iter().filter(|(_, label)| *label).count() as u64;
        assert_eq!(clicks, all);
        let weighted: f64 = group
            .slices
            .iter()
            .map(|slice| slice.rows as f64 * slice.logloss)
            .sum();
        assert!((weighted / 100.0 - Metrics::of(&predictions(100)).unwrap().logloss).abs() < 1e-12);
    }

    #[test]
    fn positions_are_row_numbers() {
        let group = SliceGroup::by_position("position", "", &predictions(10), 91, 3).unwrap();
        assert_eq!(
            names_and_rows(&group),
            [("91–93", 3), ("94–96", 3), ("97–100", 4)]
        );
        let few = SliceGroup::by_position("position", "", &predictions(2), 1, 4).unwrap();
        assert_eq!(names_and_rows(&few), [("1", 1), ("2", 1)]);
    }

    #[test]
    fn a_slice_of_one_label_has_no_auc() {
        let rows = [(0.2, false), (0.3, false), (0.9, true)];
        let names = ["none".to_owned(), "unused".to_owned(), "all".to_owned()];
        let group = SliceGroup::new("label", "", &rows, &[0, 0, 2], &names).unwrap();
        assert_eq!(names_and_rows(&group), [("none", 2), ("all", 1)]);
        assert_eq!(
            (group.slices[0].auc, group.slices[0].calibration_ratio),
            (None, None)
        );
        assert_eq!(
            (group.slices[1].auc, group.slices[1].calibration_ratio),
            (None, Some(0.9))
        );
        let bad = SliceGroup::new("label", "", &[(f64::NAN, true)], &[0], &names);
        assert_eq!(bad, Err(MetricsError::NotAProbability { index: 0 }));
    }

    #[test]
    fn nothing_has_no_slices() {
        assert_eq!(
            SliceGroup::by_count("missing", "", &[], &[], 5).unwrap().slices,
            []
        );
        assert_eq!(
            SliceGroup::by_position("position", "", &[], 1, 5).unwrap().slices,
            []
        );
    }
}
