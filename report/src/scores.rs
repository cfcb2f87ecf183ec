//! Where predictions lie, of clicks and of the others.

use serde::{Deserialize, Serialize};

/// Bins of the histogram.
pub const SCORE_BINS: usize = 40;

/// Rows by prediction, in bins of equal width from 0 to the highest prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreHistogram {
    /// Upper end of the last bin: the highest prediction.
    pub highest: f64,
    /// Clicks in each bin.
    pub clicks: Vec<u64>,
    /// Other rows in each bin.
    pub others: Vec<u64>,
}

/// The histogram. `sorted` by probability.
pub(crate) fn histogram(sorted: &[(f64, bool)]) -> ScoreHistogram {
    let highest = sorted.last().map_or(0.0, |(p, _)| *p);
    let mut histogram = ScoreHistogram {
        highest,
        clicks: vec![0; SCORE_BINS],
        others: vec![0; SCORE_BINS],
    };
    for (p, label) in sorted {
        // 0 / 0 is NaN, and that is bin 0.
        let bin = ((p / highest * SCORE_BINS as f64) as usize).min(SCORE_BINS - 1);
        let counts = if *label {
            &mut histogram.clicks
        } else {
            &mut histogram.others
        };
        counts[bin] += 1;
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_bin() {
        let rows = [
            (0.0, false),
            (0.015, true),
            (0.105, false),
            (0.399, true),
            (0.4, true),
        ];
        let histogram = histogram(&rows);
        assert_eq!(histogram.highest, 0.4);
        let filled = |counts: &[u64]| -> Vec<(usize, u64)> {
            let counts = counts.iter().copied().enumerate();
            counts.filter(|(_, count)| *count > 0).collect()
        };
        assert_eq!(filled(&histogram.clicks), [(1, 1), (39, 2)]);
        assert_eq!(filled(&histogram.others), [(0, 1), (10, 1)]);
    }

    #[test]
    fn predictions_of_nothing_but_zero_are_in_the_first_bin() {
        let histogram = histogram(&[(0.0, false), (0.0, true)]);
        assert_eq!((histogram.clicks[0], histogram.others[0]), (1, 1));
    }
}
