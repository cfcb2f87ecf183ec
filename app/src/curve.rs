//! Learning curves as SVG paths, in whole units of the view box.

use api_types::MetricPoint;

/// Width of the plot in units of the view box.
pub const WIDTH: i32 = 640;
/// Height of the plot in units of the view box.
pub const HEIGHT: i32 = 220;

/// One line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The metric's key.
    pub key: String,
    /// The `d` of an SVG path.
    pub path: String,
    /// The last value.
    pub last: f64,
}

/// Lines on common axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The last round drawn.
    pub last_step: i64,
    /// The smallest value, at the bottom.
    pub low: f64,
    /// The largest value, at the top.
    pub high: f64,
    /// In the order given.
    pub lines: Vec<Line>,
}

/// Draws the curves whose key ends with `suffix`; `None` if no such curve has two finite points.
pub fn chart(curves: &[(String, Vec<MetricPoint>)], suffix: &str) -> Option<Chart> {
    let curves: Vec<(&String, Vec<MetricPoint>)> = curves
        .iter()
        .filter(|(key, _)| key.ends_with(suffix))
        .map(|(key, points)| {
            (
                key,
                points
                    .iter()
                    .copied()
                    .filter(|point| point.value.is_finite())
                    .collect(),
            )
        })
        .filter(|(_, points): &(_, Vec<_>)| points.len() >= 2)
        .collect();
    let points = || curves.iter().flat_map(|(_, points)| points);
    let first_step = points().map(|point| point.step).min()?;
    let last_step = points().map(|point| point.step).max()?;
    let low = points().map(|point| point.value).fold(f64::INFINITY, f64::min);
    let high = points()
        .map(|point| point.value)
        .fold(f64::NEG_INFINITY, f64::max);
    let steps = (last_step - first_step).max(1) as f64;
    // A flat curve lies in the middle.
    let (floor, range) = if high > low {
        (low, high - low)
    } else {
        (low - 0.5, 1.0)
    };
    let lines = curves
        .iter()
        .map(|(key, points)| {
            let mut path = String::new();
            for point in points {
                let x = ((point.step - first_step) as f64 / steps * f64::from(WIDTH)) as i32;
                let y = HEIGHT - ((point.value - floor) / range * f64::from(HEIGHT)) as i32;
                path.push_str(if path.is_empty() { "M" } else { "L" });
                path.push_str(&format!("{x} {y}"));
            }
            Line {
                key: (*key).clone(),
                path,
                last: points.last().map_or(0.0, |point| point.value),
            }
        })
        .collect();
    Some(Chart {
        last_step,
        low,
        high,
        lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(key: &str, values: &[f64]) -> (String, Vec<MetricPoint>) {
        let points = values.iter().enumerate().map(|(step, &value)| MetricPoint {
            step: step as i64,
            value,
        });
        (key.to_owned(), points.collect())
    }

    #[test]
    fn spans_the_box_with_all_lines_on_the_same_axes() {
        let curves = [
            curve("train_logloss", &[0.6, 0.2]),
            curve("validation_logloss", &[0.6, 0.5, 0.4]),
        ];
        let chart = chart(&curves, "logloss").unwrap();
        assert_eq!((chart.last_step, chart.low, chart.high), (2, 0.2, 0.6));
        assert_eq!(chart.lines[0].path, "M0 0L320 220");
        assert!(
            chart.lines[1].path.starts_with("M0 0L320 "),
            "{}",
            chart.lines[1].path
        );
        assert_eq!(chart.lines[1].last, 0.4);
    }

    #[test]
    fn leaves_out_what_is_not_a_curve() {
        let curves = [
            curve("test_logloss", &[0.5]),
            curve("train_auc", &[0.5, 0.6]),
            curve("x_logloss", &[f64::NAN, 1.0]),
        ];
        assert_eq!(chart(&curves, "logloss"), None);
        assert_eq!(chart(&[], "logloss"), None);
    }

    #[test]
    fn draws_a_flat_curve_in_the_middle() {
        let chart = chart(&[curve("a", &[0.3, 0.3])], "a").unwrap();
        assert_eq!(chart.lines[0].path, "M0 110L640 110");
    }
}
