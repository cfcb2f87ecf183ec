//! `migrate`: brings the tables up to date.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::{output, settings::Settings};

/// Create the registry's tables or bring them up to date; safe to repeat
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(options: &Options) -> Result<ExitCode> {
    let registry = options.settings.connect().await?;
    registry
        .migrate()
        .await
        .context("can't bring the tables up to date")?;
    output::line("the registry's tables are up to date")?;
    Ok(ExitCode::SUCCESS)
}
