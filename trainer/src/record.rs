//! A run of the registry while the pipeline works on it: its params, curves, artifacts, log and end.

mod files;

use std::collections::BTreeMap;

use registry::{
    Bucket, Dataset, Metric, ModelVersion, NewRun, NewVersion, Registry, RegistryError, Run, RunStatus,
    VersionFile,
};

use crate::export::{Exported, ModelDirectory};
use crate::ingest::Ingested;
use crate::now_ms;
use crate::train::{Round, Trained};

use files::log_key;
pub use files::{RECIPE_FILE, RECIPE_TAG, SCHEMA_FILE};

/// The tag that says why a run made no version.
const END_REASON_TAG: &str = "clickleaf.end_reason";

/// Metrics that the registry takes in one batch.
const METRICS_AT_ONCE: usize = 1000;

/// What a new run is called and who started it.
#[derive(Clone, Debug)]
pub struct RunIdentity {
    /// The experiment; made when it isn't there.
    pub experiment_name: String,
    /// The run's name; a nickname when absent.
    pub run_name: Option<String>,
    /// Who started it.
    pub user_name: String,
    /// More tags.
    pub tags: Vec<(String, String)>,
}

impl RunIdentity {
    /// Its tags, and those by which MLflow knows user and program.
    pub(crate) fn all_tags(&self) -> Vec<(String, String)> {
        let known = [
            ("mlflow.user", self.user_name.as_str()),
            ("mlflow.source.name", "clickleaf-trainer"),
            ("mlflow.source.type", "LOCAL"),
        ];
        let known = known.map(|(key, value)| (key.to_owned(), value.to_owned()));
        self.tags.iter().cloned().chain(known).collect()
    }
}

/// A run that hasn't ended.
pub struct OpenRun {
    registry: Registry,
    run: Run,
    log: String,
}

impl OpenRun {
    /// Starts a run.
    pub async fn start(
        registry: &Registry,
        identity: &RunIdentity,
        start_time_ms: i64,
    ) -> Result<Self, RegistryError> {
        let experiment = registry
            .get_or_create_experiment(&identity.experiment_name)
            .await?;
        let run = registry
            .create_run(NewRun {
                experiment_id: experiment.experiment_id,
                run_name: identity.run_name.clone(),
                user_name: identity.user_name.clone(),
                start_time_ms,
                tags: identity.all_tags(),
            })
            .await?;
        let mut open = Self {
            registry: registry.clone(),
            run,
            log: String::new(),
        };
        open.log(&format!(
            "run {} ({}) started",
            open.run.run_name, open.run.run_id
        ));
        Ok(open)
    }

    /// Goes on with a run that was interrupted, and with its log.
    pub async fn take_up(registry: &Registry, run: Run) -> Result<Self, RegistryError> {
        let earlier = registry.artifacts().get(Bucket::Logs, &log_key(&run)).await?;
        let mut open = Self {
            registry: registry.clone(),
            run,
            log: earlier.map_or_else(String::new, |bytes| String::from_utf8_lossy(&bytes).into_owned()),
        };
        take_up_run(registry, &open.run).await?;
        open.log("taken up again");
        Ok(open)
    }

    /// The run as it was when it started.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Adds a line to the run's log, which goes to the logs bucket when the run ends.
    pub fn log(&mut self, line: &str) {
        tracing::info!(run_id = %self.run.run_id, "{line}");
        self.log += &format!("{} {line}\n", now_ms());
    }

    /// Writes the data set and what was left out of it.
    pub async fn log_data(&mut self, ingested: &Ingested) -> Result<(), RegistryError> {
        let dataset = Dataset {
            name: ingested.dataset_name.clone(),
            digest: ingested.rows.digest.clone(),
            source_type: ingested.source_type.clone(),
            source: ingested.source.clone(),
            rows: ingested.rows.rows as i64,
            ..Dataset::default()
        };
        self.log(&format!(
            "{} rows from {}, sha256 {}",
            dataset.rows, dataset.source, dataset.digest
        ));
        if ingested.bad_rows.total > 0 {
            self.log(&ingested.bad_rows.to_string());
        }
        self.registry.log_input(&self.run.run_id, &dataset).await?;
        self.log_metrics(&[("bad_rows".to_owned(), ingested.bad_rows.total as f64)].into())
            .await
    }

    /// Writes params.
    pub async fn log_params(&mut self, params: &BTreeMap<String, String>) -> Result<(), RegistryError> {
        let params: Vec<(String, String)> = params.clone().into_iter().collect();
        self.registry.log_batch(&self.run.run_id, &[], &params, &[]).await
    }

    /// Writes final metrics.
    pub async fn log_metrics(&mut self, metrics: &BTreeMap<String, f64>) -> Result<(), RegistryError> {
        let timestamp_ms = now_ms();
        let metrics: Vec<Metric> = metrics
            .iter()
            .map(|(key, value)| Metric {
                key: key.clone(),
                value: *value,
                step: 0,
                timestamp_ms,
            })
            .collect();
        self.registry
            .log_batch(&self.run.run_id, &metrics, &[], &[])
            .await
    }

    /// Writes points of the learning curves.
    pub async fn log_rounds(&mut self, rounds: &[(Round, i64)]) -> Result<(), RegistryError> {
        if rounds.is_empty() {
            return Ok(());
        }
        let mut points = Vec::with_capacity(2 * rounds.len());
        for (round, timestamp_ms) in rounds {
            let values = [
                ("train_logloss", round.train_logloss),
                ("validation_logloss", round.validation_logloss),
            ];
            points.extend(values.map(|(key, value)| Metric {
                key: key.to_owned(),
                value,
                step: i64::from(round.round),
                timestamp_ms: *timestamp_ms,
            }));
            self.log += &format!(
                "{timestamp_ms} round {} train_logloss {:.6} validation_logloss {:.6}\n",
                round.round, round.train_logloss, round.validation_logloss
            );
        }
        for points in points.chunks(METRICS_AT_ONCE) {
            self.registry
                .log_batch(&self.run.run_id, points, &[], &[])
                .await?;
        }
        Ok(())
    }

    /// Marks the run FINISHED, then registers its version. Where a version with this key is there already, that
    /// one is returned and this run is KILLED instead.
    pub async fn register(
        &mut self,
        ingested: &Ingested,
        trained: &Trained,
        exported: &Exported,
        directory: &ModelDirectory,
        idempotency_key: Option<&str>,
    ) -> Result<ModelVersion, RegistryError> {
        let provenance = exported.model.provenance();
        self.log(&format!(
            "{} rounds by {}",
            trained.curve.len(),
            trained.engine_version
        ));
        self.store_log().await?;
        self.registry
            .update_run(&self.run.run_id, RunStatus::Finished, Some(now_ms()))
            .await?;
        let version = self
            .registry
            .create_version(NewVersion {
                model_name: provenance.model_name.clone(),
                run_id: self.run.run_id.clone(),
                source: self.model_uri(),
                model_file: directory.model_file.clone(),
                model_sha256: exported.sha256.clone(),
                model_bytes: exported.bytes.len() as i64,
                booster_sha256: provenance.booster_sha256.clone(),
                dataset_name: ingested.dataset_name.clone(),
                dataset_digest: ingested.rows.digest.clone(),
                trained_at_ms: provenance.trained_at_ms,
                bundle_file: directory.bundle_file.clone(),
                files: directory.files.iter().map(version_file).collect(),
                idempotency_key: idempotency_key.map(str::to_owned),
            })
            .await?;
        if version.run_id != self.run.run_id {
            let reason = format!(
                "run {} has registered version {} already",
                version.run_id, version.version
            );
            self.end(RunStatus::Killed, &reason).await?;
        }
        Ok(version)
    }

    /// Ends a run that did its work without making a version.
    pub async fn finish(&mut self) -> Result<(), RegistryError> {
        self.store_log().await?;
        self.registry
            .update_run(&self.run.run_id, RunStatus::Finished, Some(now_ms()))
            .await
    }

    /// Ends a run that makes no version, and says why.
    pub async fn end(&mut self, status: RunStatus, reason: &str) -> Result<(), RegistryError> {
        self.log(&format!("{}: {reason}", status.as_str()));
        if let Err(error) = self.store_log().await {
            tracing::warn!(error = %crate::error_chain(&error), "the run's log was not stored");
        }
        end_run(&self.registry, &self.run.run_id, status, reason).await
    }
}

/// Ends a run without a version and tags it with the reason.
pub async fn end_run(
    registry: &Registry,
    run_id: &str,
    status: RunStatus,
    reason: &str,
) -> Result<(), RegistryError> {
    let reason: String = reason.chars().take(1000).collect();
    registry
        .log_batch(run_id, &[], &[], &[(END_REASON_TAG.to_owned(), reason)])
        .await?;
    registry.update_run(run_id, status, Some(now_ms())).await
}

/// Marks a run that had ended as RUNNING again.
pub async fn take_up_run(registry: &Registry, run: &Run) -> Result<(), RegistryError> {
    if run.tags.iter().any(|(key, _)| key == END_REASON_TAG) {
        registry.delete_tag(&run.run_id, END_REASON_TAG).await?;
    }
    registry.update_run(&run.run_id, RunStatus::Running, None).await
}

fn version_file(file: &crate::export::ModelFile) -> VersionFile {
    VersionFile {
        path: file.name.clone(),
        sha256: model_export::sha256_hex(&file.bytes),
        bytes: file.bytes.len() as i64,
    }
}
