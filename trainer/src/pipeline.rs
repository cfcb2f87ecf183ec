//! The straight line: rows to a registered, promoted version.
//!
//! Invariant: a run ends FINISHED with its version, or FAILED or KILLED without one.

mod error;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use model_export::{Provenance, sha256_hex};
use registry::{Bucket, ModelVersion, Registry, RunStatus, Stage};
use serde::Serialize;
use tokio::task::block_in_place;

pub use error::PipelineError;

use crate::cancel::{CancelToken, Cancelled};
use crate::crosses::Crosses;
use crate::error_chain;
use crate::evaluation_report::{self, EvaluationReportError};
use crate::export::{ExportError, ModelDirectory, export};
use crate::ingest::{BadRowPolicy, Data, Ingested};
use crate::now_ms;
use crate::process::{ProcessConfig, ProcessError, Processed, joined};
use crate::progress::{Progress, Step};
use crate::recipe::Recipe;
use crate::record::{OpenRun, RunIdentity, SCHEMA_FILE};
use crate::train::{Round, TrainConfig, Trained};
use crate::work_folder::{WorkFolder, WorkFolderError};

/// The registered model's name.
pub const MODEL_NAME: &str = "criteo_ctr_model";
/// The experiment's name.
pub const EXPERIMENT_NAME: &str = "criteo_ctr";

/// Points of the learning curves wait at most this long before they are written.
const LOG_EVERY: Duration = Duration::from_secs(1);

/// What a run does.
#[derive(Clone, Debug)]
pub struct PipelineConfig {
    /// The rows.
    pub data: Data,
    /// What happens to bad ones.
    pub bad_rows: BadRowPolicy,
    /// Split and encoder.
    pub process: ProcessConfig,
    /// Engine and params.
    pub train: TrainConfig,
    /// How the version is registered.
    pub register: RegisterConfig,
    /// Keeps intermediate files here; a temporary folder that goes away when absent.
    pub work_dir: Option<PathBuf>,
    /// Stores the rows, as zstd-compressed TSV, in the data bucket.
    pub keep_data: bool,
    /// Puts the version into Production.
    pub promote: Option<Promotion>,
}

impl PipelineConfig {
    /// Refuses what can't be done with rows of a table, before any work is done.
    pub fn check(&self) -> Result<(), PipelineError> {
        if self.data.is_table() && self.register.max_bytes.is_some() {
            return Err(PipelineError::Export(ExportError::BudgetOfTable));
        }
        let crosses = !matches!(self.process.crosses, Crosses::None | Crosses::Count(0));
        if self.data.is_table() && crosses {
            return Err(PipelineError::Process(ProcessError::TableCrosses));
        }
        Ok(())
    }

    /// Engine and params, without a refit when a budget has to be judged on the early-stopping rows.
    fn training(&self) -> TrainConfig {
        let mut train = self.train.clone();
        train.params.refit &= self.register.max_bytes.is_none();
        train
    }
}

/// How a version is registered.
#[derive(Clone, Debug)]
pub struct RegisterConfig {
    /// The registered model.
    pub model_name: String,
    /// Experiment, run name, user, tags.
    pub identity: RunIdentity,
    /// Most bytes that the file may have as served: the fewer of its own and of its brotli form's.
    pub max_bytes: Option<u64>,
    /// PKCS#8 PEM of a P-256 key; unsigned when absent.
    pub signing_key_pem: Option<registry::Secret>,
    /// At most one version is made for this key.
    pub idempotency_key: Option<String>,
}

/// Who puts a version into Production, and why.
#[derive(Clone, Debug)]
pub struct Promotion {
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
}

/// What a run made.
#[derive(Clone, Debug, Serialize)]
pub struct PipelineOutcome {
    /// The run, 32 hexadecimal digits.
    pub run_id: String,
    /// Its nickname.
    pub run_name: String,
    /// The registered model.
    pub model_name: String,
    /// The version.
    pub version: i64,
    /// The version's stage.
    pub stage: String,
    /// The compact file's digest.
    pub model_sha256: String,
    /// The compact file's size.
    pub model_bytes: i64,
    /// Where the model directory lies.
    pub artifact_uri: String,
    /// The data set's digest.
    pub dataset_digest: String,
    /// The run's final metrics.
    pub metrics: BTreeMap<String, f64>,
}

/// Runs the whole pipeline. Needs a multi-threaded tokio runtime: the steps block.
pub async fn run(
    registry: &Registry,
    config: &PipelineConfig,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<PipelineOutcome, PipelineError> {
    config.check()?;
    let folder = WorkFolder::open(config.work_dir.as_deref())?;
    let mut open = OpenRun::start(registry, &config.register.identity, now_ms()).await?;
    let steps = async {
        progress_hold(progress, open.run().run_id.clone())?;
        open.store_recipe(&Recipe::of(config)?).await?;
        let ingested = block_in_place(|| {
            folder.ingest(
                &config.data,
                config.bad_rows,
                Some(registry.artifacts()),
                progress,
                cancel,
            )
        })?;
        if config.keep_data {
            keep_data(registry, &ingested, &mut open).await?;
        }
        let processed = block_in_place(|| folder.process(&ingested, &config.process, progress, cancel))?;
        let rows = (&ingested, processed, &config.process);
        let (processed, trained) =
            train_logged(&folder, rows, &config.training(), &mut open, progress, cancel).await?;
        let inputs = Inputs {
            ingested: &ingested,
            processed: &processed,
            trained: &trained,
            config: &config.process,
        };
        register(&mut open, &inputs, &config.register, progress, cancel).await
    };
    let result = steps.await;
    let (version, metrics) = match result {
        Ok(registered) => registered,
        Err(error) => return Err(ended(&mut open, error).await),
    };
    let version = match &config.promote {
        Some(promotion) => promote(registry, &version, promotion, progress).await?,
        None => version,
    };
    Ok(outcome(version, metrics))
}

/// What [`register`] makes a version of.
pub struct Inputs<'a> {
    /// The rows.
    pub ingested: &'a Ingested,
    /// The encoded rows and the encoder.
    pub processed: &'a Processed,
    /// The booster.
    pub trained: &'a Trained,
    /// How the rows were processed.
    pub config: &'a ProcessConfig,
}

/// Exports a booster and registers it as the open run's version; the learning curves are written already. After an
/// error the run is still open: pass the error to [`ended`].
pub async fn register(
    open: &mut OpenRun,
    inputs: &Inputs<'_>,
    config: &RegisterConfig,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<(ModelVersion, BTreeMap<String, f64>), PipelineError> {
    let Inputs {
        ingested,
        processed,
        trained,
        ..
    } = inputs;
    let params = params(inputs);
    open.log_data(ingested).await?;
    if let Some(schema) = &ingested.schema {
        open.store_file(SCHEMA_FILE, schema.clone().into_bytes()).await?;
    }
    open.log_params(&params).await?;
    let provenance = Provenance {
        model_name: config.model_name.clone(),
        experiment_name: config.identity.experiment_name.clone(),
        run_id: open.run().run_id.clone(),
        run_name: open.run().run_name.clone(),
        artifact_uri: open.model_uri(),
        booster_sha256: sha256_hex(&trained.booster),
        dataset_name: ingested.dataset_name.clone(),
        dataset_digest: ingested.rows.digest.clone(),
        training_rows: processed.fitted_rows,
        trained_at_ms: trained.ended_at_ms,
        engine: trained.engine_version.clone(),
        trainer_version: env!("CARGO_PKG_VERSION").to_owned(),
        params,
        metrics: BTreeMap::new(),
    };
    let max_bytes = config.max_bytes;
    let exported = block_in_place(|| {
        export(
            ingested, processed, trained, provenance, max_bytes, progress, cancel,
        )
    })
    .map_err(PipelineError::from)?;
    let report = block_in_place(|| evaluation_report::report(inputs, &exported, cancel))?;
    let report_page = report::page(&report).map_err(EvaluationReportError::from)?;
    let signing_key = config.signing_key_pem.as_ref().map(registry::Secret::expose);
    let directory = ModelDirectory::new(&exported, trained, signing_key)?;

    block_in_place(|| progress.start(Step::Register, None));
    let mut metrics = exported.metrics.named("test_");
    metrics.extend(trained.calibrated.metrics());
    metrics.insert("best_iteration".to_owned(), f64::from(trained.best_iteration));
    metrics.insert("trees".to_owned(), exported.model.ensemble().trees() as f64);
    metrics.insert(
        "best_validation_logloss".to_owned(),
        trained.best().validation_logloss,
    );
    if let Some(budget) = &exported.budget {
        open.log(&budget.to_string());
        open.log_params(&budget.params()).await?;
        metrics.extend(budget.metrics());
    }
    if let Some(oracle) = &exported.oracle {
        metrics.insert("oracle_auc".to_owned(), oracle.auc);
        metrics.insert("oracle_logloss".to_owned(), oracle.logloss);
    }
    open.log_metrics(&metrics).await?;
    open.store_model(&directory).await?;
    open.store_report(&report, report_page).await?;
    cancel.check()?;
    progress_hold(progress, open.run().run_id.clone())?;
    let key = config.idempotency_key.as_deref();
    let version = open
        .register(ingested, trained, &exported, &directory, key)
        .await?;
    let message = format!(
        "{} version {} from run {}",
        version.model_name, version.version, version.run_name
    );
    block_in_place(|| progress.finish(&message));
    Ok((version, metrics))
}

/// Marks the open run KILLED or FAILED after this error, and hands the error back.
pub async fn ended(open: &mut OpenRun, error: PipelineError) -> PipelineError {
    let status = if error.is_cancelled() {
        RunStatus::Killed
    } else {
        RunStatus::Failed
    };
    if let Err(second) = open.end(status, &error_chain(&error)).await {
        tracing::error!(error = %error_chain(&second), run_id = open.run().run_id, "the run's end was not recorded");
    }
    error
}

/// Puts a version into Production.
pub async fn promote(
    registry: &Registry,
    version: &ModelVersion,
    promotion: &Promotion,
    progress: &dyn Progress,
) -> Result<ModelVersion, PipelineError> {
    block_in_place(|| progress.start(Step::Promote, None));
    let (name, number) = (version.model_name.as_str(), version.version);
    registry
        .transition(
            name,
            number,
            Stage::Production,
            &promotion.actor,
            &promotion.reason,
        )
        .await?;
    block_in_place(|| progress.finish(&format!("{name} version {number} is in Production")));
    Ok(registry
        .version(name, number)
        .await?
        .unwrap_or_else(|| version.clone()))
}

/// The outcome of a run with this version and these final metrics.
pub fn outcome(version: ModelVersion, metrics: BTreeMap<String, f64>) -> PipelineOutcome {
    PipelineOutcome {
        run_id: version.run_id,
        run_name: version.run_name,
        model_name: version.model_name,
        version: version.version,
        stage: version.stage.as_str().to_owned(),
        model_sha256: version.model_sha256,
        model_bytes: version.model_bytes,
        artifact_uri: version.artifact_uri,
        dataset_digest: version.dataset_digest,
        metrics,
    }
}

/// Trains, and writes the learning curves while training goes on.
async fn train_logged(
    folder: &WorkFolder,
    (ingested, processed, process_config): (&Ingested, Processed, &ProcessConfig),
    config: &TrainConfig,
    open: &mut OpenRun,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<(Processed, Trained), PipelineError> {
    let runtime = tokio::runtime::Handle::current();
    let mut waiting: Vec<(Round, i64)> = Vec::new();
    let mut last_write = Instant::now();
    let mut failure = None;
    let trained = block_in_place(|| {
        let mut on_round = |round| {
            waiting.push((round, now_ms()));
            if last_write.elapsed() >= LOG_EVERY && failure.is_none() {
                failure = runtime
                    .block_on(open.log_rounds(&std::mem::take(&mut waiting)))
                    .err();
                last_write = Instant::now();
            }
        };
        let rows = (processed, process_config);
        folder.train(ingested, rows, config, &mut on_round, progress, cancel)
    });
    if let Some(error) = failure {
        return Err(error.into());
    }
    open.log_rounds(&waiting).await?;
    Ok(trained?)
}

/// Everything that was decided, as the run and the file record it.
fn params(inputs: &Inputs<'_>) -> BTreeMap<String, String> {
    let Inputs {
        processed,
        trained,
        config,
        ..
    } = inputs;
    let mut params = trained.params.clone();
    params.extend(trained.calibrated.params());
    for (name, value) in [
        ("engine", crate::train::engine_name(trained.engine).to_owned()),
        ("stop_from", (processed.split.stop.start + 1).to_string()),
        ("test_from", (processed.split.test.start + 1).to_string()),
        ("prior_weight", config.prior_weight.to_string()),
        ("min_count", config.min_count.to_string()),
        ("folds", config.folds.to_string()),
        ("fold_seed", config.seed.to_string()),
    ] {
        params.insert(name.to_owned(), value);
    }
    let crosses = &processed.encoder.encoder().config().crosses;
    if !crosses.is_empty() {
        params.insert("crosses".to_owned(), joined(crosses));
    }
    params
}

/// Stores the canonical rows in the data bucket, under their digest.
async fn keep_data(
    registry: &Registry,
    ingested: &Ingested,
    open: &mut OpenRun,
) -> Result<(), PipelineError> {
    let path = ingested.rows.path.clone();
    let compressed =
        block_in_place(|| crate::work_folder::compressed_tsv(&ingested.rows)).map_err(|source| {
            WorkFolderError::File {
                path: path.display().to_string(),
                source,
            }
        })?;
    let key = format!("{}/{}.tsv.zst", ingested.dataset_name, ingested.rows.digest);
    let stored = registry
        .artifacts()
        .put(Bucket::Data, &key, compressed.into())
        .await?;
    open.log(&format!("stored the rows as {}", stored.uri));
    Ok(())
}

fn progress_hold(progress: &dyn Progress, run_id: String) -> Result<(), Cancelled> {
    block_in_place(|| progress.hold(&run_id))
}
