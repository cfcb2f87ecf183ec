use crate::browser::{fixed, significant};
use crate::curve::{HEIGHT, WIDTH, chart};
use crate::element::{Part, classed, element, svg};
use crate::wire::LearningCurves;

/// A run's learning curves: logloss by boosting round.
pub(crate) fn curves(run: &LearningCurves) -> Part {
    let Some(chart) = chart(&run.curves, "logloss") else {
        return classed("p", "hint").text("This run has no learning curves.");
    };
    let label = format!(
        "Logloss by boosting round, from round 0 to {}, between {} and {}",
        chart.last_step,
        significant(chart.low),
        significant(chart.high)
    );
    let line = |place: usize, path: &str| {
        svg("path").attrs(&[("class", &format!("curve curve-{place}")), ("d", path)])
    };
    let tick = |x: i32, y: i32, anchor: &str, text: &str| {
        svg("text")
            .attrs(&[
                ("class", "tick"),
                ("x", &x.to_string()),
                ("y", &y.to_string()),
                ("text-anchor", anchor),
            ])
            .text(text)
    };
    let plot = svg("svg")
        .attrs(&[
            ("viewBox", &format!("-64 -14 {} {}", WIDTH + 84, HEIGHT + 54)),
            ("role", "img"),
            ("aria-label", &label),
        ])
        .part(svg("path").attrs(&[("class", "axis"), ("d", &format!("M0 0V{HEIGHT}H{WIDTH}"))]))
        .part(tick(-8, 5, "end", &significant(chart.high)))
        .part(tick(-8, HEIGHT, "end", &significant(chart.low)))
        .part(tick(0, HEIGHT + 22, "start", "round 0"))
        .part(tick(WIDTH, HEIGHT + 22, "end", &chart.last_step.to_string()))
        .parts(
            chart
                .lines
                .iter()
                .enumerate()
                .map(|(place, drawn)| line(place, &drawn.path)),
        );
    let legend = chart.lines.iter().enumerate().map(|(place, drawn)| {
        let sample = svg("svg").attrs(&[("viewBox", "0 0 24 8"), ("aria-hidden", "true")]);
        element("li")
            .part(sample.part(line(place, "M0 4H24")))
            .text(&format!("{} ends at {}", drawn.key, fixed(drawn.last, 5)))
    });
    classed("figure", "curves")
        .part(plot)
        .part(element("figcaption").part(classed("ul", "legend").parts(legend)))
}
