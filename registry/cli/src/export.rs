//! `export`: everything into a file that can be taken elsewhere.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use registry::{archive::Summary, mlflow::MlflowExport};

use crate::{output, progress, settings::Settings};

/// Write everything in the registry into one archive, or into a folder that MLflow opens
///
/// An archive has every row of every table and every object of the artifacts bucket that one of them refers to, of one
/// moment. Files of versions are compared with what was recorded of them: a registry that is damaged isn't exported.
#[derive(Args)]
pub(crate) struct Options {
    /// The file to write, such as registry.tar.zst; it must not be there
    #[arg(
        value_name = "ARCHIVE",
        required_unless_present = "mlflow",
        conflicts_with = "mlflow"
    )]
    archive: Option<PathBuf>,
    /// Write what MLflow has tables for into this folder instead: mlflow.db and mlartifacts
    #[arg(long, value_name = "FOLDER")]
    mlflow: Option<PathBuf>,
    /// What the artifacts will be called in mlflow.db, such as s3://BUCKET/PREFIX or mlflow-artifacts: [default: the folder]
    #[arg(long, value_name = "URI", requires = "mlflow", conflicts_with = "archive")]
    artifact_root: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(options: &Options) -> Result<ExitCode> {
    let registry = options.settings.connect().await?;
    let bar = progress::line();
    let shown = bar.clone();
    let progress = move |summary: &Summary| shown.set_message(progress::told(summary));
    let (summary, to) = match (&options.archive, &options.mlflow) {
        (Some(archive), _) => (registry.export_archive(archive, progress).await, archive),
        (None, Some(folder)) => {
            let to = MlflowExport {
                folder: folder.clone(),
                artifact_root: options.artifact_root.clone(),
            };
            (registry.export_mlflow(&to, progress).await, folder)
        }
        (None, None) => bail!("an archive or --mlflow FOLDER is needed"),
    };
    bar.finish_and_clear();
    let summary = summary.context("can't export the registry")?;
    output::line(format_args!(
        "exported {} to {}",
        progress::told(&summary),
        to.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
