//! The search for a better recipe.

use std::io::Write;

use anyhow::Result;
use trainer::pipeline::{PipelineConfig, PipelineError};
use trainer::progress::TerminalProgress;
use trainer::tune::{self, TuneConfig, TuneOutcome};

use super::super::args::TuneArgs;
use super::super::signals;
use super::{connect, identity, register_config, settings};

pub(in crate::cli) async fn tune(args: Box<TuneArgs>) -> Result<()> {
    let recipe = args.recipe.read()?;
    let settings = settings(&args.settings)?;
    let seed = args.seed.seed;
    let identity = identity(&args.register, &recipe);
    let base = PipelineConfig {
        data: args.data.data(&recipe, seed)?,
        bad_rows: args.data.bad_rows(&recipe),
        process: args.process.config(&recipe, seed)?,
        train: args.train.config(&recipe, seed)?,
        register: register_config(&args.settings, &settings, &recipe, identity)?,
        work_dir: None,
        keep_data: false,
        promote: None,
    };
    base.train
        .params
        .check()
        .map_err(|error| PipelineError::Train(error.into()))?;
    let config = TuneConfig {
        base,
        search: recipe.search(),
        work_dir: args.folder.work_dir,
    };
    let registry = connect(&settings).await?;
    let cancel = signals::cancel_on_signal();
    let outcome = tune::run(&registry, &config, &TerminalProgress::new(), &cancel).await?;
    show(&outcome, args.output.json)
}

fn show(outcome: &TuneOutcome, json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(outcome)?)?;
        return Ok(());
    }
    writeln!(
        out,
        "trial {} of {} is the best: validation logloss {:.6} after {} rounds",
        outcome.best_trial,
        outcome.trials,
        outcome.validation_logloss,
        outcome.best_iteration + 1
    )?;
    for (key, value) in &outcome.values {
        writeln!(out, "  {key:34} {value}")?;
    }
    writeln!(out, "  run      {}", outcome.run_id)?;
    writeln!(out, "  recipe   {}", outcome.recipe.display())?;
    Ok(())
}
