//! Evaluation reports: what a model's predictions of the test rows are worth, and the page that shows it.
//!
//! | step | item |
//! |---|---|
//! | predictions with labels → [`Metrics`] | [`Metrics::of`] |
//! | the same, row by row in slices → [`SliceGroup`] | [`SliceGroup::by_count`], [`SliceGroup::by_position`], [`SliceGroup::new`] |
//! | all of it → [`Report`] | [`Report::new`] |
//! | [`Report`] → JSON and back | [`Report::to_json`], [`Report::from_json`] |
//! | one report, or two side by side → HTML | [`page`], [`comparison`] |
//! | trials of a search → SVG | [`search_picture`] |
//!
//! Invariants: this crate does no IO and reads no clock, random source or environment; the same predictions give the
//! same report and the same page. A report that [`Report::from_json`] took is drawn whatever its numbers are, and no
//! name in it becomes markup.

mod calibration;
mod curves;
mod evaluation;
mod html;
mod lift;
mod metrics;
mod scores;
mod search;
mod slices;

pub use calibration::{CalibrationBin, wilson_interval};
pub use curves::Curve;
pub use evaluation::{
    FORMAT, FeatureImportance, Identity, Importance, LearningCurves, LearningPoint, Report, ReportError,
};
pub use html::{RenderError, Titled, comparison, page};
pub use lift::{LIFT_GROUPS, LiftGroup};
pub use metrics::{CALIBRATION_BINS, Metrics, MetricsError};
pub use scores::{SCORE_BINS, ScoreHistogram};
pub use search::{SearchTrial, search_picture};
pub use slices::{Slice, SliceGroup};
