//! The steps of a run, one by one, in a work folder.

use anyhow::{Context, Result};
use registry::Registry;
use trainer::pipeline::{self, Inputs, PipelineError};
use trainer::progress::TerminalProgress;
use trainer::recipe::Recipe;
use trainer::record::OpenRun;
use trainer::source::Source;

use super::super::args::{IngestArgs, ProcessCommandArgs, RegisterArgs, TrainCommandArgs};
use super::super::signals;
use super::{connect, identity, open_folder, promotion, register_config, settings, show};

pub(in crate::cli) async fn ingest(args: Box<IngestArgs>) -> Result<()> {
    let folder = open_folder(&args.folder.work_dir)?;
    let recipe = args.recipe.read()?;
    let data = args.data.data(&recipe, args.seed.seed)?;
    let is_url = |source: &Source| matches!(source, Source::Url(_));
    let remote = data.sources().iter().any(is_url);
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
            args.data.bad_rows(&recipe),
            artifacts,
            &TerminalProgress::new(),
            &cancel,
        )
    })
    .map_err(PipelineError::from)?;
    Ok(())
}

pub(in crate::cli) fn process(args: ProcessCommandArgs) -> Result<()> {
    let folder = open_folder(&args.folder.work_dir)?;
    let ingested = folder.ingested().map_err(PipelineError::from)?;
    let is_table = ingested.rows.table.is_some();
    let config = args
        .process
        .config(&args.recipe.read()?, args.seed.seed, is_table)?;
    let cancel = signals::cancel_on_signal();
    tokio::task::block_in_place(|| folder.process(&ingested, &config, &TerminalProgress::new(), &cancel))
        .map_err(PipelineError::from)?;
    Ok(())
}

pub(in crate::cli) fn train(args: TrainCommandArgs) -> Result<()> {
    let folder = open_folder(&args.folder.work_dir)?;
    let config = args.train.config(&args.recipe.read()?, args.seed.seed)?;
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

pub(in crate::cli) async fn register(args: Box<RegisterArgs>) -> Result<()> {
    let settings = settings(&args.settings)?;
    let recipe = Recipe::default();
    let identity = identity(&args.register, &recipe);
    let config = register_config(&args.settings, &settings, &recipe, identity)?;
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
