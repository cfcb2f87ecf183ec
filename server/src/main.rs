//! `clickleaf-server`: serve, migrate, openapi.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use registry::{Registry, StoreOptions, load_options};
use server::openapi::ApiDoc;
use server::options::ServeOptions;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use utoipa::OpenApi;

/// Predictions, the registry API and the page, over HTTP
#[derive(Parser)]
#[command(
    name = "clickleaf-server",
    version,
    after_help = "\
Each option comes from its flag, else from its environment variable, else from the TOML file, else from its default.
The file has the options' names with underscores: database_url = \"postgres://…\".

Exit codes: 0 ok, 1 failure, 2 wrong usage."
)]
struct Arguments {
    /// TOML file with options [default: ./clickleaf.toml if present]
    #[arg(long, env = "CLICKLEAF_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// What log lines on standard error look like
    #[arg(
        long,
        env = "CLICKLEAF_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        global = true
    )]
    log_format: LogFormat,
    /// Which log lines are written, such as info or server=debug,sqlx=warn
    #[arg(
        long,
        env = "CLICKLEAF_LOG",
        value_name = "FILTER",
        default_value = "info",
        global = true
    )]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests until SIGTERM or Ctrl-C; then finish those in flight
    Serve(Box<ServeOptions>),
    /// Create the registry's tables or bring them up to date; safe to repeat
    Migrate(Box<StoreOptions>),
    /// Write the OpenAPI document to standard output
    Openapi,
}

/// What the exit code tells.
enum Failure {
    Usage(anyhow::Error),
    Run(anyhow::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = run(Arguments::parse()).await;
    let (error, code) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(error)) => (error, 2),
        Err(Failure::Run(error)) => (error, 1),
    };
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::from(code)
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    start_logging(arguments.log_format, &arguments.log).map_err(Failure::Usage)?;
    let file = arguments.config.as_deref();
    match arguments.command {
        Command::Serve(options) => {
            let options: ServeOptions =
                load_options(&*options, file).map_err(|error| Failure::Usage(error.into()))?;
            serve(options).await
        }
        Command::Migrate(options) => {
            let options: StoreOptions =
                load_options(&*options, file).map_err(|error| Failure::Usage(error.into()))?;
            let config = options.resolve().map_err(|error| Failure::Usage(error.into()))?;
            migrate(&config).await.map_err(Failure::Run)
        }
        Command::Openapi => {
            let document = ApiDoc::openapi().to_pretty_json().context("OpenAPI document");
            let written = document.and_then(|json| Ok(writeln!(std::io::stdout(), "{json}")?));
            written.map_err(Failure::Run)
        }
    }
}

async fn serve(options: ServeOptions) -> Result<(), Failure> {
    let config = options.resolve().map_err(Failure::Usage)?;
    let registry = Registry::connect(&config.store).await;
    let registry = registry
        .context("can't open the registry")
        .map_err(Failure::Run)?;
    server::refuse_exposure(&config, &registry)
        .await
        .map_err(Failure::Usage)?;
    let run = async {
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener.with_context(|| format!("can't listen on {}", config.listen))?;
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
        let shutdown = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        };
        server::serve(config, registry, listener, shutdown).await
    };
    run.await.map_err(Failure::Run)
}

async fn migrate(config: &registry::StoreConfig) -> anyhow::Result<()> {
    let registry = Registry::connect(config)
        .await
        .context("can't open the registry")?;
    registry.migrate().await.context("can't migrate the registry")?;
    tracing::info!("the registry's tables are up to date");
    Ok(())
}

fn start_logging(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).with_context(|| format!("--log {filter:?}"))?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}
