//! How far the pipeline is, told to whoever watches: a terminal, the training queue, or nobody.

mod queue;
mod terminal;

pub use queue::QueueProgress;
pub use terminal::TerminalProgress;

use crate::cancel::Cancelled;
use serde::{Deserialize, Serialize};

/// A step of the pipeline, in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Sources or the generator to checked rows.
    Ingest,
    /// Rows to encoded rows.
    Process,
    /// Encoded rows to a booster.
    Train,
    /// Booster to the compact file, checked and evaluated.
    Export,
    /// Artifacts and version to the registry.
    Register,
    /// The version to Production.
    Promote,
    /// Trials of a search.
    Tune,
}

impl Step {
    /// The step's name, as the queue and the command line know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Ingest => "ingest",
            Step::Process => "process",
            Step::Train => "train",
            Step::Export => "export",
            Step::Register => "register",
            Step::Promote => "promote",
            Step::Tune => "tune",
        }
    }
}

/// Is told of each step: one `start`, any number of `advance`, one `finish`. Units are rows, or rounds in
/// [`Step::Train`] and [`Step::Tune`]. Calls come from one thread at a time, often; an implementation throttles what it passes on.
pub trait Progress: Send + Sync {
    /// A step begins; `total` units where that is known.
    fn start(&self, step: Step, total: Option<u64>);
    /// `done` units of the step are done.
    fn advance(&self, done: u64, message: &str);
    /// The step is over.
    fn finish(&self, message: &str);
    /// The work writes to this run of the registry. Called when the run begins, and again right before its version
    /// is registered: an error ends the run, because somebody else has taken the work over.
    fn hold(&self, run_id: &str) -> Result<(), Cancelled> {
        let _ = run_id;
        Ok(())
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn start(&self, _step: Step, _total: Option<u64>) {}
    fn advance(&self, _done: u64, _message: &str) {}
    fn finish(&self, _message: &str) {}
}
