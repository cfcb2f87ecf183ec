//! ROC and precision–recall curves.
//!
//! Areas are exact, over every threshold; of the points only so many are kept as a chart can show.

use serde::{Deserialize, Serialize};

/// Points of a curve that are kept, about.
const POINTS: f64 = 300.0;

/// A curve and the area under it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Of ROC: AUC by the trapezoidal rule. Of precision–recall: average precision, `Σ (R_n - R_(n-1)) P_n` over the
    /// thresholds, without interpolation. Over all thresholds.
    pub area: f64,
    /// `[x, y]`, the first and the last threshold's among them. Of ROC: false positive rate and true positive rate. Of
    /// precision–recall: recall and precision.
    pub points: Vec<[f64; 2]>,
}

/// Clicks and non-clicks at or above a threshold.
#[derive(Clone, Copy, Default)]
struct Counts {
    clicks: u64,
    others: u64,
}

/// The ROC curve. `sorted` by probability, with both labels.
pub(crate) fn roc(sorted: &[(f64, bool)]) -> Curve {
    let all = counted(sorted);
    let (clicks, others) = (all.clicks as f64, all.others as f64);
    let mut twice_area = 0u128;
    let mut before = Counts::default();
    let mut thinned = Thinned::new(2.0 / POINTS, [0.0, 0.0], 0.0);
    for counts in thresholds(sorted) {
        twice_area += u128::from(counts.others - before.others) * u128::from(counts.clicks + before.clicks);
        before = counts;
        let point = [counts.others as f64 / others, counts.clicks as f64 / clicks];
        thinned.add(point, point[0] + point[1]);
    }
    Curve {
        area: twice_area as f64 / 2.0 / (clicks * others),
        points: thinned.finish(),
    }
}

/// The precision–recall curve. `sorted` by probability, with both labels.
pub(crate) fn precision_recall(sorted: &[(f64, bool)]) -> Curve {
    let clicks = counted(sorted).clicks as f64;
    let mut area = 0.0;
    let mut before = 0;
    let mut thinned: Option<Thinned> = None;
    for counts in thresholds(sorted) {
        let precision = counts.clicks as f64 / (counts.clicks + counts.others) as f64;
        let recall = counts.clicks as f64 / clicks;
        area += (counts.clicks - before) as f64 * precision;
        before = counts.clicks;
        thinned
            .get_or_insert_with(|| Thinned::new(1.0 / POINTS, [0.0, precision], 0.0))
            .add([recall, precision], recall);
    }
    Curve {
        area: area / clicks,
        points: thinned.map_or_else(Vec::new, Thinned::finish),
    }
}

/// What is at or above each threshold, the highest first; equal probabilities are one.
fn thresholds(sorted: &[(f64, bool)]) -> impl Iterator<Item = Counts> {
    let mut above = Counts::default();
    sorted.chunk_by(|a, b| a.0 == b.0).rev().map(move |ties| {
        let here = counted(ties);
        above.clicks += here.clicks;
        above.others += here.others;
        above
    })
}

fn counted(rows: &[(f64, bool)]) -> Counts {
    let clicks = rows.iter().filter(|(_, label)| *label).count();
    Counts {
        clicks: clicks as u64,
        others: (rows.len() - clicks) as u64,
    }
}

/// Keeps a point when it is a step further along the curve than the one before.
struct Thinned {
    step: f64,
    points: Vec<[f64; 2]>,
    kept_at: f64,
    last: Option<[f64; 2]>,
}

impl Thinned {
    fn new(step: f64, first: [f64; 2], at: f64) -> Self {
        Self {
            step,
            points: vec![first],
            kept_at: at,
            last: None,
        }
    }

    fn add(&mut self, point: [f64; 2], at: f64) {
        self.last = Some(point);
        if at - self.kept_at >= self.step {
            self.kept_at = at;
            self.points.push(point);
            self.last = None;
        }
    }

    fn finish(mut self) -> Vec<[f64; 2]> {
        self.points.extend(self.last);
        self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{auc, sorted};

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn four_rows_as_scikit_learn_has_them() {
        // roc_curve, roc_auc_score, precision_recall_curve and average_precision_score of scikit-learn.
        let rows = sorted(&[(0.1, false), (0.4, false), (0.35, true), (0.8, true)]);
        let roc = roc(&rows);
        close(roc.area, 0.75);
        assert_eq!(
            roc.points,
            [[0.0, 0.0], [0.0, 0.5], [0.5, 0.5], [0.5, 1.0], [1.0, 1.0]]
        );
        let curve = precision_recall(&rows);
        close(curve.area, 0.8333333333333333);
        assert_eq!(
            curve.points,
            [[0.0, 1.0], [0.5, 1.0], [1.0, 2.0 / 3.0], [1.0, 0.5]]
        );
    }

    #[test]
    fn a_hundred_rows_with_ties_as_scikit_learn_has_them() {
        let rows: Vec<(f64, bool)> = (0..100)
            .map(|i| {
                let p = ((i * 37 % 101) as f64 / 101.0 * 20.0).round() / 25.0 + 0.05;
                (p, (((i * 53 + 11) % 97) as f64) < 15.0 + 60.0 * p)
            })
            .collect();
        let rows = sorted(&rows);
        close(roc(&rows).area, 0.5807833537331701);
        let curve = precision_recall(&rows);
        close(curve.area, 0.5099154164611654);
        // 21 thresholds and the beginning.
        assert_eq!(curve.points.len(), 22);
        let last = &curve.points[20..];
        for ([recall, precision], expected) in last
            .iter()
            .zip([[0.9767441860465116, 0.4329896907216495], [1.0, 0.43]])
        {
            close(*recall, expected[0]);
            close(*precision, expected[1]);
        }
    }

    #[test]
    fn ties_are_one_threshold() {
        let rows = sorted(&[(0.5, true), (0.5, false), (0.5, false), (0.5, true)]);
        let roc = roc(&rows);
        assert_eq!((roc.area, &roc.points[..]), (0.5, &[[0.0, 0.0], [1.0, 1.0]][..]));
        assert_eq!(precision_recall(&rows).area, 0.5);
    }

    #[test]
    fn many_rows_keep_their_areas_and_a_few_hundred_points() {
        let rows: Vec<(f64, bool)> = (0..50_000u64)
            .map(|i| {
                let p = (i * 7_919 % 49_999) as f64 / 49_999.0;
                (p, ((i * 104_729 + 17) % 50_021) as f64 / 50_021.0 < p)
            })
            .collect();
        let rows = sorted(&rows);
        let clicks = rows.iter().filter(|(_, label)| *label).count() as u64;
        let roc = roc(&rows);
        assert_eq!(roc.area, auc(&rows, clicks));
        let curve = precision_recall(&rows);
        // Thinned, they still have nearly the area that they stand for.
        for curve in [&roc, &curve] {
            let pairs = curve.points.windows(2);
            let area: f64 = pairs
                .map(|pair| (pair[1][0] - pair[0][0]) * (pair[0][1] + pair[1][1]) / 2.0)
                .sum();
            assert!((area - curve.area).abs() < 2e-3, "{area} {}", curve.area);
            assert!(
                (200..=305).contains(&curve.points.len()),
                "{}",
                curve.points.len()
            );
            assert!(curve.points.windows(2).all(|pair| pair[0][0] <= pair[1][0]));
        }
        assert_eq!(roc.points.last(), Some(&[1.0, 1.0]));
        assert_eq!(curve.points.last(), Some(&[1.0, clicks as f64 / 50_000.0]));
    }
}
