//! Fitting a calibration to margins and labels.

use model_export::{Calibration, Knot, MAX_KNOTS};

/// Steps of Newton's method; it needs a handful.
const STEPS: usize = 50;
/// Halvings of a step that would not help.
const HALVINGS: usize = 30;
/// A gradient this small for each row is none.
const STILL: f64 = 1e-10;

/// The most likely line through the log-odds, by Newton's method with halved steps (Lin, Lin and Weng 2007, "A Note on
/// Platt's Probabilistic Outputs for Support Vector Machines", but with the labels themselves as targets). `None` where
/// there is no such line, or it changes nothing.
pub fn platt(rows: &[(f32, bool)]) -> Option<Calibration> {
    let (mut slope, mut offset) = (1.0, 0.0);
    let mut loss = line_loss(rows, slope, offset);
    for _ in 0..STEPS {
        let (mut gradient, mut hessian) = ([0.0; 2], [0.0; 3]);
        for &(margin, label) in rows {
            let margin = f64::from(margin);
            let p = sigmoid(slope * margin + offset);
            let (error, weight) = (p - f64::from(u8::from(label)), p * (1.0 - p));
            gradient[0] += error * margin;
            gradient[1] += error;
            hessian[0] += weight * margin * margin;
            hessian[1] += weight * margin;
            hessian[2] += weight;
        }
        if gradient
            .iter()
            .all(|part| part.abs() <= STILL * rows.len() as f64)
        {
            break;
        }
        let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
        if !(determinant.is_finite() && determinant > 0.0) {
            return None;
        }
        let by_slope = (gradient[0] * hessian[2] - gradient[1] * hessian[1]) / determinant;
        let by_offset = (gradient[1] * hessian[0] - gradient[0] * hessian[1]) / determinant;
        let mut size = 1.0;
        let better = (0..HALVINGS).find_map(|_| {
            let (next_slope, next_offset) = (slope - size * by_slope, offset - size * by_offset);
            let next = line_loss(rows, next_slope, next_offset);
            size *= 0.5;
            (next < loss).then_some((next_slope, next_offset, next))
        });
        let Some(better) = better else { break };
        (slope, offset, loss) = better;
    }
    let (slope, offset) = (slope as f32, offset as f32);
    let is_line = slope > 0.0 && slope.is_finite() && offset.is_finite();
    (is_line && (slope, offset) != (1.0, 0.0)).then_some(Calibration::Platt { slope, offset })
}

/// The monotone steps with the least squared error, by pooling adjacent violators (Ayer et al. 1955), and straight lines
/// between the middles of the steps. `None` without rows.
///
/// A step of one label alone would be sure of it; each gets half a row of either label more.
pub fn isotonic(rows: &[(f32, bool)]) -> Option<Calibration> {
    let mut sorted: Vec<(f32, bool)> = rows
        .iter()
        .copied()
        .filter(|(margin, _)| margin.is_finite())
        .collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut steps: Vec<Step> = Vec::new();
    for ties in sorted.chunk_by(|a, b| a.0 == b.0) {
        let mut step = Step {
            rows: ties.len() as f64,
            clicks: ties.iter().filter(|(_, label)| *label).count() as f64,
            margins: f64::from(ties[0].0) * ties.len() as f64,
        };
        while let Some(before) = steps.pop_if(|before| before.rate() >= step.rate()) {
            step = before.joined(step);
        }
        steps.push(step);
    }
    let mut knots: Vec<Knot> = Vec::with_capacity(steps.len());
    for step in &steps {
        let knot = Knot {
            margin: (step.margins / step.rows) as f32,
            probability: ((step.clicks + 0.5) / (step.rows + 1.0)) as f32,
        };
        // Of steps whose middles are one number, and of those that the half rows put out of order, the first is kept.
        let fits = knots
            .last()
            .is_none_or(|last| last.margin < knot.margin && last.probability <= knot.probability);
        if fits && knots.len() < MAX_KNOTS {
            knots.push(knot);
        }
    }
    (!knots.is_empty()).then_some(Calibration::Isotonic(knots))
}

struct Step {
    rows: f64,
    clicks: f64,
    /// Their sum.
    margins: f64,
}

impl Step {
    fn rate(&self) -> f64 {
        self.clicks / self.rows
    }

    fn joined(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            clicks: self.clicks + other.clicks,
            margins: self.margins + other.margins,
        }
    }
}

fn line_loss(rows: &[(f32, bool)], slope: f64, offset: f64) -> f64 {
    let loss = |&(margin, label): &(f32, bool)| {
        let log_odds = slope * f64::from(margin) + offset;
        let against = if label { -log_odds } else { log_odds };
        // ln(1 + exp(x)) without overflow.
        against.max(0.0) + libm::log1p(libm::exp(-against.abs()))
    };
    rows.iter().map(loss).sum()
}

fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}
