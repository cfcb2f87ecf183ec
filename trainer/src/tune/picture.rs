//! A picture of a search: every trial's validation logloss by rounds, with a mark at each rung.

use plotters::prelude::*;

use super::TuneError;
use super::rungs::Rung;
use super::trial::TrialRecord;

const SIZE: (u32, u32) = (960, 600);
const BEST: RGBColor = RGBColor(194, 65, 12);
const OTHERS: RGBColor = RGBColor(120, 144, 156);

/// The picture as SVG.
pub(super) fn draw(records: &[TrialRecord], best: u32, rungs: &[Rung]) -> Result<String, TuneError> {
    let mut text = String::new();
    paint(&mut text, records, best, rungs).map_err(|error| TuneError::Picture(error.to_string()))?;
    Ok(text)
}

fn paint(
    text: &mut String,
    records: &[TrialRecord],
    best: u32,
    rungs: &[Rung],
) -> Result<(), Box<dyn std::error::Error>> {
    let most_rounds = rungs.last().map_or(1, |rung| rung.rounds).max(2);
    let marks = records.iter().flat_map(|record| &record.rungs);
    let losses: Vec<f64> = marks.map(|rung| rung.validation_logloss).collect();
    let (low, high) = losses
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), loss| {
            (low.min(*loss), high.max(*loss))
        });
    let margin = (0.05 * (high - low)).max(1e-6);
    let (low, high) = (low - margin, high + margin);
    let best_loss = records.iter().filter(|record| record.trial == best);
    let best_loss = best_loss.flat_map(|record| record.rungs.last()).next();
    let caption = best_loss.map_or_else(String::new, |result| {
        format!(
            "best: trial {best}, logloss {:.5} after {} rounds",
            result.validation_logloss,
            result.best_iteration + 1
        )
    });

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
    let others = records.iter().filter(|record| record.trial != best);
    for record in others.chain(records.iter().filter(|record| record.trial == best)) {
        let is_best = record.trial == best;
        let style = match is_best {
            true => ShapeStyle::from(&BEST).stroke_width(3),
            false => ShapeStyle::from(&OTHERS.mix(0.6)).stroke_width(1),
        };
        let points = (1..).zip(&record.curve).map(|(round, (_, loss))| (round, *loss));
        let visible = points.filter(|(_, loss)| *loss <= high);
        chart.draw_series(LineSeries::new(visible, style))?;
        let marks = record.rungs.iter().map(|rung| {
            let size = if is_best { 5 } else { 3 };
            let at = (rung.trained_rounds.max(1), rung.validation_logloss);
            Circle::new(at, size, style.filled())
        });
        chart.draw_series(marks)?;
    }
    root.present()?;
    Ok(())
}
