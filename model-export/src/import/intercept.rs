//! XGBoost's base score to the margins before any tree.
//!
//! Invariant: the same `f32` operations in the same order as XGBoost's objectives have them, natively with the platform's
//! `logf` and `expm1f`, which are XGBoost's own there. WebAssembly has no such library: of the scores that need a
//! logarithm one in 900 gives a margin that is one unit in the last place off glibc's. So convert natively where bits
//! count; the compact file keeps the margins, not the scores.

use super::value::Object;
use super::{ImportError, Version};
use crate::objective::{Link, Objective};

/// XGBoost's `kRtEps`.
const EPSILON: f32 = 1e-6;

/// The base margin of each group. The score is one number, or from 3.1 on one for each group in brackets.
pub(super) fn base_margins(
    parameters: &Object<'_>,
    objective: Objective,
    version: Version,
    groups: usize,
) -> Result<Vec<f32>, ImportError> {
    let scores = scores(parameters.text("base_score")?)
        .ok_or_else(|| parameters.error("base_score", "expected finite numbers"))?;
    let scores = match scores[..] {
        [score] => vec![score; groups],
        _ if scores.len() == groups => scores,
        _ => return Err(parameters.error("base_score", "expected one number, or one for each group")),
    };
    match objective.link() {
        Link::Logistic => scores
            .into_iter()
            .map(|score| logit(score, version))
            .collect::<Option<_>>()
            .ok_or_else(|| parameters.error("base_score", "expected a probability between 0 and 1")),
        Link::Exponential => scores
            .into_iter()
            .map(|score| (score > 0.0).then(|| ln(score)))
            .collect::<Option<_>>()
            .ok_or_else(|| parameters.error("base_score", "expected a number above 0")),
        Link::Expectiles => Ok(gaps(scores)),
        _ => Ok(scores),
    }
}

fn scores(text: &str) -> Option<Vec<f32>> {
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let number = |text: &str| {
        text.trim()
            .parse::<f32>()
            .ok()
            .filter(|number| number.is_finite())
    };
    match bracketed {
        Some(list) => list.split(',').map(number).collect(),
        None => number(text).map(|number| vec![number]),
    }
}

/// `-ln(1 / p - 1)`; from 3.2 on, probabilities at the ends are moved off them first.
fn logit(probability: f32, version: Version) -> Option<f32> {
    let probability = if version >= [3, 2, 0] && (0.0..=1.0).contains(&probability) {
        probability.clamp(EPSILON, 1.0 - EPSILON)
    } else {
        probability
    };
    (probability > 0.0 && probability < 1.0).then(|| -ln(1.0 / probability - 1.0))
}

/// The first expectile, then what [`Link::Expectiles`] turns into the distances between them.
fn gaps(mut expectiles: Vec<f32>) -> Vec<f32> {
    for index in (1..expectiles.len()).rev() {
        let gap = expectiles[index] - expectiles[index - 1];
        let gap = (gap - EPSILON).max(EPSILON);
        expectiles[index] = gap + ln(-(-gap).exp_m1());
    }
    expectiles
}

fn ln(x: f32) -> f32 {
    if cfg!(target_family = "wasm") {
        // Nearer to glibc's `logf` than the `logf` that Rust brings along.
        libm::log(f64::from(x)) as f32
    } else {
        x.ln()
    }
}
