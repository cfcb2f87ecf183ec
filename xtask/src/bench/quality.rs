//! `cargo xtask bench quality`: how well this project's default recipe predicts real clicks, beside its peers.
//!
//! All contestants get the same rows, seeds and threads, and are judged by one computation on test rows that nothing
//! is chosen by. A peer that can't be run is named with the reason, never left out.

mod bootstrap;
mod contestants;
mod metrics;
mod ours;
mod page;
mod parts;
mod rows;
mod table;

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use super::{machine, models, say, say_out};
use crate::{programs, tools, workspace};
use contestants::{CONTESTANTS, Run};
use page::Results;
use rows::Rows;
use table::{Judged, Row};

/// What each contestant may use.
const THREADS: u32 = 2;
/// What pins the peers.
const REQUIREMENTS: &str = "quality-requirements.txt";
/// With `--quick`: shows that everything runs.
const QUICK_ROWS: u64 = 20_000;

/// On which rows, and how often.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// Raw Criteo rows, plain or gzip, xz or zstd [default: what CLICKLEAF_CRITEO names].
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Seeds 1 to N, for each contestant.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// First early-stopping row, from 1.
    #[arg(long, value_name = "ROW", default_value_t = 88_001)]
    stop_from: u64,
    /// First test row, from 1.
    #[arg(long, value_name = "ROW", default_value_t = 99_001)]
    test_from: u64,
    /// One seed and at most 20,000 rows in proportion: shows that everything runs, not how well.
    #[arg(long, conflicts_with_all = ["write", "seeds"])]
    quick: bool,
    /// Writes docs/benchmarks/quality.md. Wants a machine that does nothing else.
    #[arg(long)]
    write: bool,
}

impl Options {
    fn seeds(&self) -> Vec<u64> {
        (1..=if self.quick { 1 } else { self.seeds }).collect()
    }
}

/// Trains and judges all contestants.
pub(super) fn run(options: &Options) -> Result<()> {
    let variable = env::var_os("CLICKLEAF_CRITEO").filter(|value| !value.is_empty());
    let data = rows::data_file(options.data.as_deref(), variable.as_deref().map(Path::new))?;
    say("peers from PyPI");
    let python = tools::python_with("bench-quality-python", &models::python(REQUIREMENTS))?;
    say("this project's programs");
    programs::build()?;

    let work = workspace::target_dir().join("bench");
    fs::create_dir_all(&work).with_context(|| format!("creating {}", work.display()))?;
    let lock = File::create(work.join("quality.lock")).context("creating a lock")?;
    lock.lock().context("waiting for another run")?;
    let folder = only_folder(&work)?;
    say("rows");
    let bounds = (options.stop_from, options.test_from);
    let most = options.quick.then_some(QUICK_ROWS);
    let rows = Rows::prepare(&python, &data, folder.path(), bounds, most)?;
    let clicks = rows.labels.iter().filter(|click| **click).count();
    ensure!(
        (1..rows.labels.len()).contains(&clicks),
        "{clicks} of {} test rows are clicks: metrics need rows of both labels",
        rows.labels.len()
    );

    let seeds = options.seeds();
    let results = Results {
        rows: judged(trained(&python, &rows, &seeds, folder.path())?, &rows.labels)?,
        seeds,
        parts: rows.parts,
        rate: clicks as f64 / rows.labels.len() as f64,
        machine: machine::describe(),
        date: machine::today(),
        versions: page::versions(&python)?,
    };
    eprintln!("\n{}\n", page::split_line(&results));
    say_out(&table::render(&results.rows, &results.seeds))?;
    ours_ran(&results.rows)?;
    if options.write {
        page::write(&results)?;
    }
    Ok(())
}

/// An empty folder that goes away at the end; what an interrupted run left of its own goes away now.
fn only_folder(work: &Path) -> Result<tempfile::TempDir> {
    let left = work.join("quality");
    if left.exists() {
        fs::remove_dir_all(&left).with_context(|| format!("removing {}", left.display()))?;
    }
    let folder = tempfile::Builder::new()
        .prefix("quality")
        .rand_bytes(0)
        .tempdir_in(work);
    folder.with_context(|| format!("creating {}", left.display()))
}

/// Every contestant's runs, or why there are none. They take turns, so that what else the machine does hits all.
fn trained(
    python: &Path,
    rows: &Rows,
    seeds: &[u64],
    folder: &Path,
) -> Result<Vec<Result<Vec<Run>, String>>> {
    let mut outcomes = vec![Ok(Vec::new()); CONTESTANTS.len()];
    for seed in seeds {
        say(&format!("seed {seed}"));
        for (contestant, outcome) in CONTESTANTS.iter().zip(&mut outcomes) {
            let Ok(runs) = outcome else { continue };
            let apart = folder.join(format!("{}-{seed}", contestant.id));
            fs::create_dir(&apart).with_context(|| format!("creating {}", apart.display()))?;
            match contestant.run(python, rows, *seed, &apart) {
                Ok(run) => {
                    let (seconds, trees) = (run.seconds, run.trees);
                    eprintln!("    {}: {trees} trees in {seconds:.1} s", contestant.id);
                    runs.push(run);
                }
                Err(error) => {
                    eprintln!("    {}: not run: {error:#}", contestant.id);
                    *outcome = Err(format!("{error:#}"));
                }
            }
            fs::remove_dir_all(&apart).with_context(|| format!("removing {}", apart.display()))?;
        }
    }
    Ok(outcomes)
}

fn judged(outcomes: Vec<Result<Vec<Run>, String>>, labels: &[bool]) -> Result<Vec<Row>> {
    let rows = CONTESTANTS.into_iter().zip(outcomes);
    let judge = |outcome: Result<Vec<Run>, String>| match outcome {
        Ok(runs) => Judged::new(runs, labels).map(Ok),
        Err(why) => Ok(Err(why)),
    };
    rows.map(|(contestant, outcome)| {
        Ok(Row {
            contestant,
            outcome: judge(outcome)?,
        })
    })
    .collect()
}

/// An error if ours did not run: a peer may fail, this project may not.
fn ours_ran(rows: &[Row]) -> Result<()> {
    for row in rows.iter().filter(|row| row.contestant.is_ours()) {
        if let Err(why) = &row.outcome {
            bail!("{}: {why}", row.contestant.name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options> {
        let command = Options::augment_args(Command::new("quality").no_binary_name(true));
        Ok(Options::from_arg_matches(
            &command.try_get_matches_from(arguments)?,
        )?)
    }

    #[test]
    fn without_options_it_is_the_shared_split_and_five_seeds() {
        let options = parsed(&[]).unwrap();
        assert_eq!((options.stop_from, options.test_from), (88_001, 99_001));
        assert_eq!(options.seeds(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn quick_is_one_seed_and_never_written() {
        assert_eq!(parsed(&["--quick"]).unwrap().seeds(), [1]);
        assert!(parsed(&["--quick", "--write"]).is_err());
        assert!(parsed(&["--quick", "--seeds", "2"]).is_err());
        assert!(parsed(&["--seeds", "0"]).is_err());
    }

    #[test]
    fn a_peer_may_fail_and_ours_may_not() {
        let rows = table::tests::three_rows();
        assert!(ours_ran(&rows).is_ok());
        let mut failed = rows;
        failed[0].outcome = Err("out of memory".to_owned());
        assert!(
            ours_ran(&failed)
                .unwrap_err()
                .to_string()
                .contains("out of memory")
        );
    }
}
