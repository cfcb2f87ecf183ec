//! `cargo xtask bench`: this project beside its peers, measured in one run.
//!
//! What is measured lies in `bench/` at the checkout's root, a workspace of its own. Every engine's predictions are
//! compared with XGBoost's before it is timed; a peer that can't run is named with the reason, never left out.

mod agreement;
mod builds;
mod claims;
mod engines;
mod host;
mod hosts;
mod machine;
mod models;
mod page;
mod quality;
mod registry;
mod results;
mod rounds;
mod sizes;
mod table;
mod versions;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::{tools, workspace};
use builds::Builds;
use engines::ENGINES;
use hosts::Hosts;
use results::{Results, Row};
use rounds::Plan;

/// What a page that predicts from features loads besides its own code and the model, after brotli.
const EVALUATOR_BYTES: u64 = 45 * 1024;

/// What to measure.
#[derive(Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Size, load time and speed of models, beside every peer; prints one table.
    Inference(Inference),
    /// How well real clicks are predicted, beside CatBoost, LightGBM and XGBoost; prints one table.
    Quality(quality::Options),
    /// This project's server beside MLflow's: requests a second, the slowest, memory; prints one table.
    Registry(registry::Options),
}

/// What of it, and how long.
#[derive(Args, Debug)]
struct Inference {
    /// Reference models: S (100 trees of depth 6), M (300 × 8), L (1000 × 8).
    #[arg(long, value_delimiter = ',', default_value = "S,M,L")]
    models: Vec<String>,
    /// Fewer rows and rounds: shows that everything runs, not how fast.
    #[arg(long, conflicts_with = "write")]
    quick: bool,
    /// Writes docs/benchmarks/inference.md and its chart. Wants a machine that does nothing else.
    #[arg(long)]
    write: bool,
}

/// Measures.
pub fn run(options: &Options) -> Result<()> {
    match &options.what {
        What::Inference(options) => inference(options),
        What::Quality(options) => quality::run(options),
        What::Registry(options) => registry::run(options),
    }
}

fn inference(options: &Inference) -> Result<()> {
    let names = models::known(&options.models)?;
    if options.write && names.len() < models::NAMES.len() {
        bail!("the page shows all reference models: leave out --models");
    }
    if let Err(error) = tools::require_for_bench() {
        eprintln!("going on without: {error:#}");
    }
    let work = workspace::target_dir().join("bench");
    fs::create_dir_all(&work).with_context(|| format!("creating {}", work.display()))?;
    say("peers from PyPI");
    let python = tools::python_with("bench-python", &models::python("requirements.txt"))?;
    let results = measure(&names, Plan::of(options.quick), &python, &work)?;

    let samples = work.join("inference.json");
    fs::write(&samples, format!("{:#}\n", results.to_json()))?;
    say_out(&table::render(&results))?;
    for model in &results.models {
        eprintln!("\n{}", model.name);
        for line in claims::lines(&results, &model.name) {
            eprintln!("    {line}");
        }
    }
    eprintln!("\nevery sample is in {}", samples.display());
    if options.write {
        page::write(&results, &samples, &python)?;
    }
    ours_ran(&results)
}

/// Builds the evaluator as it is measured, and fails when it is over its budget.
pub fn check_evaluator() -> Result<()> {
    let work = workspace::target_dir().join("bench");
    fs::create_dir_all(&work).with_context(|| format!("creating {}", work.display()))?;
    for simd in [true, false] {
        let code = builds::build_wasm("bench-wasm-ours", simd, &work)?;
        let bytes = sizes::of(&code)?.brotli;
        eprintln!(
            "{}: {bytes} bytes after brotli, of {EVALUATOR_BYTES}",
            code.display()
        );
        ensure!(bytes <= EVALUATOR_BYTES, "the evaluator is over its budget");
    }
    Ok(())
}

fn measure(names: &[&str], plan: Plan, python: &Path, work: &Path) -> Result<Results> {
    say("peers from npm");
    let modules = tools::node_modules_with("bench-node", &script("node"));
    let modules = modules.map_err(|error| format!("{error:#}"));
    say("engines in Rust, native and WebAssembly");
    let builds = Builds::make(work, modules.as_deref().ok())?;
    say("reference models");
    let folder = models::trained(python)?;

    let mut hosts = Hosts::start(python, &builds, &modules, work)?;
    hosts.set_rows(&models::first_rows(&folder, plan.rows, work)?)?;
    let mut results = Results {
        machine: machine::describe(),
        date: machine::today(),
        plan,
        core: hosts.core,
        models: Vec::new(),
        versions: versions::of_everything(python)?,
        rows: Vec::new(),
    };
    for name in names {
        say(&format!("{name}: the forms that peers read"));
        let refused = models::converted(python, &folder, name)?;
        let model = builds.convert(&folder, name, work)?;
        let expected = models::expected(&folder, name, plan.rows)?;
        say(&format!("{name}: sizes, and predictions beside XGBoost's"));
        let mut rows = Vec::new();
        for engine in &ENGINES {
            let file = engine.file.path(&folder, work, name);
            let mut row = Row::new(name, engine, model.shape, file);
            let why = refused.get(engine.file.extension()).cloned().flatten();
            let opened = match why {
                Some(why) => Err(anyhow!("{why}")),
                None => row.open(&mut hosts, &builds, &expected, work),
            };
            row.not_run = opened.err().map(|error| format!("{error:#}"));
            let said = row.not_run.as_ref().map(|why| format!("not run: {why}"));
            eprintln!("    {}: {}", engine.id, said.as_ref().unwrap_or(&row.agreement));
            rows.push(row);
        }
        rounds::run(&mut hosts, &mut rows, plan)?;
        rounds::load_in_browser(&mut hosts, &mut rows, plan, &expected);
        for row in rows.iter().filter(|row| row.not_run.is_none()) {
            hosts.ask(row.engine, "close", json!({}))?;
        }
        results.models.push(model);
        results.rows.extend(rows);
    }
    Ok(results)
}

/// An error if one of ours did not agree or did not run: a peer may fail, this project may not.
fn ours_ran(results: &Results) -> Result<()> {
    let ours = results.rows.iter().filter(|row| row.engine.is_ours());
    let failed: Vec<String> = ours
        .filter_map(|row| Some((row, row.not_run.as_ref().or(row.not_loaded.as_ref())?)))
        .map(|(row, why)| format!("{} with {}: {why}", row.engine.id, row.model))
        .collect();
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("{}", failed.join("\n"))
    }
}

fn say(what: &str) {
    eprintln!("==> {what}");
}

fn say_out(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").context("writing the table")
}

/// Where a script of the benchmark lies.
fn script(path: &str) -> PathBuf {
    workspace::root().join("bench").join(path)
}
