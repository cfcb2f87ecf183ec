//! The table, the ratios and the results page.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};

use super::contestants::Contestant;
use super::drive::Sample;
use super::requests::{OPERATIONS, Operation};
use super::{CONNECTIONS, Database, Plan, middle};
use crate::bench::results::ratio;
use crate::bench::table::{align, shown, thousands};
use crate::mlflow;
use crate::workspace;

/// One kind of request to one server on one kind of database.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) database: Database,
    pub(super) contestant: Contestant,
    pub(super) operation: Operation,
    /// A round each.
    pub(super) samples: Vec<Sample>,
    /// The most that the server held, in bytes, over all requests.
    pub(super) memory: u64,
}

/// What was measured, and on what.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) measured: Vec<Measured>,
    pub(super) plan: Plan,
    /// One line.
    pub(super) machine: String,
    /// Year-month-day.
    pub(super) date: String,
}

const HEAD: [&str; 7] = [
    "database",
    "request, server",
    "requests/s",
    "median ms",
    "p99 ms",
    "memory MiB",
    "requests/s ×",
];

/// One line for each kind of request, database and server.
pub(super) fn table(results: &Results) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    for database in [Database::Sqlite, Database::Postgres] {
        for operation in OPERATIONS {
            let same = |one: &&Measured| one.database == database && one.operation == operation;
            for one in results.measured.iter().filter(same) {
                let beside = ours_and_theirs(results, database, operation)
                    .filter(|_| one.contestant == Contestant::Ours)
                    .and_then(|(ours, theirs)| compared(&ours.samples, &theirs.samples, |s| s.per_second));
                lines.push([
                    database.name().to_owned(),
                    format!("{}, {}", operation.name(), one.contestant.name()),
                    shown(Some(middle(&one.samples, |sample| sample.per_second))),
                    shown(Some(middle(&one.samples, |sample| sample.median))),
                    shown(Some(middle(&one.samples, |sample| sample.p99))),
                    shown(Some(one.memory as f64 / 1_048_576.0)),
                    shown(beside),
                ]);
            }
        }
    }
    align(&lines)
}

/// A line for each kind of request and database: how many times as much, as quick, as small.
pub(super) fn ratios(results: &Results) -> Vec<String> {
    let mut lines = Vec::new();
    for database in [Database::Sqlite, Database::Postgres] {
        for operation in OPERATIONS {
            let Some((ours, theirs)) = ours_and_theirs(results, database, operation) else {
                continue;
            };
            lines.push(format!(
                "{}, {}: {} × MLflow's requests a second, p99 1/{} of its, memory 1/{} of its",
                database.name(),
                operation.name(),
                shown(compared(&ours.samples, &theirs.samples, |sample| sample.per_second)),
                shown(compared(&theirs.samples, &ours.samples, |sample| sample.p99)),
                shown(Some(theirs.memory as f64 / ours.memory as f64)),
            ));
        }
    }
    lines
}

/// Writes `docs/benchmarks/registry.md`.
pub(super) fn write(results: &Results) -> Result<()> {
    let folder = workspace::root().join("docs/benchmarks");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let page = folder.join("registry.md");
    fs::write(&page, text(results)?).with_context(|| format!("writing {}", page.display()))?;
    eprintln!("{}", page.display());
    Ok(())
}

fn text(results: &Results) -> Result<String> {
    let Plan { runs, rounds, time } = results.plan;
    let mut page = String::from(
        "# The registry, beside MLflow's server\n\n\
         Written by `cargo xtask bench registry --write`; every number and every ratio is of that one run.\n\n",
    );
    writeln!(page, "Measured on {} on {}.\n", results.date, results.machine)?;
    page.push_str(&table(results));
    page.push_str("\nClickLeaf beside MLflow:\n\n");
    for line in ratios(results) {
        writeln!(page, "- {line}")?;
    }
    write!(
        page,
        "\n## How\n\n\
         Both servers run at the same time on a database of their own, PostgreSQL being one server for both, and answer the \
         same requests in turn: {rounds} rounds of {} s for each kind of request, over {CONNECTIONS} connections that are \
         kept open, each with one request at a time, from the same machine. A number is the median of the rounds, a ratio \
         the median of the rounds' ratios. Whatever is not answered as it should be ends the benchmark.\n\n\
         - **log-batch**: ten values of metrics, each connection to a run of its own, never the same value twice.\n\
         - **search-runs**: of {} runs with three metrics, three params and four tags each, a hundred with a metric above a \
           bound and a certain param, by that metric; about a sixth of all runs match.\n\
         - **get-by-alias**: the version that an alias names.\n\
         - **memory**: what all processes of the server hold, pages that they share counted once; the most seen after any \
           round. PostgreSQL's own is not counted.\n\n\
         MLflow {} is started as its documentation says, `mlflow server` with a database and a folder for artifacts, with \
         its default number of workers; ClickLeaf {} with `clickleaf-server serve` and a token.\n\n\
         ## Again\n\n```sh\ncargo xtask bench registry            # the table\n\
         cargo xtask bench registry --quick    # does everything run?\n\
         cargo xtask bench registry --write    # and this page\n```\n",
        time.as_secs(),
        thousands(runs as u64),
        mlflow::version("mlflow", "mlflow-3-requirements.txt")?,
        env!("CARGO_PKG_VERSION"),
    )?;
    Ok(page)
}

fn ours_and_theirs(
    results: &Results,
    database: Database,
    operation: Operation,
) -> Option<(&Measured, &Measured)> {
    let of = |contestant| {
        let same = |one: &&Measured| {
            one.database == database && one.operation == operation && one.contestant == contestant
        };
        results.measured.iter().find(same)
    };
    Some((of(Contestant::Ours)?, of(Contestant::Mlflow)?))
}

/// The median over the rounds of how many times as much the first has.
fn compared(one: &[Sample], other: &[Sample], of: fn(&Sample) -> f64) -> Option<f64> {
    let values = |samples: &[Sample]| samples.iter().map(of).collect::<Vec<_>>();
    ratio(&values(one), &values(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(contestant: Contestant, per_second: f64, p99: f64, memory: u64) -> Measured {
        let sample = Sample {
            per_second,
            median: p99 / 2.0,
            p99,
        };
        Measured {
            database: Database::Sqlite,
            contestant,
            operation: Operation::GetByAlias,
            samples: vec![sample; 3],
            memory,
        }
    }

    #[test]
    fn the_page_has_both_servers_and_their_ratios() {
        let results = Results {
            measured: vec![
                measured(Contestant::Ours, 5000.0, 2.0, 32 << 20),
                measured(Contestant::Mlflow, 200.0, 80.0, 1 << 30),
            ],
            plan: Plan::of(false),
            machine: "a machine".to_owned(),
            date: "2030-01-02".to_owned(),
        };
        let page = text(&results).unwrap();
        for part in [
            "Measured on 2030-01-02 on a machine.",
            "get-by-alias, MLflow",
            "SQLite, get-by-alias: 25.0 × MLflow's requests a second, p99 1/40.0 of its, memory 1/32.0 of its",
            "of 10,000 runs",
            "MLflow 3.17.2",
        ] {
            assert!(page.contains(part), "no {part} in\n{page}");
        }
        assert!(
            !page.contains("PostgreSQL, "),
            "what was not measured has no ratio"
        );
    }
}
