//! `clickleaf-registry`: looks after a registry from the command line.
//!
//! Exit codes: 0 done, 1 failure, 2 wrong usage. Results go to standard output, everything else to standard error.

mod audit;
mod doctor;
mod export;
mod gc;
mod import;
mod migrate;
mod output;
mod progress;
mod settings;
mod token;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

const EXAMPLES: &str = "\
Each option comes from its flag, else from its environment variable, else from the TOML file, else from its default.

Exit codes: 0 done, 1 failure, 2 wrong usage.";

/// Looks after a registry
#[derive(Parser)]
#[command(name = "clickleaf-registry", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Doctor(Box<doctor::Options>),
    Export(Box<export::Options>),
    Gc(Box<gc::Options>),
    Import(Box<import::Options>),
    Migrate(Box<migrate::Options>),
    #[command(subcommand)]
    Token(token::Command),
    #[command(subcommand)]
    Audit(audit::Command),
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(command)));
    match result {
        Ok(code) => code,
        // Whoever reads the output has seen enough.
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(if error.is::<registry::ConfigError>() { 2 } else { 1 })
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Doctor(options) => doctor::run(&options).await,
        Command::Export(options) => export::run(&options).await,
        Command::Gc(options) => gc::run(&options).await,
        Command::Import(options) => import::run(&options).await,
        Command::Migrate(options) => migrate::run(&options).await,
        Command::Token(command) => token::run(&command).await,
        Command::Audit(command) => audit::run(&command).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Arguments::command().debug_assert();
    }
}
