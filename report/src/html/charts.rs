//! Every chart of the page, for one report or two.

mod training;

use std::fmt::Write;

pub(super) use training::{importance, learning};

use super::chart::{Chart, Mark, Pen};
use super::text::{fixed, tick};
use super::{RenderError, Titled};
use crate::curves::Curve;
use crate::evaluation::Report;
use crate::lift::LiftGroup;

const Y_TICKS: (usize, u32) = (6, 62);

type Drawn = Result<String, RenderError>;

/// The ROC curve.
pub(super) fn roc(reports: &[Titled<'_>]) -> Drawn {
    let mut marks = vec![diagonal(1.0)];
    marks.extend(curves(reports, |report| &report.roc));
    Chart {
        id: "roc".to_owned(),
        title: "ROC curve".to_owned(),
        description: said(reports, |report| {
            format!("area under the curve {}", fixed(report.roc.area, 5))
        }),
        x: ("false positive rate", 0.0..1.0),
        y: ("true positive rate", 0.0..1.0),
        x_text: &|x| tick(*x),
        y_text: &|y| tick(*y),
        y_ticks: Y_TICKS,
        pens: None,
        marks,
    }
    .figure(reports)
}

/// The precision–recall curve.
pub(super) fn precision_recall(reports: &[Titled<'_>]) -> Drawn {
    let mut marks: Vec<Mark> = reports
        .iter()
        .map(|titled| {
            let rate = titled.report.metrics.observed_rate;
            Mark::Line(Pen::Reference, vec![(0.0, rate), (1.0, rate)])
        })
        .collect();
    marks.extend(curves(reports, |report| &report.precision_recall));
    Chart {
        id: "precision-recall".to_owned(),
        title: "Precision–recall curve".to_owned(),
        description: said(reports, |report| {
            let (area, rate) = (report.precision_recall.area, report.metrics.observed_rate);
            format!(
                "average precision {}, beside a click rate of {}",
                fixed(area, 5),
                fixed(rate, 5)
            )
        }),
        x: ("recall", 0.0..1.0),
        y: ("precision", 0.0..1.0),
        x_text: &|x| tick(*x),
        y_text: &|y| tick(*y),
        y_ticks: Y_TICKS,
        pens: None,
        marks,
    }
    .figure(reports)
}

/// Observed over predicted rates with their intervals.
pub(super) fn calibration(reports: &[Titled<'_>]) -> Drawn {
    let bins = reports.iter().flat_map(|titled| &titled.report.calibration);
    let highest = bins.fold(0.0_f64, |highest, bin| {
        highest.max(bin.observed_high).max(bin.mean_prediction)
    });
    let mut marks = vec![diagonal(highest)];
    for (index, titled) in reports.iter().enumerate() {
        let pen = Pen::Whole(index);
        let bins = &titled.report.calibration;
        marks.extend(bins.iter().map(|bin| {
            let x = bin.mean_prediction;
            Mark::Line(pen, vec![(x, bin.observed_low), (x, bin.observed_high)])
        }));
        let points = bins.iter().map(|bin| (bin.mean_prediction, bin.observed_rate));
        marks.push(Mark::Dots(pen, points.collect()));
    }
    Chart {
        id: "calibration".to_owned(),
        title: "Predicted and observed click rates".to_owned(),
        description: said(reports, |report| {
            format!(
                "expected calibration error {}, mean prediction over observed rate {}",
                fixed(report.metrics.expected_calibration_error, 5),
                fixed(report.calibration_ratio(), 4)
            )
        }),
        x: ("mean prediction of a bin", 0.0..highest),
        y: ("observed click rate", 0.0..highest),
        x_text: &|x| tick(*x),
        y_text: &|y| tick(*y),
        y_ticks: Y_TICKS,
        pens: None,
        marks,
    }
    .figure(reports)
}

/// Lift by decile.
pub(super) fn lift(reports: &[Titled<'_>]) -> Drawn {
    let highest = reports
        .iter()
        .flat_map(|titled| &titled.report.lift)
        .fold(1.0_f64, |highest, group| highest.max(group.lift));
    let groups = reports
        .iter()
        .map(|titled| titled.report.lift.len())
        .max()
        .unwrap_or(0);
    let width = 0.8 / reports.len() as f64;
    let mut marks = Vec::new();
    for (index, titled) in reports.iter().enumerate() {
        marks.extend(titled.report.lift.iter().enumerate().map(|(number, group)| {
            let left = number as f64 + 0.6 + width * index as f64;
            Mark::Bar(Pen::Whole(index), [(left, 0.0), (left + width, group.lift)])
        }));
    }
    let end = groups as f64 + 0.5;
    marks.push(Mark::Line(Pen::Reference, vec![(0.5, 1.0), (end, 1.0)]));
    Chart {
        id: "lift".to_owned(),
        title: "Lift by decile".to_owned(),
        description: said(reports, |report| {
            let first = report.lift.first();
            format!(
                "the tenth of the rows with the highest predictions has {} times the overall click rate",
                first.map_or_else(|| "?".to_owned(), |group| fixed(group.lift, 2))
            )
        }),
        x: ("decile, highest predictions first", 0.5..end),
        y: ("lift", 0.0..highest * 1.05),
        x_text: &|x| tick(*x),
        y_text: &|y| tick(*y),
        y_ticks: Y_TICKS,
        pens: None,
        marks,
    }
    .figure(reports)
}

/// Cumulative gains.
pub(super) fn gains(reports: &[Titled<'_>]) -> Drawn {
    let mut marks = vec![diagonal(1.0)];
    for (index, titled) in reports.iter().enumerate() {
        let point = |group: &LiftGroup| (group.cumulative_rows, group.cumulative_gain);
        let points: Vec<(f64, f64)> = std::iter::once((0.0, 0.0))
            .chain(titled.report.lift.iter().map(point))
            .collect();
        marks.push(Mark::Line(Pen::Whole(index), points.clone()));
        marks.push(Mark::Dots(Pen::Whole(index), points));
    }
    Chart {
        id: "gains".to_owned(),
        title: "Cumulative gains".to_owned(),
        description: said(reports, |report| {
            let third = report.lift.get(2);
            format!(
                "the three highest deciles have {} % of all clicks",
                third.map_or_else(|| "?".to_owned(), |group| fixed(100.0 * group.cumulative_gain, 1))
            )
        }),
        x: ("share of rows, highest predictions first", 0.0..1.0),
        y: ("share of clicks", 0.0..1.0),
        x_text: &|x| tick(*x),
        y_text: &|y| tick(*y),
        y_ticks: Y_TICKS,
        pens: None,
        marks,
    }
    .figure(reports)
}

/// Where predictions lie, by label.
pub(super) fn scores(reports: &[Titled<'_>]) -> Drawn {
    let mut marks = Vec::new();
    let (mut widest, mut highest) = (0.0_f64, 0.0_f64);
    for (index, titled) in reports.iter().enumerate() {
        let scores = &titled.report.scores;
        widest = widest.max(scores.highest);
        for (pen, counts) in [
            (Pen::Dashed(index), &scores.others),
            (Pen::Whole(index), &scores.clicks),
        ] {
            let width = scores.highest / counts.len().max(1) as f64;
            let rows: f64 = counts.iter().map(|count| *count as f64).sum();
            let mut points = vec![(0.0, 0.0)];
            for (bin, count) in counts.iter().enumerate() {
                let share = if rows > 0.0 { *count as f64 / rows } else { 0.0 };
                highest = highest.max(share);
                points.push((bin as f64 * width, share));
                points.push(((bin + 1) as f64 * width, share));
            }
            points.push((scores.highest, 0.0));
            marks.push(Mark::Line(pen, points));
        }
    }
    Chart {
        id: "scores".to_owned(),
        title: "Predictions by label".to_owned(),
        description: said(reports, |report| {
            format!(
                "predictions reach from 0 to {}, and are {} in the mean",
                fixed(report.scores.highest, 4),
                fixed(report.metrics.mean_prediction, 5)
            )
        }),
        x: ("prediction", 0.0..widest),
        y: ("share of the label's rows", 0.0..highest * 1.05),
        x_text: &|x| tick(*x),
        y_text: &|y| tick(*y),
        y_ticks: Y_TICKS,
        pens: Some(["clicks", "other rows"]),
        marks,
    }
    .figure(reports)
}

/// Observed and predicted rates by slice, one chart for each way to slice.
pub(super) fn slices(reports: &[Titled<'_>]) -> Drawn {
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
            let points = |value: fn(&crate::Slice) -> f64| -> Vec<(f64, f64)> {
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

fn diagonal(end: f64) -> Mark {
    Mark::Line(Pen::Reference, vec![(0.0, 0.0), (end, end)])
}

fn curves<'a>(
    reports: &'a [Titled<'_>],
    curve: impl Fn(&'a Report) -> &'a Curve,
) -> impl Iterator<Item = Mark> {
    reports.iter().enumerate().map(move |(index, titled)| {
        let points = curve(titled.report).points.iter().map(|[x, y]| (*x, *y));
        Mark::Line(Pen::Whole(index), points.collect())
    })
}

/// One sentence for each report.
fn said(reports: &[Titled<'_>], words: impl Fn(&Report) -> String) -> String {
    let sentences = reports.iter().map(|titled| match titled.title {
        "" => format!("{}.", words(titled.report)),
        title => format!("{title}: {}.", words(titled.report)),
    });
    sentences.collect::<Vec<_>>().join(" ")
}
