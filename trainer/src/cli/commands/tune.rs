//! The search for a better recipe.

use std::io::Write;

use anyhow::Result;
use trainer::progress::TerminalProgress;
use trainer::tune::{self, TuneConfig, TuneOutcome};

use super::super::args::TuneArgs;
use super::super::signals;
use super::{connect, settings, training};

pub(in crate::cli) async fn tune(args: Box<TuneArgs>) -> Result<()> {
    let settings = settings(&args.training.settings)?;
    let (base, recipe) = training(&args.training, &settings)?;
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
