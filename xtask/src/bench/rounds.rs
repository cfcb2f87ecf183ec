//! Times every engine in turn, round after round, so that whatever else the machine does hits all alike.

use anyhow::{Context as _, Result};
use serde_json::json;

use super::agreement;
use super::engines::Agreement;
use super::hosts::{Hosts, times};
use super::results::{Row, median};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Test rows in a batch.
    pub(super) rows: usize,
    pub(super) rounds: usize,
    /// At least, of each engine in each round; every measurement is of whole passes.
    pub(super) batch_seconds: f64,
    pub(super) single_seconds: f64,
    /// Before the first round.
    pub(super) warm_up_seconds: f64,
    /// Browsers started for each engine.
    pub(super) loads: usize,
}

impl Plan {
    /// The long one, or one that only shows that everything runs.
    pub(super) fn of(quick: bool) -> Self {
        if quick {
            Self {
                rows: 2_000,
                rounds: 2,
                batch_seconds: 0.05,
                single_seconds: 0.05,
                warm_up_seconds: 0.1,
                loads: 1,
            }
        } else {
            Self {
                rows: 20_000,
                rounds: 9,
                batch_seconds: 0.4,
                single_seconds: 0.3,
                warm_up_seconds: 1.0,
                loads: 7,
            }
        }
    }
}

/// Batches, single rows and, of native engines, loading.
pub(super) fn run(hosts: &mut Hosts, rows: &mut [Row], plan: Plan) -> Result<()> {
    let model = rows.first().map(|row| row.model.clone()).unwrap_or_default();
    eprintln!("==> {model}: warming up");
    for row in running(rows) {
        hosts.ask(row.engine, "batch", json!({ "seconds": plan.warm_up_seconds }))?;
        hosts.ask(row.engine, "single", json!({ "seconds": plan.single_seconds }))?;
    }
    for round in 1..=plan.rounds {
        eprintln!("==> {model}: round {round} of {}", plan.rounds);
        for row in running(rows) {
            let cells = plan.rows as f64 * row.shape.trees as f64;
            let passes = hosts.ask(row.engine, "batch", json!({ "seconds": plan.batch_seconds }))?;
            row.batch.push(middle(&times(&passes)?)? / cells);
            let calls = hosts.ask(row.engine, "single", json!({ "seconds": plan.single_seconds }))?;
            row.single.push(middle(&times(&calls)?)?);
            if !row.engine.in_wasm() {
                let load = hosts.ask(row.engine, "load", json!({}))?;
                row.load.push(middle(&times(&load)?)?);
            }
        }
    }
    Ok(())
}

/// Loading in a browser, started anew for every load. Where that fails, the row says so and keeps its other times.
pub(super) fn load_in_browser(hosts: &mut Hosts, rows: &mut [Row], plan: Plan, expected: &[f32]) {
    for round in 1..=plan.loads {
        for row in running(rows).filter(|row| row.engine.in_wasm() && row.not_loaded.is_none()) {
            if round == 1 {
                eprintln!("==> {}: {} in the browser", row.model, row.engine.name);
            }
            if let Err(error) = load_once(hosts, row, expected) {
                row.not_loaded = Some(format!("{error:#}"));
            }
        }
    }
}

fn load_once(hosts: &mut Hosts, row: &mut Row, expected: &[f32]) -> Result<()> {
    let code = row.code.as_deref().context("it has no WebAssembly")?;
    let answer = hosts.load_in_browser(row.engine, &row.file, code)?;
    let value = answer["value"].as_f64().context("it predicted nothing")?;
    if row.engine.agreement != Agreement::OwnModel {
        agreement::check(row.engine.agreement, &[value as f32], &expected[..1])?;
    }
    row.load.extend(times(&answer)?);
    row.navigation
        .push(answer["navigation"].as_f64().context("no time of navigation")?);
    Ok(())
}

fn running(rows: &mut [Row]) -> impl Iterator<Item = &mut Row> {
    rows.iter_mut().filter(|row| row.not_run.is_none())
}

fn middle(times: &[f64]) -> Result<f64> {
    median(times).context("nothing was timed")
}
