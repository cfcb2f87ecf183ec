//! What the columns say one by one: a logistic regression on the click rate of each column's value in the other half of
//! the rows.

use super::gain::Evidence;
use super::sample::{COLUMNS, HALF, Numbered, Sample};
use crate::cancel::{CancelToken, Cancelled};

/// Rows that the click rate of all counts for in that of a value.
const PRIOR_ROWS: f64 = 20.0;
/// Steps of Newton's method; it has converged after about five.
const STEPS: usize = 6;
/// Keeps weights of columns that say nothing near zero.
const RIDGE: f64 = 1.0;

/// Weights: one for each column, and the intercept.
const WEIGHTS: usize = COLUMNS + 1;

/// What the model leaves of each row.
pub(super) fn evidence(sample: &Sample, cancel: &CancelToken) -> Result<Vec<Evidence>, Cancelled> {
    let mut effects = Vec::with_capacity(COLUMNS);
    for column in 0..COLUMNS {
        cancel.check()?;
        effects.push(effect(sample, sample.levels(column)));
    }
    let mut weights = [[0.0; WEIGHTS]; 2];
    for (own, weights) in weights.iter_mut().enumerate() {
        for _ in 0..STEPS {
            cancel.check()?;
            newton_step(sample, own, &effects, weights);
        }
    }
    let evidence = (0..sample.rows()).map(|row| {
        let probability = probability(&features(&effects, row), &weights[half(sample.folds[row])]);
        Evidence {
            residual: (f64::from(u8::from(sample.clicked[row])) - probability) as f32,
            hessian: (probability * (1.0 - probability)) as f32,
        }
    });
    Ok(evidence.collect())
}

/// Of each row, how much its value adds to the log-odds of a click, by the rows of other folds.
fn effect(sample: &Sample, values: &Numbered) -> Vec<f32> {
    let mut counts = vec![[[0_u32; 2]; 2]; values.len()];
    for ((value, fold), clicked) in values.rows.iter().zip(&sample.folds).zip(&sample.clicked) {
        counts[*value as usize][half(*fold)][usize::from(*clicked)] += 1;
    }
    let clicks = sample.clicked.iter().filter(|clicked| **clicked).count() as f64;
    let rate = clicks / sample.rows().max(1) as f64;
    let rows = values.rows.iter().zip(&sample.folds).map(|(value, own)| {
        let [others, clicks] = counts[*value as usize][1 - half(*own)].map(f64::from);
        let odds = (clicks + PRIOR_ROWS * rate) / (others + PRIOR_ROWS * (1.0 - rate));
        libm::log(odds * (1.0 - rate) / rate) as f32
    });
    rows.collect()
}

fn half(fold: u8) -> usize {
    usize::from(fold) / HALF
}

fn features(effects: &[Vec<f32>], row: usize) -> [f64; WEIGHTS] {
    std::array::from_fn(|column| effects.get(column).map_or(1.0, |effect| f64::from(effect[row])))
}

fn probability(features: &[f64; WEIGHTS], weights: &[f64; WEIGHTS]) -> f64 {
    let logit: f64 = features.iter().zip(weights).map(|(x, weight)| x * weight).sum();
    1.0 / (1.0 + libm::exp(-logit))
}

/// One step of iteratively reweighted least squares, with a ridge.
fn newton_step(sample: &Sample, own: usize, effects: &[Vec<f32>], weights: &mut [f64; WEIGHTS]) {
    let mut curvature = [[0.0; WEIGHTS]; WEIGHTS];
    let mut slope = [0.0; WEIGHTS];
    for row in (0..sample.rows()).filter(|row| half(sample.folds[*row]) == own) {
        let x = features(effects, row);
        let probability = probability(&x, weights);
        let residual = f64::from(u8::from(sample.clicked[row])) - probability;
        let hessian = probability * (1.0 - probability);
        for i in 0..WEIGHTS {
            slope[i] += residual * x[i];
            let scaled = hessian * x[i];
            for j in 0..=i {
                curvature[i][j] += scaled * x[j];
            }
        }
    }
    for i in 0..WEIGHTS {
        slope[i] -= RIDGE * weights[i];
        curvature[i][i] += RIDGE;
    }
    for (weight, step) in weights.iter_mut().zip(solved(curvature, slope)) {
        *weight += step;
    }
}

/// Solves a positive definite system of which the lower half is given, by Cholesky's decomposition.
fn solved(mut matrix: [[f64; WEIGHTS]; WEIGHTS], mut right: [f64; WEIGHTS]) -> [f64; WEIGHTS] {
    for i in 0..WEIGHTS {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - known;
            matrix[i][j] = if i == j { rest.sqrt() } else { rest / matrix[j][j] };
        }
    }
    for i in 0..WEIGHTS {
        let known: f64 = (0..i).map(|k| matrix[i][k] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    for i in (0..WEIGHTS).rev() {
        let known: f64 = (i + 1..WEIGHTS).map(|k| matrix[k][i] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    right
}
