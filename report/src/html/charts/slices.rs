//! Charts of parts of the rows.

use std::fmt::Write;

use super::{Drawn, Y_TICKS};
use crate::html::Titled;
use crate::html::chart::{Chart, Mark, Pen};
use crate::html::text::{fixed, tick};
use crate::slices::Slice;

/// Observed and predicted rates by slice, one chart for each way to slice.
pub(in crate::html) fn slices(reports: &[Titled<'_>]) -> Drawn {
    let mut figures = String::new();
    let Some(first) = reports.first() else {
        return Ok(figures);
    };
    for (number, group) in first.report.slices.iter().enumerate() {
        let mut marks = Vec::new();
        let (mut most, mut highest) = (1, 0.0_f64);
        for (index, titled) in reports.iter().enumerate() {
            let Some(group) = titled.report.slices.iter().find(|other| other.name == group.name) else {
                continue;
            };
            most = most.max(group.slices.len());
            let points = |value: fn(&Slice) -> f64| -> Vec<(f64, f64)> {
                let slices = group.slices.iter().enumerate();
                slices
                    .map(|(at, slice)| ((at + 1) as f64, value(slice)))
                    .collect()
            };
            let (observed, predicted) = (
                points(|slice| slice.observed_rate),
                points(|slice| slice.mean_prediction),
            );
            highest = observed
                .iter()
                .chain(&predicted)
                .fold(highest, |highest, (_, y)| highest.max(*y));
            marks.push(Mark::Line(Pen::Dashed(index), predicted));
            marks.push(Mark::Line(Pen::Whole(index), observed.clone()));
            marks.push(Mark::Dots(Pen::Whole(index), observed));
        }
        let mut description = format!("Observed and predicted click rates by {}. ", group.name);
        for slice in &group.slices {
            let _ = write!(
                description,
                "{}: {} and {}. ",
                slice.name,
                fixed(slice.observed_rate, 4),
                fixed(slice.mean_prediction, 4)
            );
        }
        let chart = Chart {
            id: format!("slices-{number}"),
            title: format!("Click rates by {}", group.name),
            description,
            x: ("slice, as numbered in the table", 0.5..most as f64 + 0.5),
            y: ("click rate", 0.0..highest * 1.05),
            x_text: &|x| tick(*x),
            y_text: &|y| tick(*y),
            y_ticks: Y_TICKS,
            pens: Some(["observed", "predicted"]),
            marks,
        };
        figures += &chart.figure(reports)?;
    }
    Ok(figures)
}
