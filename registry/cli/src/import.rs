//! `import`: takes in what was exported, or what an MLflow server has.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use registry::{
    Registry, Secret,
    mlflow::{Credentials, Imported, MlflowServer},
};

use crate::{output, progress, settings::Settings};

/// Take an archive into an empty registry, or everything from an MLflow server
///
/// Of an archive all or, when something is wrong, nothing; ids, times, provenance and history stay as they are. From a
/// server everything that isn't here yet: when it broke off, call it again. MLFLOW_TRACKING_TOKEN, or
/// MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, tell the server who asks.
#[derive(Args)]
pub(crate) struct Options {
    /// The file that `export` wrote
    #[arg(
        value_name = "ARCHIVE",
        required_unless_present = "mlflow",
        conflicts_with = "mlflow"
    )]
    archive: Option<PathBuf>,
    /// The MLflow server to take everything from, such as http://127.0.0.1:5000
    #[arg(long, value_name = "URL")]
    mlflow: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(options: &Options) -> Result<ExitCode> {
    let registry = options.settings.connect().await?;
    registry
        .migrate()
        .await
        .context("can't bring the tables up to date")?;
    match (&options.archive, &options.mlflow) {
        (Some(archive), _) => from_archive(&registry, archive).await?,
        (None, Some(url)) => from_mlflow(&registry, url).await?,
        (None, None) => bail!("an archive or --mlflow URL is needed"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn from_archive(registry: &Registry, archive: &Path) -> Result<()> {
    let bar = progress::line();
    let shown = bar.clone();
    let summary = registry
        .import_archive(archive, move |summary| {
            shown.set_message(progress::told(summary));
        })
        .await;
    bar.finish_and_clear();
    let summary = summary.context("can't import the archive")?;
    output::line(format_args!("imported {}", progress::told(&summary)))?;
    Ok(())
}

async fn from_mlflow(registry: &Registry, url: &str) -> Result<()> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let credentials = match (
        variable("MLFLOW_TRACKING_TOKEN"),
        variable("MLFLOW_TRACKING_USERNAME"),
    ) {
        (_, Some(user)) => {
            let password = variable("MLFLOW_TRACKING_PASSWORD").unwrap_or_default();
            Credentials::User(user, Secret::new(password))
        }
        (Some(token), None) => Credentials::Token(Secret::new(token)),
        (None, None) => Credentials::None,
    };
    let server = MlflowServer {
        url: url.to_owned(),
        credentials,
    };
    let bar = progress::line();
    let shown = bar.clone();
    let imported = registry
        .import_mlflow(&server, move |done| shown.set_message(told(done)))
        .await;
    bar.finish_and_clear();
    let imported =
        imported.context("can't import from the server; what was taken stays, call it again to go on")?;
    for note in &imported.notes {
        output::line(format_args!("note: {note}"))?;
    }
    output::line(format_args!("imported {}", told(&imported)))?;
    Ok(())
}

fn told(done: &Imported) -> String {
    format!(
        "{} experiments, {} runs ({} points), {} logged models, {} models, {} versions, {} files ({} bytes); {} were here",
        done.experiments,
        done.runs,
        done.points,
        done.logged_models,
        done.models,
        done.versions,
        done.objects,
        done.object_bytes,
        done.known
    )
}
