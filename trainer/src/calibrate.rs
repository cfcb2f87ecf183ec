//! Between training and export: how margins become probabilities that are right on average.
//!
//! Invariant: a calibration is fitted on the early-stopping rows and judged on rows that it wasn't fitted on.

mod fit;

use std::collections::BTreeMap;

use model_export::{Calibration, Prediction};
use serde::{Deserialize, Serialize};

pub use fit::{isotonic, platt};

use crate::metrics::{Metrics, MetricsError};

/// Parts of the early-stopping rows; each is judged by what the others teach.
const FOLDS: usize = 5;

/// Standard errors by which a calibration has to lower the logloss.
const ERRORS: f64 = 2.0;

/// Which calibration a model gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The one with the least calibration error, if it lowers that, and the logloss by more than chance would.
    #[default]
    Auto,
    /// The sigmoid of the margin.
    None,
    /// A line through the log-odds.
    Platt,
    /// Steps joined by lines.
    Isotonic,
}

/// How a model is calibrated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationConfig {
    /// Which calibration.
    pub method: Method,
    /// Share of the rows without a click that are in the data, as after negative downsampling; 1 where all are.
    pub negative_sampling_rate: f64,
}

impl Default for CalibrationConfig {
    fn default() -> Self {
        Self {
            method: Method::Auto,
            negative_sampling_rate: 1.0,
        }
    }
}

/// A configuration outside its limits.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("negative_sampling_rate is {0}; it must be above 0 and at most 1")]
pub struct CalibrationConfigError(pub f64);

impl CalibrationConfig {
    /// Refuses what can't be before any work is done.
    pub fn check(&self) -> Result<(), CalibrationConfigError> {
        let rate = self.negative_sampling_rate;
        if rate > 0.0 && rate <= 1.0 {
            Ok(())
        } else {
            Err(CalibrationConfigError(rate))
        }
    }
}

/// The calibration that was chosen, and what judged it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// None where the sigmoid of the margin is as good.
    pub calibration: Option<Calibration>,
    /// What was tried, each judged out of fold.
    pub tried: Vec<Tried>,
    /// As in [`CalibrationConfig`].
    pub negative_sampling_rate: f64,
}

impl Calibrated {
    /// What a run records of it.
    pub fn params(&self) -> BTreeMap<String, String> {
        let mut params = BTreeMap::from([(
            "negative_sampling_rate".to_owned(),
            self.negative_sampling_rate.to_string(),
        )]);
        let name = match &self.calibration {
            Some(Calibration::Platt { slope, offset }) => {
                params.insert("calibration_slope".to_owned(), slope.to_string());
                params.insert("calibration_offset".to_owned(), offset.to_string());
                "platt"
            }
            Some(Calibration::Isotonic(knots)) => {
                params.insert("calibration_knots".to_owned(), knots.len().to_string());
                "isotonic"
            }
            _ => "none",
        };
        params.insert("calibration".to_owned(), name.to_owned());
        params
    }

    /// How good each calibration was, out of fold.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        let of = |tried: &Tried| {
            let name = match tried.method {
                Method::Platt => "platt",
                Method::Isotonic => "isotonic",
                Method::Auto | Method::None => "plain",
            };
            [
                (format!("validation_{name}_logloss"), tried.logloss),
                (
                    format!("validation_{name}_expected_calibration_error"),
                    tried.expected_calibration_error,
                ),
            ]
        };
        self.tried.iter().flat_map(of).collect()
    }
}

/// A calibration that was judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// [`Method::None`], [`Method::Platt`] or [`Method::Isotonic`].
    pub method: Method,
    /// Out of fold, on the early-stopping rows.
    pub logloss: f64,
    /// The standard error of how far the logloss is from that of [`Method::None`], row by row.
    pub logloss_error: f64,
    /// As in [`Metrics`], likewise.
    pub expected_calibration_error: f64,
}

/// Chooses and fits a calibration. `rows` are margins and labels that the booster wasn't fitted on, in their order.
pub fn calibrate(rows: &[(f32, bool)], config: &CalibrationConfig) -> Result<Calibrated, MetricsError> {
    let methods = [Method::None, Method::Platt, Method::Isotonic];
    let judged = methods.map(|method| out_of_fold(rows, method));
    let mut tried = Vec::new();
    for (method, predictions) in methods.into_iter().zip(&judged) {
        let metrics = Metrics::of(predictions)?;
        tried.push(Tried {
            method,
            logloss: metrics.logloss,
            logloss_error: standard_error(predictions, &judged[0]),
            expected_calibration_error: metrics.expected_calibration_error,
        });
    }
    let chosen = match config.method {
        Method::Auto => best(&tried),
        method => method,
    };
    let calibration = fitted(rows, chosen);
    Ok(Calibrated {
        calibration: for_all_rows(calibration, config.negative_sampling_rate),
        tried,
        negative_sampling_rate: config.negative_sampling_rate,
    })
}

/// What a probability of all rows is among those that negative downsampling leaves.
pub fn among_sampled(probability: f64, negative_sampling_rate: f64) -> f64 {
    probability / (probability + (1.0 - probability) * negative_sampling_rate)
}

fn best(tried: &[Tried]) -> Method {
    let plain = tried[0];
    let better = tried.iter().filter(|other| {
        plain.logloss - other.logloss > ERRORS * other.logloss_error
            && other.expected_calibration_error < plain.expected_calibration_error
    });
    let least = better.min_by(|a, b| {
        a.expected_calibration_error
            .total_cmp(&b.expected_calibration_error)
    });
    least.map_or(Method::None, |least| least.method)
}

/// Of the mean difference of two sets of predictions of the same rows, in logloss.
fn standard_error(predictions: &[(f64, bool)], others: &[(f64, bool)]) -> f64 {
    let loss = |(probability, label): (f64, bool)| {
        let of_the_label = if label { probability } else { 1.0 - probability };
        -libm::log(of_the_label.max(f64::MIN_POSITIVE))
    };
    let pairs = predictions.iter().zip(others);
    let differences: Vec<f64> = pairs.map(|(one, other)| loss(*one) - loss(*other)).collect();
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let squares = differences
        .iter()
        .map(|difference| (difference - mean) * (difference - mean));
    (squares.sum::<f64>() / (count - 1.0) / count).sqrt()
}

fn fitted(rows: &[(f32, bool)], method: Method) -> Option<Calibration> {
    match method {
        Method::Platt => platt(rows),
        Method::Isotonic => isotonic(rows),
        Method::Auto | Method::None => None,
    }
}

fn out_of_fold(rows: &[(f32, bool)], method: Method) -> Vec<(f64, bool)> {
    let mut judged = Vec::with_capacity(rows.len());
    for fold in 0..FOLDS {
        let (from, to) = (fold * rows.len() / FOLDS, (fold + 1) * rows.len() / FOLDS);
        let calibration = fitted(&[&rows[..from], &rows[to..]].concat(), method);
        judged.extend(rows[from..to].iter().map(|(margin, label)| {
            let prediction = Prediction::of(*margin, calibration.as_ref());
            (f64::from(prediction.probability), *label)
        }));
    }
    judged
}

/// Corrects the prior: of the rows without a click the data have only this share. With the rate `w` the odds fall by it,
/// `p / (p + (1 - p) / w)` (He et al. 2014, section 6.3).
fn for_all_rows(calibration: Option<Calibration>, rate: f64) -> Option<Calibration> {
    if rate == 1.0 {
        return calibration;
    }
    let shift = libm::log(rate);
    match calibration {
        Some(Calibration::Isotonic(mut knots)) => {
            for knot in &mut knots {
                let sampled = f64::from(knot.probability);
                knot.probability = (sampled / (sampled + (1.0 - sampled) / rate)) as f32;
            }
            Some(Calibration::Isotonic(knots))
        }
        Some(Calibration::Platt { slope, offset }) => Some(Calibration::Platt {
            slope,
            offset: (f64::from(offset) + shift) as f32,
        }),
        _ => Some(Calibration::Platt {
            slope: 1.0,
            offset: shift as f32,
        }),
    }
}

#[cfg(test)]
mod tests;
