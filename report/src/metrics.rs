//! How good predictions are: logloss, AUC, normalized entropy, calibration error, Brier score.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Bins of the expected calibration error, each with the same number of rows.
pub const CALIBRATION_BINS: usize = 20;

/// In logloss, what actually happened had at least this probability, so that one sure mistake is finite.
const PROBABILITY_FLOOR: f64 = 1e-15;

/// The metrics of one set of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Rows.
    pub rows: u64,
    /// Mean of `-ln p(label)`.
    pub logloss: f64,
    /// Area under the ROC curve, ties counted half (Mann–Whitney U over positives × negatives).
    pub auc: f64,
    /// Logloss over the entropy of the observed rate (He et al. 2014); 1 = no better than that constant.
    pub normalized_entropy: f64,
    /// Mean |predicted − observed| over [`CALIBRATION_BINS`] equal-mass bins by prediction, weighted by rows.
    pub expected_calibration_error: f64,
    /// Mean squared difference of probability and label.
    pub brier: f64,
    /// Mean probability.
    pub mean_prediction: f64,
    /// Share of positives.
    pub observed_rate: f64,
}

/// Predictions that have no metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// One label of the two doesn't occur, so AUC and normalized entropy don't exist.
    #[error("the {rows} rows have {positives} positives: metrics need both labels")]
    OneClass {
        /// Rows.
        rows: u64,
        /// Of them positive.
        positives: u64,
    },
    /// A probability is not a number in 0..=1.
    #[error("the prediction of row {index} (from 0) is not a probability")]
    NotAProbability {
        /// Which, from 0.
        index: usize,
    },
}

impl Metrics {
    /// Computes all metrics of (probability, label) pairs. The order of the pairs changes nothing but the last bits
    /// of sums, and which of equal predictions fall into which calibration bin.
    pub fn of(predictions: &[(f64, bool)]) -> Result<Self, MetricsError> {
        check(predictions)?;
        let rows = predictions.len() as u64;
        let positives = predictions.iter().filter(|(_, label)| *label).count() as u64;
        if positives == 0 || positives == rows {
            return Err(MetricsError::OneClass { rows, positives });
        }
        let sorted = sorted(predictions);
        let mean = |value: fn(&(f64, bool)) -> f64| predictions.iter().map(value).sum::<f64>() / rows as f64;
        let observed_rate = positives as f64 / rows as f64;
        let logloss = mean(|&(p, label)| row_logloss(p, label));
        let entropy = -(observed_rate * libm::log(observed_rate)
            + (1.0 - observed_rate) * libm::log(1.0 - observed_rate));
        Ok(Self {
            rows,
            logloss,
            auc: auc(&sorted, positives),
            normalized_entropy: logloss / entropy,
            expected_calibration_error: expected_calibration_error(&sorted),
            brier: mean(|&(p, label)| (p - number(label)) * (p - number(label))),
            mean_prediction: mean(|&(p, _)| p),
            observed_rate,
        })
    }

    /// The metrics by name, each behind `prefix`, such as `test_logloss`.
    pub fn named(&self, prefix: &str) -> BTreeMap<String, f64> {
        [
            ("rows", self.rows as f64),
            ("logloss", self.logloss),
            ("auc", self.auc),
            ("normalized_entropy", self.normalized_entropy),
            ("expected_calibration_error", self.expected_calibration_error),
            ("brier", self.brier),
            ("mean_prediction", self.mean_prediction),
            ("observed_rate", self.observed_rate),
        ]
        .map(|(name, value)| (format!("{prefix}{name}"), value))
        .into()
    }
}

/// Refuses what is no probability.
pub(crate) fn check(predictions: &[(f64, bool)]) -> Result<(), MetricsError> {
    match predictions.iter().position(|(p, _)| !(0.0..=1.0).contains(p)) {
        Some(index) => Err(MetricsError::NotAProbability { index }),
        None => Ok(()),
    }
}

/// By probability, the least first; equal ones keep their order.
pub(crate) fn sorted(predictions: &[(f64, bool)]) -> Vec<(f64, bool)> {
    let mut sorted = predictions.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted
}

/// Cuts rows into as many parts; the first `n % parts` have one row more than the others, and some none if there are
/// fewer rows than parts.
pub(crate) fn equal_mass(rows: &[(f64, bool)], parts: usize) -> impl Iterator<Item = &[(f64, bool)]> {
    let (size, larger) = (rows.len() / parts, rows.len() % parts);
    let mut rest = rows;
    (0..parts).map(move |part| {
        let (rows, after) = rest.split_at(size + usize::from(part < larger));
        rest = after;
        rows
    })
}

pub(crate) fn number(label: bool) -> f64 {
    if label { 1.0 } else { 0.0 }
}

pub(crate) fn row_logloss(p: f64, label: bool) -> f64 {
    let of_the_label = if label { p } else { 1.0 - p };
    -libm::log(of_the_label.max(PROBABILITY_FLOOR))
}

/// `sorted` by probability: rank sum of the positives, each tie at its group's middle rank.
pub(crate) fn auc(sorted: &[(f64, bool)], positives: u64) -> f64 {
    let mut rank_sum = 0.0;
    let mut before = 0u64;
    for ties in sorted.chunk_by(|a, b| a.0 == b.0) {
        let middle = before as f64 + (ties.len() as f64 + 1.0) / 2.0;
        rank_sum += middle * ties.iter().filter(|(_, label)| *label).count() as f64;
        before += ties.len() as u64;
    }
    let positives_f = positives as f64;
    let negatives = sorted.len() as f64 - positives_f;
    (rank_sum - positives_f * (positives_f + 1.0) / 2.0) / (positives_f * negatives)
}

/// `sorted` by probability.
pub(crate) fn expected_calibration_error(sorted: &[(f64, bool)]) -> f64 {
    let gap = |rows: &[(f64, bool)]| {
        rows.iter()
            .map(|&(p, label)| p - number(label))
            .sum::<f64>()
            .abs()
    };
    equal_mass(sorted, CALIBRATION_BINS).map(gap).sum::<f64>() / sorted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn four_rows_by_hand() {
        // Pairs (positive, negative): 0.8>0.5, 0.8>0.2, 0.5=0.5 (half), 0.5>0.2 → 3.5 of 4.
        let metrics = Metrics::of(&[(0.8, true), (0.5, false), (0.5, true), (0.2, false)]).unwrap();
        close(metrics.auc, 3.5 / 4.0);
        close(
            metrics.logloss,
            -(0.8f64.ln() + 0.5f64.ln() + 0.5f64.ln() + 0.8f64.ln()) / 4.0,
        );
        close(metrics.normalized_entropy, metrics.logloss / 2f64.ln());
        close(metrics.brier, (0.04 + 0.25 + 0.25 + 0.04) / 4.0);
        close(metrics.expected_calibration_error, (0.2 + 0.5 + 0.5 + 0.2) / 4.0);
        close(metrics.mean_prediction, 0.5);
    }

    #[test]
    fn a_hundred_rows_with_ties_as_scikit_learn_has_them() {
        let rows: Vec<(f64, bool)> = (0..100)
            .map(|i| {
                let p = ((i * 37 % 101) as f64 / 101.0 * 20.0).round() / 25.0 + 0.05;
                (p, (((i * 53 + 11) % 97) as f64) < 15.0 + 60.0 * p)
            })
            .collect();
        let metrics = Metrics::of(&rows).unwrap();
        close(metrics.logloss, 0.751637789829156);
        close(metrics.auc, 0.5807833537331701);
        close(metrics.brier, 0.2670760000000001);
        close(metrics.normalized_entropy, 1.0999873921931815);
        close(metrics.expected_calibration_error, 0.17420000000000005);
        close(metrics.mean_prediction, 0.4448);
        close(metrics.observed_rate, 0.43);
    }

    #[test]
    fn a_constant_prediction_is_worth_nothing() {
        let rows: Vec<(f64, bool)> = (0..1000).map(|i| (0.25, i % 4 == 0)).collect();
        let metrics = Metrics::of(&rows).unwrap();
        close(metrics.auc, 0.5);
        close(metrics.normalized_entropy, 1.0);
    }

    #[test]
    fn a_sure_mistake_is_finite() {
        let metrics = Metrics::of(&[(1.0, false), (0.0, true)]).unwrap();
        close(metrics.logloss, -1e-15f64.ln());
        close(metrics.auc, 0.0);
    }

    #[test]
    fn what_has_no_metrics_is_refused() {
        assert_eq!(
            Metrics::of(&[]),
            Err(MetricsError::OneClass {
                rows: 0,
                positives: 0
            })
        );
        assert_eq!(
            Metrics::of(&[(0.5, true)]),
            Err(MetricsError::OneClass {
                rows: 1,
                positives: 1
            })
        );
        let nan = [(0.5, true), (f64::NAN, false)];
        assert_eq!(Metrics::of(&nan), Err(MetricsError::NotAProbability { index: 1 }));
    }
}
