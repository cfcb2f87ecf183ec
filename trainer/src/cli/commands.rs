//! One function a command.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::time::Duration;

use anyhow::{Context, Result};
use registry::{Actor, Registry, Secret};
use trainer::generate::Generator;
use trainer::ingest::{BadRowPolicy, Data};
use trainer::pipeline::{
    self, Inputs, MODEL_NAME, PipelineConfig, PipelineError, PipelineOutcome, Promotion, RegisterConfig,
};
use trainer::progress::TerminalProgress;
use trainer::record::{OpenRun, RunIdentity};
use trainer::source::Source;
use trainer::work_folder::WorkFolder;

use super::args::{
    GenerateArgs, IdentityArgs, IngestArgs, KeygenArgs, MigrateArgs, ProcessCommandArgs, PromoteArgs,
    PromotionArgs, RegisterArgs, RunArgs, Settings, SettingsArgs, TrainCommandArgs, WorkerArgs,
};
use super::signals;

/// Says which commit the program was built from, for the run's tags.
const COMMIT_VARIABLE: &str = "CLICKLEAF_GIT_COMMIT";

pub(super) async fn run(args: Box<RunArgs>) -> Result<()> {
    let settings = settings(&args.settings)?;
    let seed = args.seed.seed;
    let config = PipelineConfig {
        data: args.data.data(seed),
        bad_rows: args.data.bad_rows(),
        process: args.process.config(seed),
        train: args.train.config(seed),
        register: register_config(&settings, identity(&args.register))?,
        work_dir: args.work_dir,
        keep_data: args.keep_data,
        promote: promotion(&args.promote),
    };
    config
        .train
        .params
        .check()
        .map_err(|error| PipelineError::Train(error.into()))?;
    let registry = connect(&settings).await?;
    let cancel = signals::cancel_on_signal();
    let outcome = pipeline::run(&registry, &config, &TerminalProgress::new(), &cancel).await?;
    show(&outcome, args.output.json)
}

pub(super) async fn ingest(args: Box<IngestArgs>) -> Result<()> {
    let folder = open_folder(&args.folder.work_dir)?;
    let data = args.data.data(args.seed.seed);
    let remote =
        matches!(&data, Data::Sources(all) if all.iter().any(|source| matches!(source, Source::Url(_))));
    let registry = if remote {
        Some(connect(&settings(&args.settings)?).await?)
    } else {
        None
    };
    let cancel = signals::cancel_on_signal();
    let artifacts = registry.as_ref().map(Registry::artifacts);
    tokio::task::block_in_place(|| {
        folder.ingest(
            &data,
            args.data.bad_rows(),
            artifacts,
            &TerminalProgress::new(),
            &cancel,
        )
    })
    .map_err(PipelineError::from)?;
    Ok(())
}

pub(super) fn process(args: ProcessCommandArgs) -> Result<()> {
    let folder = open_folder(&args.folder.work_dir)?;
    let ingested = folder.ingested().map_err(PipelineError::from)?;
    let config = args.process.config(args.seed.seed);
    let cancel = signals::cancel_on_signal();
    tokio::task::block_in_place(|| folder.process(&ingested, &config, &TerminalProgress::new(), &cancel))
        .map_err(PipelineError::from)?;
    Ok(())
}

pub(super) fn train(args: TrainCommandArgs) -> Result<()> {
    let folder = open_folder(&args.folder.work_dir)?;
    let config = args.train.config(args.seed.seed);
    let cancel = signals::cancel_on_signal();
    tokio::task::block_in_place(|| {
        let ingested = folder.ingested()?;
        let (processed, process_config) = folder.processed(&ingested)?;
        folder.train(
            &ingested,
            (processed, &process_config),
            &config,
            &mut |_| (),
            &TerminalProgress::new(),
            &cancel,
        )?;
        Ok::<(), PipelineError>(())
    })?;
    Ok(())
}

pub(super) async fn register(args: Box<RegisterArgs>) -> Result<()> {
    let settings = settings(&args.settings)?;
    let config = register_config(&settings, identity(&args.register))?;
    let folder = open_folder(&args.folder.work_dir)?;
    let ingested = folder.ingested().map_err(PipelineError::from)?;
    let (processed, process_config, trained) = folder.trained(&ingested).map_err(PipelineError::from)?;
    let registry = connect(&settings).await?;
    let cancel = signals::cancel_on_signal();
    let progress = TerminalProgress::new();

    let mut open = OpenRun::start(&registry, &config.identity, trained.started_at_ms)
        .await
        .context("registry")?;
    let inputs = Inputs {
        ingested: &ingested,
        processed: &processed,
        trained: &trained,
        config: &process_config,
    };
    let registered = async {
        let rounds: Vec<_> = trained
            .curve
            .iter()
            .map(|round| (*round, trained.ended_at_ms))
            .collect();
        open.log_rounds(&rounds).await?;
        pipeline::register(&mut open, &inputs, &config, &progress, &cancel).await
    };
    let (version, metrics) = match registered.await {
        Ok(registered) => registered,
        Err(error) => return Err(pipeline::ended(&mut open, error).await.into()),
    };
    let version = match promotion(&args.promote) {
        Some(promotion) => pipeline::promote(&registry, &version, &promotion, &progress).await?,
        None => version,
    };
    show(&pipeline::outcome(version, metrics), args.output.json)
}

pub(super) async fn promote(args: Box<PromoteArgs>) -> Result<()> {
    let settings = settings(&args.settings)?;
    let registry = connect(&settings).await?;
    let model = settings.model.as_deref().unwrap_or(MODEL_NAME);
    let version = match args.version_number {
        Some(number) => registry.version(model, number).await?,
        None => registry.versions(model).await?.into_iter().next(),
    };
    let version = version.with_context(|| match args.version_number {
        Some(number) => format!("there is no version {number} of {model}"),
        None => format!("there is no version of {model}"),
    })?;
    let promotion = Promotion {
        actor: args.actor.unwrap_or_else(user),
        reason: args.reason,
    };
    let version = pipeline::promote(&registry, &version, &promotion, &TerminalProgress::new()).await?;
    let metrics = version
        .metrics
        .iter()
        .map(|metric| (metric.key.clone(), metric.value))
        .collect();
    show(&pipeline::outcome(version, metrics), args.output.json)
}

pub(super) fn generate(args: GenerateArgs) -> Result<()> {
    let (name, out): (String, Box<dyn Write>) = match &args.out {
        Some(path) => {
            let file = std::fs::File::create(path).with_context(|| path.display().to_string())?;
            (path.display().to_string(), Box::new(file))
        }
        None => ("standard output".to_owned(), Box::new(std::io::stdout())),
    };
    let mut out = BufWriter::new(out);
    for (_, row) in (0..args.rows).zip(Generator::new(args.seed.seed)) {
        writeln!(out, "{}", row.to_tsv()).with_context(|| name.clone())?;
    }
    out.flush().with_context(|| name)
}

pub(super) async fn worker(args: Box<WorkerArgs>) -> Result<()> {
    let settings = settings(&args.settings)?;
    let seed = args.seed.seed;
    let data = if args.data.is_empty() {
        Data::Generated {
            rows: args.generate_rows,
            seed,
        }
    } else {
        Data::Sources(args.data.iter().map(|text| Source::parse(text)).collect())
    };
    let identity = RunIdentity {
        experiment_name: pipeline::EXPERIMENT_NAME.to_owned(),
        run_name: None,
        user_name: user(),
        tags: tags(),
    };
    let defaults = PipelineConfig {
        data,
        bad_rows: BadRowPolicy::Fail,
        process: args.process.config(seed),
        train: args.train.config(seed),
        register: register_config(&settings, identity)?,
        work_dir: None,
        keep_data: false,
        promote: None,
    };
    defaults
        .train
        .params
        .check()
        .map_err(|error| PipelineError::Train(error.into()))?;
    let name = args.name.unwrap_or_else(|| {
        let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "worker".to_owned());
        format!("{host}-{}", std::process::id())
    });
    let registry = connect(&settings).await?.acting_as(Actor::worker(&name));
    tracing::info!(worker = %name, lease_seconds = args.lease_seconds, "waiting for training runs");
    let lease = Duration::from_secs(args.lease_seconds);
    trainer::worker::run(&registry, &name, lease, defaults, signals::shutdown())
        .await
        .context("training queue")
}

pub(super) fn keygen(args: KeygenArgs) -> Result<()> {
    let files = trainer::keys::generate(&args.out)?;
    let (signing, verification) = (files.signing_key.display(), files.verification_key.display());
    writeln!(
        std::io::stdout(),
        "signing key (secret): {signing}\nverification key: {verification}"
    )?;
    Ok(())
}

pub(super) async fn migrate(args: Box<MigrateArgs>) -> Result<()> {
    connect(&settings(&args.settings)?).await.map(|_| ())
}

fn settings(args: &SettingsArgs) -> Result<Settings> {
    Ok(registry::load_options(&args.settings, args.config.as_deref())?)
}

/// Connects and brings the tables up to date.
async fn connect(settings: &Settings) -> Result<Registry> {
    let config = settings.store.resolve()?;
    let registry = Registry::connect(&config).await.context("registry")?;
    registry.migrate().await.context("registry")?;
    Ok(registry.acting_as(Actor::command_line(&user())))
}

fn register_config(settings: &Settings, identity: RunIdentity) -> Result<RegisterConfig> {
    let key = settings.signing_key.as_ref().map(|path| {
        std::fs::read_to_string(path)
            .map(Secret::new)
            .with_context(|| format!("signing key {}", path.display()))
    });
    Ok(RegisterConfig {
        model_name: settings.model.clone().unwrap_or_else(|| MODEL_NAME.to_owned()),
        identity,
        max_bytes: settings.max_bytes,
        signing_key_pem: key.transpose()?,
        idempotency_key: None,
    })
}

fn identity(args: &IdentityArgs) -> RunIdentity {
    RunIdentity {
        experiment_name: args.experiment.clone(),
        run_name: args.run_name.clone(),
        user_name: user(),
        tags: tags(),
    }
}

fn tags() -> Vec<(String, String)> {
    let commit = std::env::var(COMMIT_VARIABLE)
        .ok()
        .filter(|commit| !commit.is_empty());
    commit
        .map(|commit| ("mlflow.source.git.commit".to_owned(), commit))
        .into_iter()
        .collect()
}

fn promotion(args: &PromotionArgs) -> Option<Promotion> {
    let actor = args.actor.clone().unwrap_or_else(user);
    args.promote.then(|| Promotion {
        actor,
        reason: args.reason.clone(),
    })
}

fn user() -> String {
    let name = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

fn open_folder(path: &std::path::Path) -> Result<WorkFolder> {
    Ok(WorkFolder::open(Some(path)).map_err(PipelineError::from)?)
}

fn show(outcome: &PipelineOutcome, json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(outcome)?)?;
        return Ok(());
    }
    writeln!(
        out,
        "{} version {} ({})",
        outcome.model_name, outcome.version, outcome.stage
    )?;
    writeln!(out, "  run      {} {}", outcome.run_name, outcome.run_id)?;
    writeln!(
        out,
        "  file     {}.leaf, {} bytes",
        outcome.model_sha256, outcome.model_bytes
    )?;
    writeln!(out, "  stored   {}", outcome.artifact_uri)?;
    let metrics: BTreeMap<_, _> = outcome.metrics.iter().collect();
    for (name, value) in metrics {
        writeln!(out, "  {name:34} {value:.6}")?;
    }
    Ok(())
}
