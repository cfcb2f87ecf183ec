//! How good probabilities of clicks are. One computation for all contestants, in `f64`.

use anyhow::{Result, ensure};

/// Bins of the expected calibration error, each with as many rows, give or take one.
const BINS: usize = 20;
/// What happened had at least this probability, so that one sure mistake is finite.
const FLOOR: f64 = 1e-15;

/// The metrics of one set of probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Metrics {
    /// Mean of -ln p(label).
    pub(super) logloss: f64,
    /// Area under the ROC curve; ties count half.
    pub(super) auc: f64,
    /// Logloss over the entropy of the observed rate.
    pub(super) normalized_entropy: f64,
    /// Mean |predicted - observed| over [`BINS`] bins by probability.
    pub(super) calibration_error: f64,
    /// Mean probability over observed rate.
    pub(super) predicted_over_observed: f64,
}

impl Metrics {
    /// Of a probability and a label for each row; both labels must occur.
    pub(super) fn of(probabilities: &[f64], labels: &[bool]) -> Result<Self> {
        let rows = labels.len() as f64;
        let positives = labels.iter().filter(|label| **label).count() as f64;
        ensure!(
            probabilities.len() == labels.len(),
            "{} probabilities for {rows} rows",
            probabilities.len()
        );
        ensure!(
            0.0 < positives && positives < rows,
            "metrics need clicks and rows without: {positives} of {rows} rows are clicks"
        );
        let rate = positives / rows;
        let entropy = -(rate * rate.ln() + (1.0 - rate) * (1.0 - rate).ln());
        let logloss = mean(&losses(probabilities, labels));
        let mut sorted: Vec<(f64, bool)> = probabilities
            .iter()
            .copied()
            .zip(labels.iter().copied())
            .collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Self {
            logloss,
            auc: auc(&sorted, positives),
            normalized_entropy: logloss / entropy,
            calibration_error: calibration_error(&sorted),
            predicted_over_observed: mean(probabilities) / rate,
        })
    }

    /// The mean of each, over runs.
    pub(super) fn mean_of(runs: &[Self]) -> Self {
        let of = |value: fn(&Self) -> f64| mean(&runs.iter().map(value).collect::<Vec<_>>());
        Self {
            logloss: of(|run| run.logloss),
            auc: of(|run| run.auc),
            normalized_entropy: of(|run| run.normalized_entropy),
            calibration_error: of(|run| run.calibration_error),
            predicted_over_observed: of(|run| run.predicted_over_observed),
        }
    }
}

/// Each row's -ln p(label).
pub(super) fn losses(probabilities: &[f64], labels: &[bool]) -> Vec<f64> {
    let rows = probabilities.iter().zip(labels);
    rows.map(|(p, label)| -(if *label { *p } else { 1.0 - p }).max(FLOOR).ln())
        .collect()
}

/// NaN of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// By the rank sum of the positives, each tie at the middle of its ranks.
fn auc(sorted: &[(f64, bool)], positives: f64) -> f64 {
    let (mut ranks, mut before) = (0.0, 0.0);
    for ties in sorted.chunk_by(|a, b| a.0 == b.0) {
        let size = ties.len() as f64;
        let clicks = ties.iter().filter(|row| row.1).count() as f64;
        ranks += clicks * (before + (size + 1.0) / 2.0);
        before += size;
    }
    (ranks - positives * (positives + 1.0) / 2.0) / (positives * (before - positives))
}

/// The first `rows % BINS` bins have one row more than the others.
fn calibration_error(sorted: &[(f64, bool)]) -> f64 {
    let (size, larger) = (sorted.len() / BINS, sorted.len() % BINS);
    let (mut rest, mut sum) = (sorted, 0.0);
    for bin in 0..BINS {
        let (rows, after) = rest.split_at(size + usize::from(bin < larger));
        let excess: f64 = rows
            .iter()
            .map(|(p, label)| p - f64::from(u8::from(*label)))
            .sum();
        sum += excess.abs();
        rest = after;
    }
    sum / sorted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn four_rows_by_hand() {
        let labels = [true, false, true, false];
        let metrics = Metrics::of(&[0.8, 0.5, 0.5, 0.2], &labels).unwrap();
        close(metrics.logloss, -(0.8f64.ln() + 0.5f64.ln()) / 2.0);
        close(metrics.auc, 3.5 / 4.0);
        close(metrics.normalized_entropy, metrics.logloss / 2f64.ln());
        close(metrics.calibration_error, (0.2 + 0.5 + 0.5 + 0.2) / 4.0);
        close(metrics.predicted_over_observed, 1.0);
    }

    #[test]
    fn a_hundred_rows_with_ties_as_scikit_learn_has_them() {
        let probabilities: Vec<f64> = (0..100)
            .map(|i| ((i * 37 % 101) as f64 / 101.0 * 20.0).round() / 25.0 + 0.05)
            .collect();
        let labels: Vec<bool> = (0..100)
            .map(|i| f64::from((i * 53 + 11) % 97) < 15.0 + 60.0 * probabilities[i as usize])
            .collect();
        let metrics = Metrics::of(&probabilities, &labels).unwrap();
        close(metrics.logloss, 0.751637789829156);
        close(metrics.auc, 0.5807833537331701);
        close(metrics.normalized_entropy, 1.0999873921931815);
        close(metrics.predicted_over_observed, 0.4448 / 0.43);
    }

    #[test]
    fn a_constant_is_worth_nothing_and_a_sure_mistake_is_finite() {
        let labels: Vec<bool> = (0..1000).map(|i| i % 4 == 0).collect();
        let constant = Metrics::of(&[0.25; 1000], &labels).unwrap();
        close(constant.auc, 0.5);
        close(constant.normalized_entropy, 1.0);
        close(losses(&[1.0], &[false])[0], -1e-15f64.ln());
    }

    #[test]
    fn rows_without_both_labels_or_with_other_probabilities_are_refused() {
        for (probabilities, labels) in [
            (vec![0.5], vec![true]),
            (vec![], vec![]),
            (vec![0.5], vec![true, false]),
        ] {
            assert!(Metrics::of(&probabilities, &labels).is_err());
        }
    }

    #[test]
    fn runs_are_averaged() {
        let labels = [true, false];
        let runs = [[0.6, 0.4], [0.4, 0.6]].map(|p| Metrics::of(&p, &labels).unwrap());
        let mean = Metrics::mean_of(&runs);
        close(mean.auc, 0.5);
        close(mean.logloss, (runs[0].logloss + runs[1].logloss) / 2.0);
    }
}
