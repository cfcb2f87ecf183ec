//! The worker of the training queue.

use std::time::Duration;

use anyhow::{Context, Result};
use registry::Actor;
use trainer::ingest::Data;
use trainer::pipeline::{EXPERIMENT_NAME, PipelineConfig};
use trainer::record::RunIdentity;
use trainer::source::Source;

use super::super::args::{QueueOfTables, WorkerArgs};
use super::super::signals;
use super::{check, connect, register_config, settings, tags, user};

/// Rows that a worker generates when nothing else is said.
const GENERATED_ROWS: u64 = 20_000;

pub(in crate::cli) async fn worker(args: Box<WorkerArgs>) -> Result<()> {
    let recipe = args.recipe.read()?;
    if recipe.gives("data", "schema") {
        return Err(QueueOfTables.into());
    }
    let settings = settings(&args.settings)?;
    let seed = args.seed.seed;
    let generated = |rows| Data::Generated {
        rows,
        seed: seed.unwrap_or(recipe.generator_seed()),
    };
    let data = match (&args.data[..], args.generate_rows, recipe.data()?) {
        ([], Some(rows), _) | ([], None, Some(Data::Generated { rows, .. })) => generated(rows),
        ([], None, Some(sources)) => sources,
        ([], None, None) => generated(GENERATED_ROWS),
        (sources, ..) => Data::Sources(sources.iter().map(|text| Source::parse(text)).collect()),
    };
    let identity = RunIdentity {
        experiment_name: recipe.experiment().unwrap_or(EXPERIMENT_NAME).to_owned(),
        run_name: None,
        user_name: user(),
        tags: tags(),
    };
    let defaults = PipelineConfig {
        data,
        bad_rows: recipe.bad_rows(),
        process: args.process.config(&recipe, seed, false)?,
        train: args.train.config(&recipe, seed)?,
        register: register_config(&args.settings, &settings, &recipe, identity)?,
        work_dir: None,
        keep_data: false,
        promote: None,
    };
    check(&defaults)?;
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
