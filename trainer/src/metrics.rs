//! How good predictions are, as runs and reports have it: [`report::Metrics`].

pub use report::{CALIBRATION_BINS, Metrics, MetricsError};
