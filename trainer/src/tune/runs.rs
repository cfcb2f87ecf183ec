//! The search in the registry: a parent run, and a child run for each trial.
//!
//! Invariant: what the folder knows can be written again at any time, and nothing is there twice. A search's runs are
//! found by its tag, and of a curve only the points that are missing are added.

use std::collections::{BTreeMap, BTreeSet};

use registry::{Metric, NewRun, Registry, RegistryError, Run, RunStatus, Search};

use super::outcome::Finished;
use super::trial::TrialRecord;
use crate::ingest::Ingested;
use crate::now_ms;
use crate::recipe::{Recipe, SearchConfig};
use crate::record::{OpenRun, RunIdentity, end_run, take_up_run};

/// The tag that all runs of a search share.
pub const SEARCH_TAG: &str = "clickleaf.search";
/// The tag that says which trial a run is.
pub const TRIAL_TAG: &str = "clickleaf.trial";

/// MLflow's tag of nested runs.
const PARENT_TAG: &str = "mlflow.parentRunId";
/// Runs and metrics that are asked for or written at once.
const AT_ONCE: usize = 1000;

/// The runs of a search that isn't over.
pub(super) struct SearchRuns {
    registry: Registry,
    identity: RunIdentity,
    pub(super) parent: OpenRun,
    children: BTreeMap<u32, Run>,
}

impl SearchRuns {
    /// Starts the parent, or takes it up again with the children that are there.
    pub(super) async fn open(
        registry: &Registry,
        identity: &RunIdentity,
        search_id: &str,
    ) -> Result<Self, RegistryError> {
        let mut identity = identity.clone();
        identity.tags.push((SEARCH_TAG.to_owned(), search_id.to_owned()));
        let mut children = BTreeMap::new();
        let mut parent = None;
        for run in runs_of(registry, &identity.experiment_name, search_id).await? {
            match tag(&run, TRIAL_TAG).and_then(|trial| trial.parse().ok()) {
                Some(trial) => {
                    children.insert(trial, run);
                }
                None => parent = Some(run),
            }
        }
        let parent = match parent {
            Some(run) => OpenRun::take_up(registry, run).await?,
            None => OpenRun::start(registry, &identity, now_ms()).await?,
        };
        Ok(Self {
            registry: registry.clone(),
            identity,
            parent,
            children,
        })
    }

    /// Writes what is searched to the parent.
    pub(super) async fn describe(
        &mut self,
        recipe: &Recipe,
        ingested: &Ingested,
        search: &SearchConfig,
    ) -> Result<(), RegistryError> {
        self.parent.store_recipe(recipe).await?;
        let run_id = &self.parent.run().run_id;
        // The last that `log_data` writes.
        if self.registry.metric_history(run_id, "bad_rows").await?.is_empty() {
            self.parent.log_data(ingested).await?;
        }
        let params = [
            ("trials", search.trials.to_string()),
            ("search_seed", search.seed.to_string()),
            ("reduction", search.reduction.to_string()),
            ("min_rounds", search.min_rounds.to_string()),
        ];
        let own = params.map(|(name, value)| (name.to_owned(), value));
        let ranges = search.ranges.iter().map(|range| {
            let text = serde_json::to_string(&range.range).unwrap_or_default();
            (format!("range.{}", range.key), text)
        });
        self.parent
            .log_params(&own.into_iter().chain(ranges).collect())
            .await
    }

    /// A trial is about to be trained: its run is RUNNING.
    pub(super) async fn begin(
        &mut self,
        trial: u32,
        params: &BTreeMap<String, String>,
    ) -> Result<(), RegistryError> {
        let parent = self.parent.run();
        match self.children.get_mut(&trial) {
            Some(run) if run.status == RunStatus::Running => {}
            Some(run) => {
                take_up_run(&self.registry, run).await?;
                run.status = RunStatus::Running;
            }
            None => {
                let mut tags = self.identity.all_tags();
                tags.push((PARENT_TAG.to_owned(), parent.run_id.clone()));
                tags.push((TRIAL_TAG.to_owned(), trial.to_string()));
                let new = NewRun {
                    experiment_id: parent.experiment_id.clone(),
                    run_name: Some(format!("{}-trial-{trial}", parent.run_name)),
                    user_name: self.identity.user_name.clone(),
                    start_time_ms: now_ms(),
                    tags,
                };
                let run = self.registry.create_run(new).await?;
                self.children.insert(trial, run);
            }
        }
        let run_id = &self.children[&trial].run_id;
        let params: Vec<(String, String)> = params.clone().into_iter().collect();
        self.registry.log_batch(run_id, &[], &params, &[]).await
    }

    /// Adds the points of the trial's curves that its run doesn't have yet, and its result after each rung.
    pub(super) async fn log(&mut self, record: &TrialRecord) -> Result<(), RegistryError> {
        let known = !record.rungs.is_empty() || record.failure.is_some();
        let Some(run) = self.children.get(&record.trial).filter(|_| known) else {
            return Ok(());
        };
        let train = record.curve.iter().map(|(train, _)| *train);
        let validation = record.curve.iter().map(|(_, validation)| *validation);
        let rungs = record.rungs.iter();
        let best = rungs.map(|rung| (i64::from(rung.rounds), rung.validation_logloss));
        let curves: [(&str, Vec<(i64, f64)>); 3] = [
            ("train_logloss", (0..).zip(train).collect()),
            ("validation_logloss", (0..).zip(validation).collect()),
            ("best_validation_logloss", best.collect()),
        ];
        for (key, points) in curves {
            add_missing(&self.registry, &run.run_id, key, points).await?;
        }
        if let Some(reason) = &record.failure
            && run.status != RunStatus::Failed
        {
            let run_id = run.run_id.clone();
            end_run(&self.registry, &run_id, RunStatus::Failed, reason).await?;
            self.note(record.trial, RunStatus::Failed);
        }
        Ok(())
    }

    /// A trial goes no further.
    pub(super) async fn end(&mut self, trial: u32, status: RunStatus) -> Result<(), RegistryError> {
        match self.children.get(&trial) {
            Some(run) if run.status != status => {
                self.registry
                    .update_run(&run.run_id, status, Some(now_ms()))
                    .await?;
                self.note(trial, status);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Writes the result to the parent and ends it.
    pub(super) async fn finish(&mut self, finished: &Finished) -> Result<(), RegistryError> {
        self.parent.log_params(&finished.params()).await?;
        for (key, value) in finished.metrics() {
            let run_id = &self.parent.run().run_id;
            add_missing(&self.registry, run_id, &key, vec![(0, value)]).await?;
        }
        self.parent.finish().await
    }

    /// Ends all runs that haven't ended, because the search has to.
    pub(super) async fn interrupt(&mut self, status: RunStatus, reason: &str) -> Result<(), RegistryError> {
        let running = self
            .children
            .iter()
            .filter(|(_, run)| run.status == RunStatus::Running);
        for trial in running.map(|(trial, _)| *trial).collect::<Vec<_>>() {
            self.end(trial, status).await?;
        }
        let reason = format!("{reason}; the same command goes on");
        self.parent.end(status, &reason).await
    }

    fn note(&mut self, trial: u32, status: RunStatus) {
        if let Some(run) = self.children.get_mut(&trial) {
            run.status = status;
        }
    }
}

/// Writes those points of a metric whose steps it doesn't have.
async fn add_missing(
    registry: &Registry,
    run_id: &str,
    key: &str,
    points: Vec<(i64, f64)>,
) -> Result<(), RegistryError> {
    let known = registry.metric_history(run_id, key).await?;
    let known: BTreeSet<i64> = known.iter().map(|point| point.step).collect();
    let timestamp_ms = now_ms();
    let missing = points.into_iter().filter(|(step, _)| !known.contains(step));
    let missing: Vec<Metric> = missing
        .map(|(step, value)| Metric {
            key: key.to_owned(),
            value,
            step,
            timestamp_ms,
        })
        .collect();
    for points in missing.chunks(AT_ONCE) {
        registry.log_batch(run_id, points, &[], &[]).await?;
    }
    Ok(())
}

/// The runs that a search has in the registry.
async fn runs_of(registry: &Registry, experiment: &str, search_id: &str) -> Result<Vec<Run>, RegistryError> {
    let Some(experiment) = registry.experiment(experiment).await? else {
        return Ok(Vec::new());
    };
    let mut search = Search {
        filter: format!("tags.`{SEARCH_TAG}` = '{search_id}'"),
        limit: AT_ONCE as i64,
        ..Search::default()
    };
    let mut runs = Vec::new();
    loop {
        let page = registry
            .search_runs(std::slice::from_ref(&experiment.experiment_id), &search)
            .await?;
        search.offset += page.items.len() as i64;
        runs.extend(page.items);
        if !page.has_more {
            return Ok(runs);
        }
    }
}

fn tag<'a>(run: &'a Run, name: &str) -> Option<&'a str> {
    let tag = run.tags.iter().find(|(key, _)| key == name);
    tag.map(|(_, value)| value.as_str())
}
