//! Coverage-guided fuzzing of everything that reads bytes from outside, and the corpus it leaves.
//!
//! The targets are in `model-export/fuzz`, the inputs worth keeping in `model-export/fuzz/corpus`. Coverage comes from
//! LLVM's own pass, so that the pinned stable compiler is enough.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{process, workspace};

/// What counts as a hang, an over-allocation and a leak into memory, for one input.
const LIMITS: [&str; 4] = [
    "-timeout=10",
    "-malloc_limit_mb=256",
    "-rss_limit_mb=1024",
    "-max_len=65536",
];

/// Where libFuzzer counts: every edge, in counters that need no sanitizer.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1";

/// How long, and what.
#[derive(Args, Debug)]
pub struct Options {
    /// Seconds in all, shared evenly by the targets.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Only this target; may be given several times.
    #[arg(long, value_name = "TARGET")]
    only: Vec<String>,
}

/// Fuzzes each target, then replaces its corpus by the smallest one with the same coverage.
pub fn run(options: &Options) -> Result<()> {
    let mut targets = targets()?;
    if let Some(unknown) = options.only.iter().find(|name| !targets.contains(name)) {
        bail!("there is no target {unknown}; there are {}", targets.join(", "));
    }
    if !options.only.is_empty() {
        targets.retain(|target| options.only.contains(target));
    }
    let programs = build(&targets)?;
    let share = (options.seconds / targets.len() as u64).max(1);
    for (target, program) in targets.iter().zip(&programs) {
        eprintln!("\n==> {target}: {share} s");
        let found = tempfile::tempdir()?;
        let mut command = fuzzer(program)?;
        command.args([
            format!("-max_total_time={share}"),
            "-print_final_stats=1".to_owned(),
        ]);
        process::run(command.arg(found.path()).arg(corpus(target)).args(seeds(target))).with_context(
            || {
                format!(
                    "{target} found an input that fails; it is in {}",
                    artifacts().display()
                )
            },
        )?;
        let smallest = tempfile::tempdir()?;
        let mut merge = fuzzer(program)?;
        process::run(
            merge
                .arg("-set_cover_merge=1")
                .arg(smallest.path())
                .arg(corpus(target))
                .arg(found.path()),
        )?;
        replace(&corpus(target), smallest.path())?;
    }
    Ok(())
}

/// Runs every kept input once, through the same targets and limits.
pub fn replay() -> Result<()> {
    let targets = targets()?;
    for (target, program) in targets.iter().zip(&build(&targets)?) {
        let inputs = files(&corpus(target))?;
        if inputs.is_empty() {
            bail!("{} is empty", corpus(target).display());
        }
        let mut command = fuzzer(program)?;
        process::output(command.arg("-runs=0").arg(corpus(target)))
            .with_context(|| format!("replaying the corpus of {target}"))?;
        eprintln!("{target}: {} inputs", inputs.len());
    }
    Ok(())
}

fn folder() -> PathBuf {
    workspace::root().join("model-export/fuzz")
}

fn corpus(target: &str) -> PathBuf {
    folder().join("corpus").join(target)
}

fn artifacts() -> PathBuf {
    folder().join("artifacts")
}

/// Files of the tests that a target starts from besides its corpus.
fn seeds(target: &str) -> Vec<PathBuf> {
    let tests = workspace::root().join("model-export/tests");
    match target {
        "from_bytes" => vec![tests.join("golden")],
        "import_xgboost" => vec![tests.join("fixtures")],
        _ => Vec::new(),
    }
}

/// The names of the targets, sorted.
fn targets() -> Result<Vec<String>> {
    let sources = files(&folder().join("fuzz_targets"))?;
    let names = sources
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

fn build(targets: &[String]) -> Result<Vec<PathBuf>> {
    let host = host()?;
    let target_dir = workspace::target_dir().join("fuzz");
    let mut cargo = workspace::cargo();
    cargo
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            &host,
            "--manifest-path",
        ])
        .arg(folder().join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target_dir)
        // A target of its own keeps these flags from build scripts and procedural macros.
        .env("RUSTFLAGS", COVERAGE)
        .env("CARGO_INCREMENTAL", "0");
    process::run(&mut cargo)?;
    let programs = target_dir.join(host).join("release");
    Ok(targets.iter().map(|target| programs.join(target)).collect())
}

fn host() -> Result<String> {
    let about = process::output(Command::new("rustc").arg("-vV").current_dir(workspace::root()))?;
    let line = about.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc -vV names no host")
}

fn fuzzer(program: &Path) -> Result<Command> {
    fs::create_dir_all(artifacts())?;
    let mut command = Command::new(program);
    command
        .args(LIMITS)
        .arg(format!("-artifact_prefix={}/", artifacts().display()));
    Ok(command)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    let paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.is_file()).collect())
}

fn replace(old: &Path, new: &Path) -> Result<()> {
    for path in files(old)? {
        fs::remove_file(path)?;
    }
    for path in files(new)? {
        let name = path.file_name().context("a file of the corpus has no name")?;
        fs::copy(&path, old.join(name))?;
    }
    Ok(())
}
