//! Every table of the page, for one report or two.

mod features;
mod slices;

use std::fmt::Write;

pub(super) use features::importance;
pub(super) use slices::slices;

use super::Titled;
use super::text::{Text, count, fixed, signed};
use crate::evaluation::{Identity, Report};

/// A line of the metrics: name, value, digits and which direction is better.
type MetricLine = (&'static str, fn(&Report) -> f64, usize, &'static str);

const METRICS: [MetricLine; 9] = [
    ("Logloss", |report| report.metrics.logloss, 5, "lower"),
    (
        "Normalized entropy",
        |report| report.metrics.normalized_entropy,
        5,
        "lower",
    ),
    ("AUC (ROC)", |report| report.roc.area, 5, "higher"),
    (
        "Average precision",
        |report| report.precision_recall.area,
        5,
        "higher",
    ),
    ("Brier score", |report| report.metrics.brier, 5, "lower"),
    (
        "Expected calibration error",
        |report| report.metrics.expected_calibration_error,
        5,
        "lower",
    ),
    ("Predicted over observed", Report::calibration_ratio, 4, "near 1"),
    ("Mean prediction", |report| report.metrics.mean_prediction, 5, ""),
    (
        "Observed click rate",
        |report| report.metrics.observed_rate,
        5,
        "",
    ),
];

/// A line of the identity: name and value.
type IdentityLine = (&'static str, fn(&Report) -> String);

const IDENTITY: [IdentityLine; 8] = [
    ("Model", |report| report.identity.model_name.clone()),
    ("Run", |report| {
        named(&report.identity.run_name, &report.identity.run_id)
    }),
    ("Experiment", |report| report.identity.experiment_name.clone()),
    ("File", |report| file(&report.identity)),
    ("Trees", |report| count(report.identity.trees)),
    ("Engine", |report| report.identity.engine.clone()),
    ("Data set", |report| {
        named(&report.identity.dataset_name, &report.identity.dataset_digest)
    }),
    ("Test rows", |report| {
        let (first, rows) = (report.identity.first_test_row, report.metrics.rows);
        let last = first.saturating_add(rows.saturating_sub(1));
        format!("{} to {}: {} rows", count(first), count(last), count(rows))
    }),
];

/// Which models, on which rows.
pub(super) fn identity(reports: &[Titled<'_>]) -> String {
    let lines = IDENTITY.map(|(name, value)| {
        let mut cells = vec![name.to_owned()];
        cells.extend(reports.iter().map(|titled| value(titled.report)));
        cells
    });
    let mut heads = vec!["Judged".to_owned()];
    match reports {
        [_] => heads.push("The exported file, by its own predictions".to_owned()),
        _ => heads.extend(reports.iter().map(|titled| titled.title.to_owned())),
    }
    table("identity", "", &heads, &lines)
}

/// Metrics of all test rows, with differences.
pub(super) fn metrics(reports: &[Titled<'_>]) -> String {
    let mut heads = vec!["Metric".to_owned()];
    match reports {
        [first, second] => {
            heads.extend([
                first.title.to_owned(),
                second.title.to_owned(),
                "Difference".to_owned(),
            ]);
        }
        _ => heads.push("Value".to_owned()),
    }
    heads.push("Better".to_owned());
    let lines = METRICS.map(|(name, value, digits, better)| {
        let mut cells = vec![name.to_owned()];
        cells.extend(reports.iter().map(|titled| fixed(value(titled.report), digits)));
        if let [first, second] = reports {
            cells.push(signed(value(second.report) - value(first.report), digits));
        }
        cells.push(better.to_owned());
        cells
    });
    table("", "On all test rows", &heads, &lines)
}

/// The calibration's bins.
pub(super) fn calibration(reports: &[Titled<'_>]) -> String {
    let heads = ["Bin", "Rows", "Mean prediction", "Observed rate", "95 % interval"].map(str::to_owned);
    let tables = reports.iter().map(|titled| {
        let lines: Vec<Vec<String>> = titled
            .report
            .calibration
            .iter()
            .enumerate()
            .map(|(index, bin)| {
                let interval = format!(
                    "{} to {}",
                    fixed(bin.observed_low, 4),
                    fixed(bin.observed_high, 4)
                );
                vec![
                    (index + 1).to_string(),
                    count(bin.rows),
                    fixed(bin.mean_prediction, 4),
                    fixed(bin.observed_rate, 4),
                    interval,
                ]
            })
            .collect();
        table("", &caption("Calibration", titled), &heads, &lines)
    });
    folded("The bins in numbers", &tables.collect::<String>())
}

/// The deciles.
pub(super) fn lift(reports: &[Titled<'_>]) -> String {
    let heads = [
        "Decile",
        "Rows",
        "Clicks",
        "Lift",
        "Cumulative lift",
        "Cumulative gain",
    ]
    .map(str::to_owned);
    let tables = reports.iter().map(|titled| {
        let lines: Vec<Vec<String>> = titled
            .report
            .lift
            .iter()
            .enumerate()
            .map(|(index, group)| {
                vec![
                    (index + 1).to_string(),
                    count(group.rows),
                    count(group.clicks),
                    fixed(group.lift, 3),
                    fixed(group.cumulative_lift, 3),
                    format!("{} %", fixed(100.0 * group.cumulative_gain, 1)),
                ]
            })
            .collect();
        table("", &caption("Lift", titled), &heads, &lines)
    });
    folded("The deciles in numbers", &tables.collect::<String>())
}

/// A table whose first cells are its rows' headings, in a box that scrolls sideways where the screen is narrow.
fn table(class: &str, caption: &str, heads: &[String], lines: &[Vec<String>]) -> String {
    let mut table = String::from("<div class=\"scroll\" tabindex=\"0\"><table");
    if !class.is_empty() {
        let _ = write!(table, " class=\"{class}\"");
    }
    table += ">\n";
    if !caption.is_empty() {
        let _ = writeln!(table, "<caption>{}</caption>", Text(caption));
    }
    table += "<thead><tr>";
    for head in heads {
        let _ = write!(table, "<th scope=\"col\">{}</th>", Text(head));
    }
    table += "</tr></thead>\n<tbody>\n";
    for line in lines {
        table += "<tr>";
        for (index, cell) in line.iter().enumerate() {
            let _ = match index {
                0 => write!(table, "<th scope=\"row\">{}</th>", Text(cell)),
                _ => write!(table, "<td>{}</td>", Text(cell)),
            };
        }
        table += "</tr>\n";
    }
    table += "</tbody></table></div>\n";
    table
}

fn folded(summary: &str, tables: &str) -> String {
    format!("<details><summary>{summary}</summary>\n{tables}</details>\n")
}

fn caption(words: &str, titled: &Titled<'_>) -> String {
    match titled.title {
        "" => words.to_owned(),
        title => format!("{words} of {title}"),
    }
}

fn or_dash(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "—".to_owned(), |value| fixed(value, digits))
}

fn named(name: &str, digest: &str) -> String {
    format!("{name} ({digest})")
}

fn file(identity: &Identity) -> String {
    format!(
        "{}.leaf, {} bytes",
        identity.model_sha256,
        count(identity.model_bytes)
    )
}
