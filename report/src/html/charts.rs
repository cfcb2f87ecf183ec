//! Every chart of the page, for one report or two.

mod ranking;
mod slices;
mod training;

pub(super) use ranking::{gains, lift, scores};
pub(super) use slices::slices;
pub(super) use training::{importance, learning};

use super::chart::{Chart, Mark, Pen};
use super::text::{fixed, tick};
use super::{RenderError, Titled};
use crate::curves::Curve;
use crate::evaluation::Report;

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
