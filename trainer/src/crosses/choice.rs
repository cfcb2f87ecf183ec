//! Which of many pairs to take together: each next one by what it adds to those taken before.
//!
//! The steps of a column or a pair, one of each row, are a direction in which the additive model's log-odds can move. A
//! direction's gain is what the best move along it saves, to second order, after the best moves along all directions taken
//! before. Columns that tell the same rows apart make pairs with the same direction, of which one is taken.

use super::gain::Evidence;

/// What a direction without effect saves by chance is a half in the mean: Akaike's criterion asks for twice that.
const LEAST_GAIN: f64 = 1.0;

/// Up to `count` places of `candidates`, the first the one that saves most, and what each saves beyond those before it
/// and beyond `known`. Every direction has a step for each row.
pub(super) fn choose(
    evidence: &[Evidence],
    known: Vec<Vec<f32>>,
    mut candidates: Vec<Vec<f32>>,
    count: usize,
) -> Vec<(usize, f64)> {
    let mut known = known;
    for index in 0..known.len() {
        let (taken, others) = known.split_at_mut(index + 1);
        let direction = &taken[index];
        for other in others.iter_mut().chain(&mut candidates) {
            remove(evidence, direction, other);
        }
    }
    let mut left: Vec<usize> = (0..candidates.len()).collect();
    let mut chosen = Vec::new();
    while chosen.len() < count {
        let gains = left.iter().map(|index| saved(evidence, &candidates[*index]));
        let best = gains
            .enumerate()
            .max_by(|(_, one), (_, other)| one.total_cmp(other));
        let Some((place, gain)) = best.filter(|(_, gain)| *gain > LEAST_GAIN) else {
            break;
        };
        let index = left.remove(place);
        chosen.push((index, gain));
        let direction = std::mem::take(&mut candidates[index]);
        for other in &left {
            remove(evidence, &direction, &mut candidates[*other]);
        }
    }
    chosen
}

/// What the best move along a direction saves.
fn saved(evidence: &[Evidence], direction: &[f32]) -> f64 {
    let slope: f64 = evidence
        .iter()
        .zip(direction)
        .map(|(row, step)| f64::from(row.residual * step))
        .sum();
    let length = product(evidence, direction, direction);
    if length > 0.0 {
        slope * slope / (2.0 * length)
    } else {
        0.0
    }
}

/// Takes out of `other` what lies along a direction.
fn remove(evidence: &[Evidence], direction: &[f32], other: &mut [f32]) {
    let length = product(evidence, direction, direction);
    let before = product(evidence, other, other);
    if length == 0.0 || before == 0.0 {
        return;
    }
    let share = (product(evidence, direction, other) / length) as f32;
    for (other, step) in other.iter_mut().zip(direction) {
        *other -= share * step;
    }
    // What is left of the same direction is rounding.
    if product(evidence, other, other) < 1e-6 * before {
        other.fill(0.0);
    }
}

/// The curvature of the logloss between two directions.
fn product(evidence: &[Evidence], one: &[f32], other: &[f32]) -> f64 {
    let rows = evidence.iter().zip(one).zip(other);
    rows.map(|((row, one), other)| f64::from(row.hessian * one * other))
        .sum()
}
