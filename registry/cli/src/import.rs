//! `import`: takes what was exported in.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::{output, progress, settings::Settings};

/// Take an archive into an empty registry, on any kind of database and store
///
/// All of it or, when something is wrong, nothing. Ids, times, provenance and history stay as they are.
#[derive(Args)]
pub(crate) struct Options {
    /// The file that `export` wrote
    #[arg(value_name = "ARCHIVE")]
    archive: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(options: &Options) -> Result<ExitCode> {
    let registry = options.settings.connect().await?;
    registry
        .migrate()
        .await
        .context("can't bring the tables up to date")?;
    let bar = progress::line();
    let shown = bar.clone();
    let summary = registry
        .import_archive(&options.archive, move |summary| {
            shown.set_message(progress::told(summary));
        })
        .await;
    bar.finish_and_clear();
    let summary = summary.context("can't import the archive")?;
    output::line(format_args!("imported {}", progress::told(&summary)))?;
    Ok(ExitCode::SUCCESS)
}
