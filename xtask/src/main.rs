//! `cargo xtask …`, see `cargo xtask --help`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{bench, demo, fuzz, package, process, publish, test, tools};

/// ClickLeaf's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains, registers, promotes and exports a model, then serves it: everything under one folder.
    Demo(demo::Options),
    /// Everything that CI checks, step by step.
    Test(test::Options),
    /// Writes a static site that predicts with no server: page, model, provenance.
    Publish(publish::Options),
    /// Fuzzes what reads bytes from outside, and keeps the corpus.
    Fuzz(fuzz::Options),
    /// Builds the npm package `clickleaf` and packs it.
    Package(package::Options),
    /// Measures this project beside its peers.
    Bench(bench::Options),
    /// Fills the cache with the pinned tools that the other commands need.
    Tools,
}

fn main() -> ExitCode {
    // `cargo xtask demo -- --no-serve` means the same as `cargo xtask demo --no-serve`.
    let mut words: Vec<_> = std::env::args_os().collect();
    if words.get(2).is_some_and(|word| word == "--") {
        words.remove(2);
    }
    let arguments = Arguments::parse_from(words);
    let result = process::stop_children_on_signals().and_then(|()| match arguments.command {
        Command::Demo(options) => demo::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Publish(options) => publish::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Package(options) => package::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Tools => tools::install_all(),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
