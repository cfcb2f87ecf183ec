//! Predicted and observed rates, bin by bin.

use serde::{Deserialize, Serialize};

use crate::metrics::{CALIBRATION_BINS, equal_mass, number};

/// Two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// One of [`CALIBRATION_BINS`] bins with equally many rows each, by prediction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Rows.
    pub rows: u64,
    /// Mean probability.
    pub mean_prediction: f64,
    /// Share of clicks.
    pub observed_rate: f64,
    /// Lower end of the 95 % interval of the observed rate, [`wilson_interval`].
    pub observed_low: f64,
    /// Upper end.
    pub observed_high: f64,
}

/// The 95 % interval of a rate of which `clicks` of `rows` were seen (Wilson 1927). Of no rows: all of 0..=1.
pub fn wilson_interval(clicks: u64, rows: u64) -> (f64, f64) {
    if rows == 0 {
        return (0.0, 1.0);
    }
    let (n, rate) = (rows as f64, clicks as f64 / rows as f64);
    let middle = rate + Z * Z / (2.0 * n);
    let half = Z * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
    let over = 1.0 + Z * Z / n;
    (
        ((middle - half) / over).max(0.0),
        ((middle + half) / over).min(1.0),
    )
}

/// The bins, without empty ones. `sorted` by probability.
pub(crate) fn bins(sorted: &[(f64, bool)]) -> Vec<CalibrationBin> {
    equal_mass(sorted, CALIBRATION_BINS)
        .filter(|rows| !rows.is_empty())
        .map(|rows| {
            let count = rows.len() as f64;
            let clicks = rows.iter().filter(|(_, label)| *label).count() as u64;
            let (observed_low, observed_high) = wilson_interval(clicks, rows.len() as u64);
            CalibrationBin {
                rows: rows.len() as u64,
                mean_prediction: rows.iter().map(|(p, _)| p).sum::<f64>() / count,
                observed_rate: rows.iter().map(|(_, label)| number(*label)).sum::<f64>() / count,
                observed_low,
                observed_high,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{expected_calibration_error, sorted};

    #[test]
    fn intervals_are_those_of_scipy() {
        // scipy's binomtest(clicks, rows).proportion_ci(method="wilson").
        for (clicks, rows, low, high) in [
            (0, 10, 0.0, 0.2775327998628892),
            (3, 10, 0.10779126740630075, 0.6032218525388546),
            (10, 10, 0.7224672001371106, 1.0),
            (25, 100, 0.17545211362287674, 0.34304463548061603),
        ] {
            let interval = wilson_interval(clicks, rows);
            assert!(
                (interval.0 - low).abs() < 1e-9 && (interval.1 - high).abs() < 1e-9,
                "{clicks} of {rows}: {interval:?}"
            );
        }
        assert_eq!(wilson_interval(0, 0), (0.0, 1.0));
    }

    #[test]
    fn the_bins_give_the_expected_calibration_error() {
        let rows: Vec<(f64, bool)> = (0..1013)
            .map(|i| ((i * 37 % 1013) as f64 / 1013.0, i * 53 % 97 < 40))
            .collect();
        let rows = sorted(&rows);
        let bins = bins(&rows);
        assert_eq!(bins.len(), CALIBRATION_BINS);
        assert_eq!(bins.iter().map(|bin| bin.rows).sum::<u64>(), 1013);
        // 1013 = 20 * 50 + 13.
        assert_eq!((bins[12].rows, bins[13].rows), (51, 50));
        let error: f64 = bins
            .iter()
            .map(|bin| bin.rows as f64 * (bin.mean_prediction - bin.observed_rate).abs())
            .sum();
        assert!((error / 1013.0 - expected_calibration_error(&rows)).abs() < 1e-12);
        for bin in &bins {
            assert!(bin.observed_low < bin.observed_rate && bin.observed_rate < bin.observed_high);
        }
    }

    #[test]
    fn few_rows_leave_no_empty_bins() {
        let bins = bins(&[(0.2, false), (0.4, true)]);
        let rates: Vec<_> = bins
            .iter()
            .map(|bin| (bin.mean_prediction, bin.observed_rate))
            .collect();
        assert_eq!(rates, [(0.2, 0.0), (0.4, 1.0)]);
    }
}
