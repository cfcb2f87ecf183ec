//! One function a command.

mod recipe;
mod steps;
mod tune;
mod worker;

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};

use anyhow::{Context, Result};
use registry::{Actor, Registry, Secret};
use trainer::generate::Generator;
use trainer::pipeline::{
    self, EXPERIMENT_NAME, MODEL_NAME, PipelineConfig, PipelineError, PipelineOutcome, Promotion,
    RegisterConfig,
};
use trainer::progress::TerminalProgress;
use trainer::recipe::Recipe;
use trainer::record::RunIdentity;
use trainer::train::{TrainConfig, TrainError};
use trainer::work_folder::WorkFolder;

pub(super) use recipe::recipe;
pub(super) use steps::{ingest, process, register, train};
pub(super) use tune::tune;
pub(super) use worker::worker;

use super::args::{
    GenerateArgs, IdentityArgs, KeygenArgs, MigrateArgs, PromoteArgs, PromotionArgs, RunArgs, Settings,
    SettingsArgs, TrainingArgs,
};
use super::signals;

/// Says which commit the program was built from, for the run's tags.
const COMMIT_VARIABLE: &str = "CLICKLEAF_GIT_COMMIT";

pub(super) async fn run(args: Box<RunArgs>) -> Result<()> {
    let settings = settings(&args.training.settings)?;
    let config = PipelineConfig {
        work_dir: args.work_dir,
        keep_data: args.keep_data,
        promote: promotion(&args.promote),
        ..training(&args.training, &settings)?.0
    };
    let registry = connect(&settings).await?;
    let cancel = signals::cancel_on_signal();
    let outcome = pipeline::run(&registry, &config, &TerminalProgress::new(), &cancel).await?;
    show(&outcome, args.output.json)
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
    for (_, row) in (0..args.rows).zip(Generator::new(args.seed.seed.unwrap_or(Recipe::default().seed()))) {
        writeln!(out, "{}", row.to_tsv()).with_context(|| name.clone())?;
    }
    out.flush().with_context(|| name)
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

/// What is to be done with these flags, and the recipe they win over.
fn training(args: &TrainingArgs, settings: &Settings) -> Result<(PipelineConfig, Recipe)> {
    let recipe = args.recipe.read()?;
    let seed = args.seed.seed;
    let identity = identity(&args.register, &recipe);
    let data = args.data.data(&recipe, seed)?;
    let is_table = data.is_table();
    let config = PipelineConfig {
        data,
        bad_rows: args.data.bad_rows(&recipe),
        process: args.process.config(&recipe, seed, is_table)?,
        train: args.train.config(&recipe, seed)?,
        register: register_config(&args.settings, settings, &recipe, identity)?,
        work_dir: None,
        keep_data: false,
        promote: None,
    };
    check(&config)?;
    Ok((config, recipe))
}

/// Refuses params that can't be before any work is done.
fn check(config: &PipelineConfig) -> Result<(), PipelineError> {
    let TrainConfig {
        params, calibration, ..
    } = &config.train;
    config.check()?;
    params.check().map_err(TrainError::from)?;
    calibration.check().map_err(TrainError::from)?;
    Ok(())
}

/// Flags and environment win over the recipe, and that over the settings file.
fn register_config(
    given: &SettingsArgs,
    settings: &Settings,
    recipe: &Recipe,
    identity: RunIdentity,
) -> Result<RegisterConfig> {
    let key = settings.signing_key.as_ref().map(|path| {
        std::fs::read_to_string(path)
            .map(Secret::new)
            .with_context(|| format!("signing key {}", path.display()))
    });
    let given = &given.settings;
    let model_name = given.model.as_deref().or(recipe.model_name());
    let model_name = model_name.or(settings.model.as_deref()).unwrap_or(MODEL_NAME);
    Ok(RegisterConfig {
        model_name: model_name.to_owned(),
        identity,
        max_bytes: given.max_bytes.or(recipe.max_bytes()).or(settings.max_bytes),
        signing_key_pem: key.transpose()?,
        idempotency_key: None,
    })
}

fn identity(args: &IdentityArgs, recipe: &Recipe) -> RunIdentity {
    let experiment = args.experiment.as_deref().or(recipe.experiment());
    RunIdentity {
        experiment_name: experiment.unwrap_or(EXPERIMENT_NAME).to_owned(),
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
