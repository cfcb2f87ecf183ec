//! Progress for whoever follows a queued training run.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use registry::{Job, RegistryError, StepProgress};

use super::{Progress, Step};
use crate::cancel::{CancelToken, Cancelled};

/// At most one report in this time, besides each step's first and last.
const REPORT_EVERY: Duration = Duration::from_millis(200);

/// Reports to the training queue. When the queue says that the attempt is over (its lease was lost), the token is
/// cancelled. Must be called on a multi-threaded tokio runtime.
pub struct QueueProgress {
    job: Job,
    cancel: CancelToken,
    state: Mutex<State>,
}

struct State {
    progress: StepProgress,
    last_report: Instant,
}

impl QueueProgress {
    /// Reports as `job`.
    pub fn new(job: Job, cancel: CancelToken) -> Self {
        let state = State {
            progress: StepProgress::default(),
            last_report: Instant::now(),
        };
        Self {
            job,
            cancel,
            state: Mutex::new(state),
        }
    }

    fn change(&self, at_once: bool, change: impl FnOnce(&mut StepProgress)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state.progress);
        if at_once || state.last_report.elapsed() >= REPORT_EVERY {
            state.last_report = Instant::now();
            let progress = state.progress.clone();
            drop(state);
            self.tell(self.wait(self.job.report(progress)));
        }
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
    }

    fn tell(&self, result: Result<(), RegistryError>) {
        match result {
            Ok(()) => {}
            Err(error @ RegistryError::StaleAttempt { .. }) => {
                tracing::warn!(%error, "giving the training run up");
                self.cancel.cancel();
            }
            // Progress is not worth a run: the next report may get through.
            Err(error) => tracing::warn!(error = %crate::error_chain(&error), "progress was not reported"),
        }
    }
}

impl Progress for QueueProgress {
    fn start(&self, step: Step, total: Option<u64>) {
        let step = step.as_str().to_owned();
        self.change(true, |progress| {
            *progress = StepProgress {
                step,
                done: 0,
                total,
                message: String::new(),
            }
        });
    }

    fn advance(&self, done: u64, message: &str) {
        self.change(false, |progress| {
            progress.done = done;
            progress.message = message.to_owned();
        });
    }

    fn finish(&self, message: &str) {
        self.change(true, |progress| {
            progress.done = progress.total.unwrap_or(progress.done).max(progress.done);
            progress.message = message.to_owned();
        });
    }

    fn hold(&self, run_id: &str) -> Result<(), Cancelled> {
        match self.wait(self.job.set_run_id(run_id)) {
            Ok(()) => self.cancel.check(),
            Err(error) => {
                tracing::warn!(error = %crate::error_chain(&error), "the training run is not this attempt's");
                self.cancel.cancel();
                Err(Cancelled)
            }
        }
    }
}
