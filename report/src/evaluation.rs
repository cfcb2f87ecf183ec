//! The report of one model: what is stored, and what of it is checked when it is read.

mod check;

use serde::{Deserialize, Serialize};

use crate::calibration::{self, CalibrationBin};
use crate::curves::{self, Curve};
use crate::lift::{self, LiftGroup};
use crate::metrics::{Metrics, MetricsError, sorted};
use crate::scores::{self, ScoreHistogram};
use crate::slices::SliceGroup;

/// The version of the JSON; another one is refused.
pub const FORMAT: u32 = 1;

/// Rounds of a learning curve that are kept, about.
const LEARNING_POINTS: usize = 300;

/// What a model's predictions of the test rows are worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// Of which model, on which rows.
    pub identity: Identity,
    /// Of all test rows.
    pub metrics: Metrics,
    /// The ROC curve.
    pub roc: Curve,
    /// The precision–recall curve.
    pub precision_recall: Curve,
    /// Predicted and observed rates, the lowest predictions first.
    pub calibration: Vec<CalibrationBin>,
    /// Lift and cumulative gains, the highest predictions first.
    pub lift: Vec<LiftGroup>,
    /// Where predictions lie.
    pub scores: ScoreHistogram,
    /// Metrics of parts of the rows.
    pub slices: Vec<SliceGroup>,
    /// What the model looks at.
    pub importance: Importance,
    /// How it was learnt.
    pub learning: LearningCurves,
}

/// Which model was judged, and on what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The registered model.
    pub model_name: String,
    /// The experiment.
    pub experiment_name: String,
    /// The run, 32 hexadecimal digits.
    pub run_id: String,
    /// Its nickname.
    pub run_name: String,
    /// SHA-256 of the exported file, whose own predictions were judged.
    pub model_sha256: String,
    /// Its size.
    pub model_bytes: u64,
    /// Its trees.
    pub trees: u64,
    /// The engine that grew them, and its version.
    pub engine: String,
    /// The data set.
    pub dataset_name: String,
    /// Its digest.
    pub dataset_digest: String,
    /// The first test row, from 1; as many follow as the metrics have rows.
    pub first_test_row: u64,
}

/// What the model looks at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// Test rows over which [`FeatureImportance::mean_shap`] is a mean.
    pub shap_rows: u64,
    /// The features in the encoder's order.
    pub features: Vec<FeatureImportance>,
}

/// How much a feature matters, by four measures. One that isn't known is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FeatureImportance {
    /// The feature.
    pub name: String,
    /// Mean reduction of the training loss over the feature's splits.
    pub gain: Option<f64>,
    /// Mean sum of hessians over the feature's splits.
    pub cover: Option<f64>,
    /// Splits on the feature.
    pub weight: Option<u64>,
    /// Mean of the absolute Shapley value, in log-odds.
    pub mean_shap: Option<f64>,
}

/// How logloss fell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LearningCurves {
    /// Rounds, the first and the last among them, thinned.
    pub points: Vec<LearningPoint>,
    /// The round with the least validation logloss, from 0.
    pub best_round: u32,
    /// Whether the model was trained once more afterwards, on the validation rows too.
    pub refit: bool,
}

/// The metrics after one round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearningPoint {
    /// From 0.
    pub round: u32,
    /// Logloss on the training rows.
    pub train_logloss: f64,
    /// Logloss on the early-stopping rows.
    pub validation_logloss: f64,
}

/// A report that can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Not JSON, or not of a report.
    #[error("not an evaluation report")]
    Json(#[from] serde_json::Error),
    /// Another version of the JSON.
    #[error("the report has format {0}, and this program reads {FORMAT}")]
    Format(u32),
    /// A value that no report has.
    #[error("{0} of the report is out of range")]
    OutOfRange(&'static str),
}

impl Report {
    /// Judges predictions, each with the row's label, in the order of the rows.
    pub fn new(
        identity: Identity,
        predictions: &[(f64, bool)],
        slices: Vec<SliceGroup>,
        importance: Importance,
        learning: LearningCurves,
    ) -> Result<Self, MetricsError> {
        let metrics = Metrics::of(predictions)?;
        let sorted = sorted(predictions);
        Ok(Self {
            format: FORMAT,
            identity,
            metrics,
            roc: curves::roc(&sorted),
            precision_recall: curves::precision_recall(&sorted),
            calibration: calibration::bins(&sorted),
            lift: lift::groups(&sorted),
            scores: scores::histogram(&sorted),
            slices,
            importance,
            learning,
        })
    }

    /// The report as JSON. The same report always gives the same bytes.
    pub fn to_json(&self) -> Vec<u8> {
        // Neither a map with other keys than text nor a type of another crate is in it, so nothing can fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Report::to_json`] wrote, and checks that it can be drawn: lists are of a length that a report may
    /// have, rates are between 0 and 1, and no number is beyond all measure.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ReportError> {
        /// Tells the format where the rest may be another's.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(bytes)?;
        if format != FORMAT {
            return Err(ReportError::Format(format));
        }
        let report: Self = serde_json::from_slice(bytes)?;
        report.check()?;
        Ok(report)
    }

    /// Mean prediction over observed rate.
    pub fn calibration_ratio(&self) -> f64 {
        self.metrics.mean_prediction / self.metrics.observed_rate
    }
}

impl LearningCurves {
    /// Keeps about as many rounds as a chart can show. Rounds without finite metrics are left out.
    pub fn new(rounds: impl IntoIterator<Item = LearningPoint>, best_round: u32, refit: bool) -> Self {
        let rounds: Vec<LearningPoint> = rounds
            .into_iter()
            .filter(|point| point.train_logloss.is_finite() && point.validation_logloss.is_finite())
            .collect();
        let every = rounds.len().div_ceil(LEARNING_POINTS).max(1);
        let last = rounds.len().saturating_sub(1);
        let kept = rounds.iter().enumerate();
        let points = kept
            .filter(|(index, point)| index % every == 0 || *index == last || point.round == best_round)
            .map(|(_, point)| *point)
            .collect();
        Self {
            points,
            best_round,
            refit,
        }
    }
}

#[cfg(test)]
mod tests;
