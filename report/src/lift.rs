//! How clicks gather where predictions are high: lift and cumulative gains by decile.

use serde::{Deserialize, Serialize};

use crate::metrics::equal_mass;

/// Groups with equally many rows each, the highest predictions first.
pub const LIFT_GROUPS: usize = 10;

/// One of [`LIFT_GROUPS`] groups by prediction. Equal predictions may be cut apart, in the order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiftGroup {
    /// Rows.
    pub rows: u64,
    /// Of them clicked.
    pub clicks: u64,
    /// The group's click rate over that of all rows.
    pub lift: f64,
    /// The click rate of this group and those before over that of all rows.
    pub cumulative_lift: f64,
    /// The share of all rows that are in this group and those before.
    pub cumulative_rows: f64,
    /// The share of all clicks that are in this group and those before: cumulative gains.
    pub cumulative_gain: f64,
}

/// The groups, without empty ones. `sorted` by probability, with both labels.
pub(crate) fn groups(sorted: &[(f64, bool)]) -> Vec<LiftGroup> {
    let clicks_of = |rows: &[(f64, bool)]| rows.iter().filter(|(_, label)| *label).count() as u64;
    let descending: Vec<(f64, bool)> = sorted.iter().rev().copied().collect();
    let (all_rows, all_clicks) = (sorted.len() as f64, clicks_of(sorted) as f64);
    let (mut rows_so_far, mut clicks_so_far) = (0u64, 0u64);
    equal_mass(&descending, LIFT_GROUPS)
        .filter(|group| !group.is_empty())
        .map(|group| {
            let (rows, clicks) = (group.len() as u64, clicks_of(group));
            rows_so_far += rows;
            clicks_so_far += clicks;
            let rate = all_clicks / all_rows;
            LiftGroup {
                rows,
                clicks,
                lift: clicks as f64 / rows as f64 / rate,
                cumulative_lift: clicks_so_far as f64 / rows_so_far as f64 / rate,
                cumulative_rows: rows_so_far as f64 / all_rows,
                cumulative_gain: clicks_so_far as f64 / all_clicks,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::sorted;

    #[test]
    fn twenty_rows_by_hand() {
        // The six highest of twenty are clicked, and the lowest.
        let rows: Vec<(f64, bool)> = (0..20).map(|i| (i as f64 / 20.0, i >= 14 || i == 0)).collect();
        let groups = groups(&sorted(&rows));
        let clicks: Vec<u64> = groups.iter().map(|group| group.clicks).collect();
        assert_eq!(clicks, [2, 2, 2, 0, 0, 0, 0, 0, 0, 1]);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        // The rate is 7 of 20.
        close(groups[0].lift, 20.0 / 7.0);
        close(groups[9].lift, 10.0 / 7.0);
        close(groups[3].cumulative_lift, 0.75 / 0.35);
        close(groups[2].cumulative_gain, 6.0 / 7.0);
        close(groups[2].cumulative_rows, 0.3);
        let last = groups[9];
        close(last.cumulative_gain, 1.0);
        close(last.cumulative_lift, 1.0);
        assert_eq!(groups.iter().map(|group| group.rows).sum::<u64>(), 20);
    }
}
