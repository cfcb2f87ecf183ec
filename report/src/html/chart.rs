//! One chart as inline SVG: axes and marks by plotters, colours by the page's style.
//!
//! plotters writes colours as attributes. Each colour here is a name for one: the page's style gives it its real value in
//! light and in dark, and dashes.

use std::fmt::Write;
use std::ops::Range;

use plotters::prelude::*;

use super::text::Text;
use super::{RenderError, Titled};

/// Drawn in this size and scaled to the page, so that labels can be read on a phone.
const SIZE: (u32, u32) = (400, 300);
const FONT: &str = "sans-serif";
/// plotters writes it divided by 1.24.
const FONT_SIZE: u32 = 16;

pub(super) const INK: RGBColor = RGBColor(1, 1, 1);
pub(super) const GRID: RGBColor = RGBColor(221, 221, 221);

/// The colours of the first report and of the second, whole and dashed.
const REPORTS: [[RGBColor; 2]; 2] = [
    [RGBColor(31, 94, 180), RGBColor(31, 94, 181)],
    [RGBColor(200, 80, 10), RGBColor(200, 80, 11)],
];

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pen {
    /// A report's, by its number.
    Whole(usize),
    /// A report's second line.
    Dashed(usize),
    /// What the others are compared with.
    Reference,
}

impl Pen {
    fn colour(self) -> RGBColor {
        match self {
            Pen::Whole(report) => REPORTS[report][0],
            Pen::Dashed(report) => REPORTS[report][1],
            Pen::Reference => RGBColor(136, 136, 136),
        }
    }
}

/// What is drawn between the axes.
pub(super) enum Mark {
    /// Through these points.
    Line(Pen, Vec<(f64, f64)>),
    /// A dot at each of these points.
    Dots(Pen, Vec<(f64, f64)>),
    /// From one corner to the other, filled.
    Bar(Pen, [(f64, f64); 2]),
}

/// Axes and words of a chart.
pub(super) struct Chart<'a> {
    /// Unlike that of every other chart of the page: a word for its ids.
    pub(super) id: String,
    pub(super) title: String,
    /// What can be seen, for who can't see it.
    pub(super) description: String,
    /// The axes' names and ranges.
    pub(super) x: (&'a str, Range<f64>),
    pub(super) y: (&'a str, Range<f64>),
    /// How values on the axes are written.
    pub(super) x_text: &'a dyn Fn(&f64) -> String,
    pub(super) y_text: &'a dyn Fn(&f64) -> String,
    /// Ticks at most on the y axis, and room for their words.
    pub(super) y_ticks: (usize, u32),
    /// What a whole and a dashed line stand for, where there are both.
    pub(super) pens: Option<[&'a str; 2]>,
    pub(super) marks: Vec<Mark>,
}

impl Chart<'_> {
    /// A figure with heading, chart and legend.
    pub(super) fn figure(&self, reports: &[Titled<'_>]) -> Result<String, RenderError> {
        let drawn = self
            .drawn()
            .map_err(|error| RenderError::Chart(error.to_string()))?;
        let mut figure = String::new();
        let _ = write!(
            figure,
            "<figure>\n<h3>{title}</h3>\n<svg viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">{title}</title>\
             <desc id=\"{id}-desc\">{description}</desc>\n{drawn}</svg>\n{legend}</figure>\n",
            id = self.id,
            title = Text(&self.title),
            description = Text(&self.description),
            width = SIZE.0,
            height = SIZE.1,
            legend = self.legend(reports),
        );
        Ok(figure)
    }

    fn legend(&self, reports: &[Titled<'_>]) -> String {
        let mut keys = Vec::new();
        if reports.len() > 1 {
            for (index, report) in reports.iter().enumerate() {
                keys.push((format!("line of-{index}"), report.title));
            }
        }
        if let Some([whole, dashed]) = self.pens {
            let colour = if reports.len() > 1 { "" } else { " of-0" };
            keys.push((format!("line{colour}"), whole));
            keys.push((format!("line dashed{colour}"), dashed));
        }
        if keys.is_empty() {
            return String::new();
        }
        let keys = keys
            .iter()
            .map(|(class, words)| format!("<span><i class=\"{class}\"></i>{}</span>", Text(words)));
        format!("<figcaption>{}</figcaption>\n", keys.collect::<String>())
    }

    fn drawn(&self) -> Result<String, DrawingAreaErrorKind<std::io::Error>> {
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            let mut chart = ChartBuilder::on(&root)
                .margin(8)
                .margin_right(14)
                .x_label_area_size(48)
                .y_label_area_size(self.y_ticks.1)
                .build_cartesian_2d(widened(&self.x.1), widened(&self.y.1))?;
            let words = (FONT, FONT_SIZE, &INK);
            let mut mesh = chart.configure_mesh();
            // Names without an axis of their own are no scale.
            if self.y.0.is_empty() {
                mesh.disable_y_mesh();
            }
            mesh.axis_style(GRID)
                .bold_line_style(GRID)
                .max_light_lines(0)
                .x_labels(6)
                .y_labels(self.y_ticks.0)
                .x_desc(self.x.0)
                .y_desc(self.y.0)
                .label_style(words)
                .axis_desc_style(words)
                .x_label_formatter(&self.x_text)
                .y_label_formatter(&self.y_text)
                .draw()?;
            for mark in &self.marks {
                match mark {
                    Mark::Line(pen, points) => {
                        let style = pen.colour().stroke_width(2);
                        chart.draw_series([PathElement::new(points.clone(), style)])?;
                    }
                    Mark::Dots(pen, points) => {
                        let dots = points.iter().map(|at| Circle::new(*at, 3, pen.colour().filled()));
                        chart.draw_series(dots)?;
                    }
                    Mark::Bar(pen, corners) => {
                        chart.draw_series([Rectangle::new(*corners, pen.colour().filled())])?;
                    }
                }
            }
            root.present()?;
        }
        Ok(svg)
    }
}

/// A range that has some length, whatever was asked for.
fn widened(range: &Range<f64>) -> Range<f64> {
    let room = 1e-9 * range.start.abs().max(range.end.abs()).max(1.0);
    range.start..range.end.max(range.start + room)
}
