//! From margins to probabilities that are right on average.
//!
//! Invariant: it never falls as the margin grows, and gives a probability for every margin but NaN.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::model::probability;

/// Knots that an isotonic calibration may have.
pub const MAX_KNOTS: usize = 4096;

/// How a margin becomes a probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Calibration {
    /// `1 / (1 + exp(-(slope * margin + offset)))` (Platt 1999, "Probabilistic Outputs for Support Vector Machines").
    Platt {
        /// Above zero and finite.
        slope: f32,
        /// Finite.
        offset: f32,
    },
    /// Straight lines between knots, and constant beyond the first and the last: the isotonic regression of Zadrozny
    /// and Elkan (2002, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates").
    Isotonic(Vec<Knot>),
}

/// A point of an isotonic calibration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knot {
    /// Finite.
    pub margin: f32,
    /// From 0 to 1.
    pub probability: f32,
}

/// A calibration that can't be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// Of Platt's.
    #[error("slope and offset must be finite, the slope above 0")]
    Line,
    /// Platt's that changes nothing.
    #[error("slope 1 and offset 0 change nothing")]
    Identity,
    /// Of an isotonic one.
    #[error("{0} knots; 1 to 4096 are possible")]
    Count(usize),
    /// Of an isotonic one.
    #[error("knot {0} is out of order or out of range")]
    Knot(usize),
}

impl Calibration {
    /// The probability of a margin: the same bits on every platform.
    pub fn probability(&self, margin: f32) -> f32 {
        match self {
            Self::Platt { slope, offset } => probability(slope * margin + offset),
            Self::Isotonic(knots) => between(knots, margin),
        }
    }

    pub(crate) fn check(&self) -> Result<(), CalibrationError> {
        match self {
            Self::Platt { slope, offset } if *slope == 1.0 && *offset == 0.0 => {
                Err(CalibrationError::Identity)
            }
            Self::Platt { slope, offset } if *slope > 0.0 && slope.is_finite() && offset.is_finite() => {
                Ok(())
            }
            Self::Platt { .. } => Err(CalibrationError::Line),
            Self::Isotonic(knots) if knots.is_empty() || knots.len() > MAX_KNOTS => {
                Err(CalibrationError::Count(knots.len()))
            }
            Self::Isotonic(knots) => {
                let fits = |index: usize| {
                    let knot = knots[index];
                    let after = index.checked_sub(1).is_none_or(|before| {
                        knots[before].margin < knot.margin && knots[before].probability <= knot.probability
                    });
                    after && knot.margin.is_finite() && (0.0..=1.0).contains(&knot.probability)
                };
                match (0..knots.len()).find(|index| !fits(*index)) {
                    Some(index) => Err(CalibrationError::Knot(index)),
                    None => Ok(()),
                }
            }
        }
    }
}

/// `knots` is not empty.
fn between(knots: &[Knot], margin: f32) -> f32 {
    let next = knots.partition_point(|knot| knot.margin <= margin);
    let Some(before) = next.checked_sub(1) else {
        return knots[0].probability;
    };
    let (low, Some(high)) = (knots[before], knots.get(next)) else {
        return knots[before].probability;
    };
    // Of two halves, since the difference of two margins may not be finite.
    let (from, to) = (0.5 * low.margin, 0.5 * high.margin);
    let share = kept((0.5 * margin - from) / (to - from), 0.0, 1.0);
    let probability = low.probability + share * (high.probability - low.probability);
    kept(probability, low.probability, high.probability)
}

/// `f32::clamp`, whose panic would bring the formatting of numbers into every page.
#[allow(clippy::manual_clamp, reason = "it must not panic")]
fn kept(value: f32, low: f32, high: f32) -> f32 {
    value.max(low).min(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knot(margin: f32, probability: f32) -> Knot {
        Knot { margin, probability }
    }

    #[test]
    fn a_line_moves_the_logit() {
        let calibration = Calibration::Platt {
            slope: 0.5,
            offset: -1.0,
        };
        assert_eq!(calibration.check(), Ok(()));
        assert_eq!(calibration.probability(2.0), 0.5);
        assert_eq!(calibration.probability(4.0), probability(1.0));
    }

    #[test]
    fn between_knots_it_is_straight_and_beyond_them_constant() {
        let calibration = Calibration::Isotonic(vec![knot(-2.0, 0.125), knot(0.0, 0.25), knot(1.0, 0.75)]);
        assert_eq!(calibration.check(), Ok(()));
        for (margin, expected) in [
            (-9.0, 0.125),
            (-2.0, 0.125),
            (-1.0, 0.1875),
            (0.0, 0.25),
            (0.5, 0.5),
            (1.0, 0.75),
            (f32::INFINITY, 0.75),
            (f32::NEG_INFINITY, 0.125),
        ] {
            assert_eq!(calibration.probability(margin), expected, "{margin}");
        }
    }

    #[test]
    fn it_never_falls() {
        let knots = vec![
            knot(f32::MIN, 0.1),
            knot(-0.1, 0.3),
            knot(0.1, 0.300_000_04),
            knot(f32::MAX, 0.9),
        ];
        let calibration = Calibration::Isotonic(knots);
        assert_eq!(calibration.check(), Ok(()));
        let margins = (-400..400).map(|step| step as f32 * 0.001);
        let mut last = 0.0;
        for probability in margins.map(|margin| calibration.probability(margin)) {
            assert!(probability >= last && probability <= 0.9);
            last = probability;
        }
    }

    #[test]
    fn what_is_no_calibration_is_refused() {
        let line = |slope, offset| Calibration::Platt { slope, offset };
        assert_eq!(line(1.0, 0.0).check(), Err(CalibrationError::Identity));
        for (slope, offset) in [(0.0, 1.0), (-1.0, 0.0), (f32::NAN, 0.0), (1.0, f32::INFINITY)] {
            assert_eq!(line(slope, offset).check(), Err(CalibrationError::Line));
        }
        let isotonic = |knots: &[Knot]| Calibration::Isotonic(knots.to_vec());
        assert_eq!(isotonic(&[]).check(), Err(CalibrationError::Count(0)));
        for knots in [
            [knot(0.0, 0.1), knot(0.0, 0.2)],
            [knot(0.0, 0.2), knot(1.0, 0.1)],
            [knot(0.0, 0.2), knot(1.0, 1.1)],
            [knot(0.0, 0.2), knot(f32::NAN, 0.3)],
        ] {
            assert_eq!(isotonic(&knots).check(), Err(CalibrationError::Knot(1)));
        }
    }
}
