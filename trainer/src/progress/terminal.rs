//! Progress for a person: bars on a terminal, plain lines elsewhere. Everything goes to stderr.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Progress, Step};

const LINE_EVERY: Duration = Duration::from_secs(5);

/// Draws one bar a step when stderr is a terminal; otherwise prints a line at each end and one every five seconds.
pub struct TerminalProgress {
    bars: bool,
    current: Mutex<Option<Current>>,
}

struct Current {
    step: Step,
    total: Option<u64>,
    bar: ProgressBar,
    started: Instant,
    last_line: Instant,
}

impl TerminalProgress {
    /// Looks at stderr to choose between bars and lines.
    pub fn new() -> Self {
        Self {
            bars: std::io::stderr().is_terminal(),
            current: Mutex::new(None),
        }
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TerminalProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for TerminalProgress {
    fn start(&self, step: Step, total: Option<u64>) {
        let bar = if self.bars {
            bar(step, total)
        } else {
            ProgressBar::hidden()
        };
        let now = Instant::now();
        *self.current() = Some(Current {
            step,
            total,
            bar,
            started: now,
            last_line: now,
        });
    }

    fn advance(&self, done: u64, message: &str) {
        let mut guard = self.current();
        let Some(current) = guard.as_mut() else { return };
        current.bar.set_position(done);
        current.bar.set_message(message.to_owned());
        if !self.bars && current.last_line.elapsed() >= LINE_EVERY {
            current.last_line = Instant::now();
            let total = current
                .total
                .map(|total| format!(" of {total}"))
                .unwrap_or_default();
            line(current.step, &format!("{done}{total}  {message}"));
        }
    }

    fn finish(&self, message: &str) {
        let Some(current) = self.current().take() else {
            return;
        };
        current.bar.finish_and_clear();
        line(
            current.step,
            &format!("{message} ({:.1} s)", current.started.elapsed().as_secs_f64()),
        );
    }
}

fn bar(step: Step, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{prefix:>9} [{bar:30}] {pos}/{len} {eta:>4} {msg}",
        ),
        None => (ProgressBar::new_spinner(), "{prefix:>9} {spinner} {pos} {msg}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(step.as_str());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn line(step: Step, text: &str) {
    // A closed stderr must not end a training run.
    let _ = writeln!(std::io::stderr(), "{:>9}  {text}", step.as_str());
}
