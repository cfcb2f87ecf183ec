//! Charts of what was learnt, and how.

use super::{Drawn, Y_TICKS, said};
use crate::evaluation::{FeatureImportance, LearningPoint};
use crate::html::Titled;
use crate::html::chart::{Chart, Mark, Pen};
use crate::html::text::{fixed, shortened, tick};

/// Features that the chart has room for.
const FEATURES: usize = 15;

/// Logloss by round.
pub(in crate::html) fn learning(reports: &[Titled<'_>]) -> Drawn {
    let shown = reports.iter().flat_map(|titled| {
        let points = &titled.report.learning.points;
        // The first rounds fall so far that the others would be one flat line.
        points.iter().skip(points.len() / 20)
    });
    let (mut lowest, mut highest, mut last) = (f64::INFINITY, f64::NEG_INFINITY, 1);
    for point in shown {
        for logloss in [point.train_logloss, point.validation_logloss] {
            (lowest, highest) = (lowest.min(logloss), highest.max(logloss));
        }
        last = last.max(point.round);
    }
    if lowest > highest {
        return Ok(String::new());
    }
    let room = 0.05 * (highest - lowest).max(1e-6);
    let range = lowest - room..highest + room;
    let mut marks = Vec::new();
    for (index, titled) in reports.iter().enumerate() {
        let points = |logloss: fn(&LearningPoint) -> f64| -> Vec<(f64, f64)> {
            let points = titled.report.learning.points.iter();
            let points = points.map(|point| (f64::from(point.round), logloss(point)));
            points.filter(|(_, y)| range.contains(y)).collect()
        };
        marks.push(Mark::Line(
            Pen::Dashed(index),
            points(|point| point.train_logloss),
        ));
        marks.push(Mark::Line(
            Pen::Whole(index),
            points(|point| point.validation_logloss),
        ));
    }
    Chart {
        id: "learning".to_owned(),
        title: "Learning curves".to_owned(),
        description: said(reports, |report| {
            let learning = &report.learning;
            let best = learning
                .points
                .iter()
                .find(|point| point.round == learning.best_round);
            let again = if learning.refit {
                "; afterwards the model was trained once more, on the early-stopping rows too"
            } else {
                ""
            };
            match best {
                Some(best) => format!(
                    "the least validation logloss is {} in round {}{again}",
                    fixed(best.validation_logloss, 5),
                    best.round
                ),
                None => format!("logloss over {} rounds{again}", learning.points.len()),
            }
        }),
        x: ("round", 0.0..f64::from(last)),
        y: ("logloss", range.clone()),
        x_text: &|x| tick(*x),
        y_text: &|y| tick(*y),
        y_ticks: Y_TICKS,
        pens: Some(["validation", "training"]),
        marks,
    }
    .figure(reports)
}

/// The features that matter most to the first report.
pub(in crate::html) fn importance(reports: &[Titled<'_>]) -> Drawn {
    let Some(first) = reports.first() else {
        return Ok(String::new());
    };
    let explained = reports
        .iter()
        .all(|titled| titled.report.importance.shap_rows > 0);
    let (measure, axis): (fn(&FeatureImportance) -> Option<f64>, _) = match explained {
        true => (
            |feature| feature.mean_shap,
            "mean absolute Shapley value, log-odds",
        ),
        false => (|feature| feature.weight.map(|weight| weight as f64), "splits"),
    };
    let mut features: Vec<(&str, f64)> = first
        .report
        .importance
        .features
        .iter()
        .filter_map(|feature| Some((feature.name.as_str(), measure(feature)?)))
        .collect();
    features.sort_by(|a, b| b.1.total_cmp(&a.1));
    features.truncate(FEATURES);
    if features.is_empty() {
        return Ok(String::new());
    }
    let thickness = 0.8 / reports.len() as f64;
    let mut marks = Vec::new();
    let mut highest = 0.0_f64;
    for (index, titled) in reports.iter().enumerate() {
        for (position, (name, _)) in features.iter().enumerate() {
            let found = titled
                .report
                .importance
                .features
                .iter()
                .find(|feature| feature.name == *name);
            let value = found.and_then(measure).unwrap_or(0.0);
            highest = highest.max(value);
            let top = -(position as f64) + 0.4 - thickness * index as f64;
            marks.push(Mark::Bar(
                Pen::Whole(index),
                [(0.0, top - thickness), (value, top)],
            ));
        }
    }
    let described: Vec<String> = features
        .iter()
        .map(|(name, value)| format!("{name} {}", fixed(*value, 4)))
        .collect();
    let names: Vec<String> = features.iter().map(|(name, _)| shortened(name, 15)).collect();
    Chart {
        id: "importance".to_owned(),
        title: "Most important features".to_owned(),
        description: format!("By {axis}: {}.", described.join(", ")),
        x: (axis, 0.0..highest * 1.05),
        y: ("", 0.5 - features.len() as f64..0.5),
        x_text: &|x| tick(*x),
        y_text: &|y| {
            let position = -y.round();
            let on_a_bar = (y + position).abs() < 1e-6 && position >= 0.0;
            let name = on_a_bar.then(|| names.get(position as usize)).flatten();
            name.cloned().unwrap_or_default()
        },
        y_ticks: (4 * features.len(), 110),
        pens: None,
        marks,
    }
    .figure(reports)
}
