//! A bar for a person who waits; nothing where nobody looks.

use std::io::IsTerminal;
use std::sync::atomic::Ordering;

use indicatif::{ProgressBar, ProgressStyle};

use crate::rows::Position;

/// Shows how far reading has come, on standard error.
pub(crate) struct Progress {
    bar: ProgressBar,
    position: Position,
}

impl Progress {
    /// Hidden unless standard error is a terminal, the input's length is known and the output goes elsewhere.
    pub(crate) fn new(position: Position, output_is_file: bool, unit: &str) -> Self {
        let visible = std::io::stderr().is_terminal() && (output_is_file || !std::io::stdout().is_terminal());
        let bar = match position.total {
            Some(total) if visible => ProgressBar::new(total),
            _ => ProgressBar::hidden(),
        };
        let shown = if unit == "row" {
            "{pos} of {len} rows"
        } else {
            "{bytes} of {total_bytes}"
        };
        let template = format!("{{wide_bar}} {shown}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self { bar, position }
    }

    pub(crate) fn update(&self) {
        self.bar.set_position(self.position.done.load(Ordering::Relaxed));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
