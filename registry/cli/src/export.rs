//! `export`: everything into a file that can be taken elsewhere.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::{output, progress, settings::Settings};

/// Write everything in the registry into one archive
///
/// The archive has every row of every table and every object of the artifacts bucket that one of them refers to, of one
/// moment. Files of versions are compared with what was recorded of them: a registry that is damaged isn't exported.
#[derive(Args)]
pub(crate) struct Options {
    /// The file to write, such as registry.tar.zst; it must not be there
    #[arg(value_name = "ARCHIVE")]
    archive: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(options: &Options) -> Result<ExitCode> {
    let registry = options.settings.connect().await?;
    let bar = progress::line();
    let shown = bar.clone();
    let summary = registry
        .export_archive(&options.archive, move |summary| {
            shown.set_message(progress::told(summary));
        })
        .await;
    bar.finish_and_clear();
    let summary = summary.context("can't export the registry")?;
    output::line(format_args!(
        "exported {} to {}",
        progress::told(&summary),
        options.archive.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
