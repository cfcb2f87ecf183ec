//! `cargo xtask bench registry`: this project's server beside MLflow's own, with the same requests on the same kind of
//! database: how many requests a second, how long the slowest of a hundred takes, how much memory.

mod contestants;
mod drive;
mod page;
mod requests;

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use super::results::median;
use super::{machine, say, say_out};
use crate::mlflow::Generation;
use crate::programs;
use crate::services::Services;
use crate::workspace;
use contestants::{CONTESTANTS, Contestant, Server};
use drive::Sample;
use page::{Measured, Results};
use requests::{OPERATIONS, Prepared};

/// Connections, each with one request at a time.
const CONNECTIONS: usize = 8;

/// On what, and how much.
#[derive(Args, Debug)]
pub(super) struct Options {
    /// Kinds of database.
    #[arg(long, value_delimiter = ',', value_enum, default_value = "sqlite,postgres")]
    database: Vec<Database>,
    /// Few runs and short rounds: shows that everything runs, not how fast.
    #[arg(long, conflicts_with = "write")]
    quick: bool,
    /// Writes docs/benchmarks/registry.md. Wants a machine that does nothing else.
    #[arg(long)]
    write: bool,
}

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Database {
    /// A file of the server's.
    Sqlite,
    /// PostgreSQL, one server for both contestants, a database for each.
    Postgres,
}

impl Database {
    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Runs that searches look through.
    runs: usize,
    /// Rounds, in each of which every server answers every kind of request.
    rounds: usize,
    /// How long one kind of request is sent in a round.
    time: Duration,
}

impl Plan {
    fn of(quick: bool) -> Self {
        let (runs, rounds, seconds) = if quick { (300, 1, 2) } else { (10_000, 5, 8) };
        Self {
            runs,
            rounds,
            time: Duration::from_secs(seconds),
        }
    }
}

/// Measures both servers on each kind of database.
pub(super) fn run(options: &Options) -> Result<()> {
    let plan = Plan::of(options.quick);
    say("MLflow from PyPI");
    let python = Generation::Three.install()?;
    say("this project's programs");
    programs::build()?;
    let work = workspace::target_dir().join("bench");
    fs::create_dir_all(&work).with_context(|| format!("creating {}", work.display()))?;
    let lock = File::create(work.join("registry.lock")).context("creating a lock")?;
    lock.lock().context("waiting for another run")?;
    let folder = tempfile::Builder::new().prefix("registry-").tempdir_in(&work)?;

    let services = match options.database.contains(&Database::Postgres) {
        true => Some(Services::start()?),
        false => None,
    };
    let mut measured = Vec::new();
    for database in &options.database {
        let apart = folder.path().join(database.name());
        fs::create_dir(&apart)?;
        measured.extend(measure(*database, plan, &python, services.as_ref(), &apart)?);
    }
    let results = Results {
        measured,
        plan,
        machine: machine::describe(),
        date: machine::today(),
    };
    say_out(&page::table(&results))?;
    for line in page::ratios(&results) {
        eprintln!("- {line}");
    }
    if options.write {
        page::write(&results)?;
    }
    Ok(())
}

/// Both servers run all the while; they take turns.
fn measure(
    database: Database,
    plan: Plan,
    python: &Path,
    services: Option<&Services>,
    folder: &Path,
) -> Result<Vec<Measured>> {
    let mut servers: Vec<(Contestant, Server, Prepared)> = Vec::new();
    for contestant in CONTESTANTS {
        say(&format!("{}: {}", database.name(), contestant.name()));
        let server = contestant.start(database, python, services, folder)?;
        let prepared = requests::prepare(&server, plan.runs)?;
        servers.push((contestant, server, prepared));
    }
    let mut samples = vec![vec![Vec::<Sample>::new(); OPERATIONS.len()]; servers.len()];
    let mut memory = vec![0; servers.len()];
    for round in 0..plan.rounds {
        say(&format!("{}: round {}", database.name(), round + 1));
        for (at, operation) in OPERATIONS.iter().enumerate() {
            for (number, (contestant, server, prepared)) in servers.iter_mut().enumerate() {
                let sample = drive::drive(server, prepared, *operation, CONNECTIONS, plan.time)
                    .with_context(|| format!("{} of {}", operation.name(), contestant.name()))?;
                eprintln!(
                    "    {} of {}: {:.0} requests a second",
                    operation.name(),
                    contestant.name(),
                    sample.per_second
                );
                samples[number][at].push(sample);
                memory[number] = server.memory()?.max(memory[number]);
            }
        }
    }
    let rows = servers.iter().zip(samples).zip(memory);
    Ok(rows
        .flat_map(|(((contestant, ..), of_server), memory)| {
            OPERATIONS
                .into_iter()
                .zip(of_server)
                .map(move |(operation, samples)| Measured {
                    database,
                    contestant: *contestant,
                    operation,
                    samples,
                    memory,
                })
        })
        .collect())
}

fn middle(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    median(&samples.iter().map(of).collect::<Vec<_>>()).unwrap_or(f64::NAN)
}
