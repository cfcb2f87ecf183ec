//! The command line: what was typed becomes what the library is asked, once.

mod args;
mod commands;
mod signals;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use trainer::export::ExportError;
use trainer::pipeline::PipelineError;
use trainer::process::ProcessError;
use trainer::recipe::RecipeError;
use trainer::train::TrainError;
use trainer::tune::TuneError;
use trainer::work_folder::WorkFolderError;

use args::{Cli, Command, NoData, QueueOfTables};

const FAILURE: u8 = 1;
const USAGE: u8 = 2;
const REFUSED_DATA: u8 = 3;
const INTERRUPTED: u8 = 130;

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let default_level = if matches!(cli.command, Command::Worker(_)) {
        "info"
    } else {
        "warn"
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default_level)))
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let result = runtime.block_on(run(cli.command));
    // A read from standard input may never end; nobody waits for it.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(args) => commands::run(args).await,
        Command::Ingest(args) => commands::ingest(args).await,
        Command::Process(args) => commands::process(args),
        Command::Train(args) => commands::train(args),
        Command::Register(args) => commands::register(args).await,
        Command::Promote(args) => commands::promote(args).await,
        Command::Generate(args) => commands::generate(args),
        Command::Worker(args) => commands::worker(args).await,
        Command::Tune(args) => commands::tune(args).await,
        Command::Recipe(command) => commands::recipe(command),
        Command::Keygen(args) => commands::keygen(args),
        Command::Migrate(args) => commands::migrate(args).await,
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::from(exit_code(error))
}

fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<registry::ConfigError>()
        || error.is::<RecipeError>()
        || error.is::<NoData>()
        || error.is::<QueueOfTables>()
    {
        return USAGE;
    }
    if matches!(
        error.downcast_ref::<TuneError>(),
        Some(TuneError::OtherSearch { .. } | TuneError::Busy { .. } | TuneError::Recipe(_))
    ) {
        return USAGE;
    }
    let tuning = match error.downcast_ref::<TuneError>() {
        Some(TuneError::Pipeline(error)) => Some(error),
        _ => None,
    };
    match tuning.or(error.downcast_ref::<PipelineError>()) {
        Some(error) if error.is_cancelled() => INTERRUPTED,
        Some(error) if error.is_refused_data() => REFUSED_DATA,
        Some(
            PipelineError::Train(TrainError::Params(_) | TrainError::NoXgboost)
            | PipelineError::Process(ProcessError::Split(_))
            | PipelineError::Export(ExportError::BudgetAfterRefit)
            | PipelineError::WorkFolder(WorkFolderError::MissingStep { .. }),
        ) => USAGE,
        _ => FAILURE,
    }
}
