//! The tables of parts of the rows.

use std::fmt::Write;

use super::{or_dash, table};
use crate::html::Titled;
use crate::html::text::{Text, count, fixed};

/// Metrics by slice, one table for each way to slice and report.
pub(in crate::html) fn slices(reports: &[Titled<'_>]) -> String {
    let heads = [
        "Slice",
        "#",
        "Rows",
        "Clicks",
        "Logloss",
        "AUC",
        "Predicted",
        "Observed",
        "Ratio",
        "ECE",
    ]
    .map(str::to_owned);
    let mut tables = String::new();
    let Some(first) = reports.first() else {
        return tables;
    };
    for group in &first.report.slices {
        let _ = write!(
            tables,
            "<h3>By {}</h3>\n<p class=\"note\">{}</p>\n",
            Text(&group.name),
            Text(&group.note)
        );
        for titled in reports {
            let Some(group) = titled.report.slices.iter().find(|other| other.name == group.name) else {
                continue;
            };
            let lines: Vec<Vec<String>> = group
                .slices
                .iter()
                .enumerate()
                .map(|(index, slice)| {
                    vec![
                        slice.name.clone(),
                        (index + 1).to_string(),
                        count(slice.rows),
                        count(slice.clicks),
                        fixed(slice.logloss, 5),
                        or_dash(slice.auc, 4),
                        fixed(slice.mean_prediction, 4),
                        fixed(slice.observed_rate, 4),
                        or_dash(slice.calibration_ratio, 3),
                        fixed(slice.expected_calibration_error, 4),
                    ]
                })
                .collect();
            tables += &table("", titled.title, &heads, &lines);
        }
    }
    tables
}
