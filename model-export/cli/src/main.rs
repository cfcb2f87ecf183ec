//! `clickleaf-export`: converts, inspects, verifies and runs compact models from the command line.
//!
//! Exit codes: 0 done, 1 failure, 2 usage, 3 refused data (a bad row, a damaged file, a signature that does not hold).

mod convert;
mod diff;
mod evaluator;
mod explain;
mod files;
mod inspect;
mod output;
mod predict;
mod progress;
mod rows;
mod stream;
mod table;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use files::{Refused, Usage};

/// Converts, inspects, verifies and runs ClickLeaf's compact models (.leaf files).
///
/// A .leaf file holds everything a prediction needs: the encoder of the 39 Criteo columns, the trees, and where the
/// model comes from. The same file is served to browsers.
#[derive(Parser)]
#[command(name = "clickleaf-export", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  clickleaf-export inspect model.leaf
  clickleaf-export verify model.leaf --bundle model.sig --key signing.pub
  clickleaf-export predict model.leaf --input rows.tsv
  clickleaf-export convert booster.ubj --like model.leaf -o new.leaf

Exit codes: 0 done, 1 failure, 2 usage, 3 refused data (bad row, damaged file, signature that does not hold)";

#[derive(Subcommand)]
enum Command {
    Convert(convert::Options),
    Inspect(inspect::Options),
    Verify(verify::Options),
    Predict(predict::Options),
    Explain(explain::Options),
    Diff(diff::Options),
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    // To diff, 1 says that the models differ.
    let failure = if matches!(command, Command::Diff(_)) { 2 } else { 1 };
    let result = match command {
        Command::Convert(options) => convert::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Inspect(options) => inspect::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Verify(options) => verify::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Predict(options) => predict::run(options).map(|()| ExitCode::SUCCESS),
        Command::Explain(options) => explain::run(options).map(|()| ExitCode::SUCCESS),
        Command::Diff(options) => diff::run(&options),
    };
    match result {
        Ok(code) => code,
        // Whoever reads the output has seen enough.
        Err(error) if files::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.chain().any(|cause| cause.is::<Refused>()) {
                3
            } else if error.is::<Usage>() {
                2
            } else {
                failure
            })
        }
    }
}
