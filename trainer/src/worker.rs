//! Runs the pipeline for the training queue.
//!
//! Invariant: a queued run makes at most one version, whatever becomes of its workers: the queue's id is the version's
//! idempotency key, and an attempt that lost its lease ends without registering.

use std::sync::Arc;
use std::time::Duration;

use registry::{Job, JobError, ModelVersion, Registry, RegistryError, RunStatus, TrainingRequest};

use crate::cancel::CancelToken;
use crate::error_chain;
use crate::ingest::Data;
use crate::pipeline::{self, PipelineConfig, PipelineError, Promotion};
use crate::progress::{NoProgress, QueueProgress};
use crate::record::end_run;
use crate::source::Source;
use crate::split::SplitAt;
use crate::train::{TrainConfig, TrainParams};

/// The tag that ties a run of the registry to the queued run.
pub const TRAINING_RUN_TAG: &str = "clickleaf.training_run_id";

/// Takes runs from the queue until `shutdown`; then the one under way is stopped and goes back to the queue.
///
/// `defaults` is what a request leaves open; a request's `data` may only name `https://` and `s3://` sources. Needs
/// a multi-threaded tokio runtime.
pub async fn run(
    registry: &Registry,
    worker_name: &str,
    lease: Duration,
    defaults: PipelineConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RegistryError> {
    let defaults = Arc::new(defaults);
    let handler = |job: Job| {
        let (registry, defaults) = (registry.clone(), Arc::clone(&defaults));
        async move {
            // A task of its own: the pipeline blocks its thread, and the heartbeat must not wait for it.
            let attempt = tokio::spawn(async move { attempt(&registry, &defaults, job).await });
            match attempt.await {
                Ok(result) => result,
                Err(error) => Err(JobError::Permanent(format!("the pipeline panicked: {error}"))),
            }
        }
    };
    registry
        .queue()
        .run_worker(worker_name, lease, handler, shutdown)
        .await
}

async fn attempt(registry: &Registry, defaults: &PipelineConfig, job: Job) -> Result<i64, JobError> {
    let id = job.training_run_id.clone();
    tracing::info!(training_run_id = %id, attempt = job.attempt, "taking a training run up");
    let config = config_of(&job.request, defaults, &id).map_err(JobError::Permanent)?;
    let earlier = settle_earlier_attempt(registry, &config, &id)
        .await
        .map_err(|e| transient(&e))?;
    if let Some(version) = earlier {
        return promoted(registry, &config, version).await;
    }
    let cancel = CancelToken::new();
    let progress = QueueProgress::new(job.clone(), cancel.clone());
    let stop = tokio::spawn({
        let cancel = cancel.clone();
        async move {
            job.stopped().await;
            cancel.cancel();
        }
    });
    let result = pipeline::run(registry, &config, &progress, &cancel).await;
    stop.abort();
    match result {
        Ok(outcome) => Ok(outcome.version),
        Err(error) => {
            tracing::error!(training_run_id = %id, error = %error_chain(&error), "the training run failed");
            Err(match error {
                PipelineError::Cancelled(_) => JobError::Interrupted,
                error if error.is_transient() => transient(&error),
                error => JobError::Permanent(error_chain(&error)),
            })
        }
    }
}

/// What a dead attempt left: the version, if it came to register one; otherwise its run is marked FAILED.
async fn settle_earlier_attempt(
    registry: &Registry,
    config: &PipelineConfig,
    training_run_id: &str,
) -> Result<Option<ModelVersion>, RegistryError> {
    let queued = registry.queue().training_run(training_run_id).await?;
    let Some(run_id) = queued.and_then(|queued| queued.run_id) else {
        return Ok(None);
    };
    let versions = registry.versions(&config.register.model_name).await?;
    if let Some(version) = versions.into_iter().find(|version| version.run_id == run_id) {
        return Ok(Some(version));
    }
    let dead = registry.run(&run_id).await?;
    // A run is FINISHED a moment before its version is registered, so that doesn't mean it has one.
    if dead.is_some_and(|run| matches!(run.status, RunStatus::Running | RunStatus::Finished)) {
        let reason = "its worker died; another attempt has taken the training run up";
        end_run(registry, &run_id, RunStatus::Failed, reason).await?;
    }
    Ok(None)
}

/// Promotes what an earlier attempt registered but may not have promoted any more.
async fn promoted(
    registry: &Registry,
    config: &PipelineConfig,
    version: ModelVersion,
) -> Result<i64, JobError> {
    let number = version.version;
    if let Some(promotion) = &config.promote {
        let transitions = registry
            .transitions(&version.model_name)
            .await
            .map_err(|e| transient(&e))?;
        if !transitions.iter().any(|transition| transition.version == number) {
            pipeline::promote(registry, &version, promotion, &NoProgress)
                .await
                .map_err(|e| transient(&e))?;
        }
    }
    Ok(number)
}

/// The pipeline that a request asks for.
fn config_of(
    request: &TrainingRequest,
    defaults: &PipelineConfig,
    training_run_id: &str,
) -> Result<PipelineConfig, String> {
    let mut config = defaults.clone();
    if let Some(engine) = request.engine.filter(|engine| *engine != config.train.engine) {
        let seed = config.train.params.seed;
        config.train = TrainConfig {
            engine,
            params: TrainParams {
                seed,
                ..TrainParams::for_engine(engine)
            },
            calibration: config.train.calibration,
        };
    }
    if let Some(seed) = request.seed {
        config.process.seed = seed;
        config.train.params.seed = seed;
        if let Data::Generated {
            seed: generator_seed, ..
        } = &mut config.data
        {
            *generator_seed = seed;
        }
    }
    if let Some(rows) = request.generate_rows {
        config.data = Data::Generated {
            rows,
            seed: config.train.params.seed,
        };
    } else if !request.data.is_empty() {
        config.data = Data::Sources(
            request
                .data
                .iter()
                .map(|text| remote_source(text))
                .collect::<Result<_, _>>()?,
        );
    }
    if request.generate_rows.is_some() || !request.data.is_empty() {
        // Rows that are counted are the worker's own.
        if matches!(config.process.split, SplitAt::Rows { .. }) {
            config.process.split = SplitAt::default();
        }
    }
    if let Some(rounds) = request.max_rounds {
        config.train.params.rounds = rounds;
    }
    config.register.max_bytes = request.max_bytes.or(config.register.max_bytes);
    config.train.params.check().map_err(|error| error.to_string())?;
    config.promote = request.promote.then(|| Promotion {
        actor: "worker".to_owned(),
        reason: format!("asked for by training run {training_run_id}"),
    });
    config.register.idempotency_key = Some(training_run_id.to_owned());
    config
        .register
        .identity
        .tags
        .push((TRAINING_RUN_TAG.to_owned(), training_run_id.to_owned()));
    Ok(config)
}

/// A queue's request must not read the worker's files.
fn remote_source(text: &str) -> Result<Source, String> {
    let remote = text.starts_with("https://") || text.starts_with("s3://");
    let source = Source::parse(text);
    if remote {
        Ok(source)
    } else {
        Err(format!(
            "source {}: only https:// and s3:// are read",
            source.name()
        ))
    }
}

fn transient(error: &(dyn std::error::Error + 'static)) -> JobError {
    JobError::Transient(error_chain(error))
}
