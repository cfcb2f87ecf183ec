//! Charts of where predictions are high, and of what is there.

use super::{Drawn, Y_TICKS, diagonal, said};
use crate::html::Titled;
use crate::html::chart::{Chart, Mark, Pen};
use crate::html::text::{fixed, tick};
use crate::lift::LiftGroup;

/// Lift by decile.
pub(in crate::html) fn lift(reports: &[Titled<'_>]) -> Drawn {
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
pub(in crate::html) fn gains(reports: &[Titled<'_>]) -> Drawn {
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
pub(in crate::html) fn scores(reports: &[Titled<'_>]) -> Drawn {
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
