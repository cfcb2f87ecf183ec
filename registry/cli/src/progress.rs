//! How far a long command is, on a terminal's standard error.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use registry::archive::Summary;

/// A line that is written over and over; none where standard error isn't a terminal.
pub(crate) fn line() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// What was moved so far.
pub(crate) fn told(summary: &Summary) -> String {
    format!(
        "{} objects ({} bytes), {} rows",
        summary.objects,
        summary.object_bytes,
        summary.rows.values().sum::<u64>()
    )
}
