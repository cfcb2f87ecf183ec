//! A picture of a search: every trial's validation logloss by rounds, with a mark at each rung.

use plotters::prelude::*;

use crate::html::RenderError;

/// A trial of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchTrial {
    /// Whether it is the best one.
    pub is_best: bool,
    /// Validation logloss after each round.
    pub curve: Vec<f64>,
    /// Rounds that were trained for each rung, and the least logloss up to there.
    pub rungs: Vec<(u32, f64)>,
}

const SIZE: (u32, u32) = (960, 600);
const BEST: RGBColor = RGBColor(194, 65, 12);
const OTHERS: RGBColor = RGBColor(120, 144, 156);

/// The picture as SVG. `most_rounds` is what the last rung trains to.
pub fn search_picture(
    trials: &[SearchTrial],
    most_rounds: u32,
    caption: &str,
) -> Result<String, RenderError> {
    let mut text = String::new();
    paint(&mut text, trials, most_rounds.max(2), caption)
        .map_err(|error| RenderError::Chart(error.to_string()))?;
    Ok(text)
}

fn paint(
    text: &mut String,
    trials: &[SearchTrial],
    most_rounds: u32,
    caption: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let losses = trials
        .iter()
        .flat_map(|trial| &trial.rungs)
        .map(|(_, loss)| *loss);
    let (low, high) = losses.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), loss| {
        (low.min(loss), high.max(loss))
    });
    let margin = (0.05 * (high - low)).max(1e-6);
    let (low, high) = (low - margin, high + margin);

    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .caption(caption, ("sans-serif", 20))
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d((1..most_rounds).log_scale(), low..high)?;
    chart
        .configure_mesh()
        .x_desc("boosting rounds")
        .y_desc("logloss on the early-stopping rows")
        .label_style(("sans-serif", 14))
        .light_line_style(WHITE)
        .draw()?;
    // The best one last, so that it lies above the others.
    let others = trials.iter().filter(|trial| !trial.is_best);
    for trial in others.chain(trials.iter().filter(|trial| trial.is_best)) {
        let style = match trial.is_best {
            true => ShapeStyle::from(&BEST).stroke_width(3),
            false => ShapeStyle::from(&OTHERS.mix(0.6)).stroke_width(1),
        };
        let points = (1..).zip(trial.curve.iter().copied());
        let visible = points.filter(|(_, loss)| *loss <= high);
        chart.draw_series(LineSeries::new(visible, style))?;
        let marks = trial.rungs.iter().map(|(rounds, loss)| {
            let size = if trial.is_best { 5 } else { 3 };
            Circle::new(((*rounds).max(1), *loss), size, style.filled())
        });
        chart.draw_series(marks)?;
    }
    root.present()?;
    Ok(())
}
