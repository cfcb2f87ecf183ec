//! Searches a recipe's ranges by synchronous successive halving (Jamieson and Talwalkar, 2016; the brackets' sizes are
//! those of Hyperband's inner loop, Li et al., 2018). The budget is boosting rounds.
//!
//! All trials train to the first rung's rounds, one of `reduction` of them to `reduction` times as many, and so on. A
//! trial that goes on is trained anew, not continued: XGBoost keeps no state of its random numbers in a saved booster,
//! so a continued one would be another model than the one that the recipe found trains.
//!
//! Invariants: only the early-stopping rows judge a trial, the test rows never; the same recipe, rows and seed give the
//! same result, however often the search was interrupted, and no rung of a trial is trained twice once it ended.

mod error;
mod folder;
mod outcome;
mod rows;
mod rungs;
mod runs;
mod sample;
mod trial;

use std::path::PathBuf;

use registry::{Registry, RunStatus};
use tokio::task::block_in_place;

pub use error::TuneError;
pub use outcome::TuneOutcome;
pub use rungs::{Rung, rungs};
pub use runs::{SEARCH_TAG, TRIAL_TAG};

use crate::cancel::CancelToken;
use crate::error_chain;
use crate::pipeline::{PipelineConfig, PipelineError};
use crate::progress::{Progress, Step};
use crate::recipe::{Recipe, SearchConfig};
use folder::SearchFolder;
use outcome::Finished;
use runs::SearchRuns;
use trial::{TrialRecord, Trials};

/// What a search does.
#[derive(Clone, Debug)]
pub struct TuneConfig {
    /// What a run without a search would do: the first trial.
    pub base: PipelineConfig,
    /// What is tried.
    pub search: SearchConfig,
    /// Keeps what is known, so that the same search goes on after an interruption.
    pub work_dir: PathBuf,
}

/// Searches, or goes on with the search that the work folder holds. Needs a multi-threaded tokio runtime.
///
/// A cancelled token ends the search after the boosting round under way: its runs are KILLED, until the search goes on.
pub async fn run(
    registry: &Registry,
    config: &TuneConfig,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<TuneOutcome, TuneError> {
    let recipe = Recipe::of(&config.base)?;
    let folder = SearchFolder::open(&config.work_dir)?;
    let search = folder.search(&recipe, &config.search)?;
    let ingested = block_in_place(|| folder.rows(&config.base, registry.artifacts(), progress, cancel))?;
    let search = match search {
        Some(search) => search,
        None => folder.begin(&recipe, &config.search)?,
    };
    if let Some(run_id) = &search.finished_run {
        return folder.outcome(run_id);
    }
    let mut runs = SearchRuns::open(registry, &config.base.register.identity, &search.id).await?;
    let steps = async {
        runs.describe(&recipe, &ingested, &config.search).await?;
        let mut trials = Trials::new(config, &recipe, &ingested, folder.path());
        let mut records = folder.records(&config.search)?;
        for record in &records {
            runs.log(record).await?;
        }
        halve(&mut runs, &folder, &mut trials, &mut records, progress, cancel).await?;
        let finished = Finished::new(config, &recipe, &ingested, &records, &mut trials)?;
        for (name, bytes) in finished.files() {
            folder.write(name, bytes)?;
            runs.parent.store_file(name, bytes.to_vec()).await?;
        }
        runs.finish(&finished).await?;
        Ok::<_, TuneError>(finished)
    };
    match steps.await {
        Ok(finished) => {
            let run_id = runs.parent.run().run_id.clone();
            folder.end(search, &run_id)?;
            Ok(finished.outcome(&run_id, folder.path()))
        }
        Err(error) => {
            let status = match error.is_cancelled() {
                true => RunStatus::Killed,
                false => RunStatus::Failed,
            };
            if let Err(second) = runs.interrupt(status, &error_chain(&error)).await {
                tracing::error!(error = %error_chain(&second), "the search's end was not recorded");
            }
            Err(error)
        }
    }
}

/// Runs every rung that isn't known yet.
async fn halve(
    runs: &mut SearchRuns,
    folder: &SearchFolder,
    trials: &mut Trials<'_>,
    records: &mut [TrialRecord],
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<(), TuneError> {
    let rungs = trials.rungs().to_vec();
    let total = rungs
        .iter()
        .map(|rung| u64::from(rung.rounds) * u64::from(rung.trials))
        .sum();
    block_in_place(|| progress.start(Step::Tune, Some(total)));
    let mut done = 0;
    let mut entrants: Vec<usize> = (0..records.len()).collect();
    for (index, rung) in rungs.iter().enumerate() {
        for (place, trial) in entrants.iter().enumerate() {
            cancel.check().map_err(PipelineError::from)?;
            let record = &mut records[*trial];
            let label = format!(
                "rung {} of {}, trial {} of {}",
                index + 1,
                rungs.len(),
                place + 1,
                entrants.len()
            );
            if record.rungs.len() <= index && record.failure.is_none() {
                runs.begin(record.trial, &trials.params(record)?).await?;
                block_in_place(|| trials.train(record, rung.rounds, (done, &label), progress, cancel))?;
                folder.write_record(record)?;
                runs.log(record).await?;
            }
            done += u64::from(rung.rounds);
        }
        let go_on = rungs.get(index + 1).map_or(0, |next| next.trials as usize);
        entrants.retain(|trial| records[*trial].failure.is_none());
        entrants.sort_by(|a, b| {
            records[*a]
                .loss_at(index)
                .total_cmp(&records[*b].loss_at(index))
                .then(a.cmp(b))
        });
        for trial in entrants.drain(go_on.min(entrants.len())..) {
            runs.end(records[trial].trial, RunStatus::Finished).await?;
        }
        entrants.sort_unstable();
        let needed: Vec<&TrialRecord> = entrants.iter().map(|trial| &records[*trial]).collect();
        block_in_place(|| trials.forget_rows_but_of(&needed))?;
    }
    block_in_place(|| progress.finish(&format!("{} trials", records.len())));
    Ok(())
}
