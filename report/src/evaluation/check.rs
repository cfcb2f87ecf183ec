//! What a report that comes from elsewhere must hold to, so that it can be drawn.

use super::{Report, ReportError};
use crate::curves::Curve;

/// Entries of a list.
const MOST: usize = 10_000;
/// Bytes of a name or note.
const LONGEST: usize = 2_000;
/// Counts, logloss, gain and what else has no natural limit; far from where differences lose all digits.
const LARGEST: f64 = 1e15;

impl Report {
    pub(super) fn check(&self) -> Result<(), ReportError> {
        let identity = &self.identity;
        names(
            "a name",
            [
                &identity.model_name,
                &identity.experiment_name,
                &identity.run_id,
                &identity.run_name,
                &identity.model_sha256,
                &identity.engine,
                &identity.dataset_name,
                &identity.dataset_digest,
            ],
        )?;
        let metrics = &self.metrics;
        rates(
            "a metric",
            [
                metrics.auc,
                metrics.brier,
                metrics.expected_calibration_error,
                metrics.mean_prediction,
                metrics.observed_rate,
            ],
        )?;
        numbers("a metric", [metrics.logloss, metrics.normalized_entropy])?;
        if metrics.observed_rate == 0.0 {
            return Err(ReportError::OutOfRange("the observed rate"));
        }
        curve("the ROC curve", &self.roc)?;
        curve("the precision–recall curve", &self.precision_recall)?;
        self.check_groups()?;
        self.check_slices()?;
        self.check_training()
    }

    fn check_groups(&self) -> Result<(), ReportError> {
        let what = "the calibration";
        length(what, self.calibration.len())?;
        for bin in &self.calibration {
            rates(
                what,
                [
                    bin.mean_prediction,
                    bin.observed_rate,
                    bin.observed_low,
                    bin.observed_high,
                ],
            )?;
        }
        let what = "the lift";
        length(what, self.lift.len())?;
        for group in &self.lift {
            rates(what, [group.cumulative_rows, group.cumulative_gain])?;
            numbers(what, [group.lift, group.cumulative_lift])?;
        }
        let what = "the score histogram";
        length(what, self.scores.clicks.len())?;
        if self.scores.clicks.len() != self.scores.others.len() {
            return Err(ReportError::OutOfRange(what));
        }
        rates(what, [self.scores.highest])
    }

    fn check_slices(&self) -> Result<(), ReportError> {
        let what = "a slice";
        length(what, self.slices.len())?;
        let slices: usize = self.slices.iter().map(|group| group.slices.len()).sum();
        length(what, slices)?;
        for group in &self.slices {
            names(what, [&group.name, &group.note])?;
            for slice in &group.slices {
                names(what, [&slice.name])?;
                rates(
                    what,
                    [
                        slice.mean_prediction,
                        slice.observed_rate,
                        slice.expected_calibration_error,
                    ],
                )?;
                rates(what, slice.auc)?;
                numbers(what, [slice.logloss])?;
                numbers(what, slice.calibration_ratio)?;
            }
        }
        Ok(())
    }

    fn check_training(&self) -> Result<(), ReportError> {
        let what = "a feature's importance";
        length(what, self.importance.features.len())?;
        for feature in &self.importance.features {
            names(what, [&feature.name])?;
            let values = [feature.gain, feature.cover, feature.mean_shap];
            numbers(what, values.into_iter().flatten())?;
        }
        let what = "a learning curve";
        length(what, self.learning.points.len())?;
        for point in &self.learning.points {
            numbers(what, [point.train_logloss, point.validation_logloss])?;
        }
        Ok(())
    }
}

fn curve(what: &'static str, curve: &Curve) -> Result<(), ReportError> {
    length(what, curve.points.len())?;
    rates(what, [curve.area])?;
    rates(what, curve.points.iter().flatten().copied())
}

fn length(what: &'static str, length: usize) -> Result<(), ReportError> {
    holds(what, length <= MOST)
}

fn names<'a>(what: &'static str, names: impl IntoIterator<Item = &'a String>) -> Result<(), ReportError> {
    holds(what, names.into_iter().all(|name| name.len() <= LONGEST))
}

fn rates(what: &'static str, rates: impl IntoIterator<Item = f64>) -> Result<(), ReportError> {
    holds(what, rates.into_iter().all(|rate| (0.0..=1.0).contains(&rate)))
}

fn numbers(what: &'static str, numbers: impl IntoIterator<Item = f64>) -> Result<(), ReportError> {
    holds(what, numbers.into_iter().all(|number| number.abs() <= LARGEST))
}

fn holds(what: &'static str, holds: bool) -> Result<(), ReportError> {
    if holds {
        Ok(())
    } else {
        Err(ReportError::OutOfRange(what))
    }
}
