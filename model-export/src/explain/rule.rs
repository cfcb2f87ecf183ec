//! Points and weights that integrate polynomials over (0, 1) exactly: Gauss and Legendre's rule.
//!
//! Invariant: a rule of `n` points is exact up to degree `2n - 1`; all its weights are positive and its points are
//! inside the interval.

use super::walk::Lanes;

/// Four points of a rule, side by side.
#[derive(Clone, Copy)]
pub(super) struct Points {
    /// The points.
    pub(super) at: Lanes,
    /// One minus each point.
    pub(super) rest: Lanes,
    /// `1 / rest`.
    pub(super) inverse_rest: Lanes,
    /// Their weights, which add up to 1 over the whole rule.
    pub(super) weight: Lanes,
}

/// The rule of `4 * fours` points.
pub(super) fn rule(fours: usize) -> Vec<Points> {
    let points = 4 * fours;
    let four = |first: usize| {
        let [mut at, mut rest, mut weight] = [[0.0; 4]; 3];
        for lane in 0..4 {
            let (x, w) = root(first + lane, points);
            at[lane] = (1.0 - x) / 2.0;
            rest[lane] = (1.0 + x) / 2.0;
            weight[lane] = w / 2.0;
        }
        Points {
            at: Lanes(at),
            rest: Lanes(rest),
            inverse_rest: Lanes(rest.map(|rest| 1.0 / rest)),
            weight: Lanes(weight),
        }
    };
    (0..fours).map(|index| four(4 * index)).collect()
}

/// A root of the Legendre polynomial of an even degree, by Newton's method, and its weight on (-1, 1).
fn root(index: usize, degree: usize) -> (f64, f64) {
    if index >= degree / 2 {
        let (x, weight) = root(degree - 1 - index, degree);
        return (-x, weight);
    }
    // The roots are near these cosines (Tricomi), close enough for each to lead to its own.
    let angle = std::f64::consts::PI * (index as f64 + 0.75) / (degree as f64 + 0.5);
    let mut x = cosine(angle);
    let mut slope = 1.0;
    for _ in 0..6 {
        let (value, derivative) = legendre(x, degree);
        x -= value / derivative;
        slope = derivative;
    }
    (x, 2.0 / ((1.0 - x * x) * slope * slope))
}

/// The polynomial and its derivative, by Bonnet's recursion.
fn legendre(x: f64, degree: usize) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for n in 2..=degree {
        let n = n as f64;
        (before, value) = (value, ((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n);
    }
    (value, degree as f64 * (x * value - before) / (x * x - 1.0))
}

/// Between 0 and a right angle, by the power series: a start for Newton's method.
fn cosine(angle: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..12 {
        term *= -angle * angle / f64::from((2 * n - 1) * 2 * n);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::rule;

    #[test]
    fn powers_are_integrated_exactly() {
        for fours in [1, 2, 3, 8, 64] {
            let rule = rule(fours);
            for power in 0..8 * fours as i32 {
                let lanes = rule
                    .iter()
                    .flat_map(|points| points.at.0.into_iter().zip(points.weight.0));
                let integral: f64 = lanes.map(|(at, weight)| weight * at.powi(power)).sum();
                let error = integral * f64::from(power + 1) - 1.0;
                assert!(error.abs() < 1e-12, "{fours} fours, power {power}: {error:e}");
            }
        }
    }

    #[test]
    fn points_are_inside_and_weights_above_zero() {
        for fours in [1, 2, 64] {
            let mut last = 0.0;
            for points in rule(fours) {
                for lane in 0..4 {
                    let (at, rest) = (points.at.0[lane], points.rest.0[lane]);
                    assert!(at > last && rest > 0.0 && points.weight.0[lane] > 0.0);
                    assert_eq!((at + rest, rest * points.inverse_rest.0[lane]).0, 1.0);
                    last = at;
                }
            }
        }
    }
}
