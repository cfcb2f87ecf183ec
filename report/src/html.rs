//! Reports as HTML: one page without scripts, pictures or fonts from anywhere.
//!
//! Invariant: every text of a report goes through [`Text`] or through plotters, which escapes it too.

mod chart;
mod charts;
mod style;
mod tables;
mod text;

use std::fmt::Write;

pub(crate) use text::Text;

use crate::evaluation::Report;

/// A page that can't be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The drawing library refused.
    #[error("a chart can't be drawn: {0}")]
    Chart(String),
}

/// A report and what it is called beside another one.
#[derive(Clone, Copy, Debug)]
pub struct Titled<'a> {
    /// Such as `Version 3`.
    pub title: &'a str,
    /// The report.
    pub report: &'a Report,
}

/// The page of one report.
pub fn page(report: &Report) -> Result<String, RenderError> {
    let title = format!("Evaluation of {}", report.identity.run_name);
    render(&title, &[Titled { title: "", report }])
}

/// The page of two reports side by side: the same charts with both, and how their metrics differ.
pub fn comparison(first: Titled<'_>, second: Titled<'_>) -> Result<String, RenderError> {
    let name = &first.report.identity.model_name;
    let title = format!("{name}: {} and {}", first.title, second.title);
    render(&title, &[first, second])
}

/// One report, or two.
fn render(title: &str, reports: &[Titled<'_>]) -> Result<String, RenderError> {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <style>{style}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n",
        title = Text(title),
        style = style::STYLE,
    );
    page += &tables::identity(reports);
    if let [first, second] = reports
        && !same_rows(first.report, second.report)
    {
        page += "<p class=\"notice\">The two were judged on different rows: their numbers can't be compared.</p>\n";
    }
    page += "</header>\n<main>\n";
    let sections = [
        ("Metrics", String::new(), tables::metrics(reports)),
        (
            "Discrimination and calibration",
            [
                charts::roc(reports)?,
                charts::precision_recall(reports)?,
                charts::calibration(reports)?,
            ]
            .concat(),
            tables::calibration(reports),
        ),
        (
            "Lift and scores",
            [
                charts::lift(reports)?,
                charts::gains(reports)?,
                charts::scores(reports)?,
            ]
            .concat(),
            tables::lift(reports),
        ),
        (
            "Training and features",
            [charts::learning(reports)?, charts::importance(reports)?].concat(),
            tables::importance(reports),
        ),
        ("Slices", charts::slices(reports)?, tables::slices(reports)),
    ];
    for (name, charts, tables) in sections {
        let _ = write!(page, "<section>\n<h2>{name}</h2>\n");
        if !charts.is_empty() {
            let _ = write!(page, "<div class=\"charts\">\n{charts}</div>\n");
        }
        page += &tables;
        page += "</section>\n";
    }
    page += "</main>\n</body>\n</html>\n";
    Ok(page)
}

/// Whether both were judged on the same rows of the same data set.
fn same_rows(first: &Report, second: &Report) -> bool {
    let rows = |report: &Report| {
        let identity = &report.identity;
        (
            identity.dataset_digest.clone(),
            identity.first_test_row,
            report.metrics.rows,
        )
    };
    rows(first) == rows(second)
}

#[cfg(test)]
mod tests;
