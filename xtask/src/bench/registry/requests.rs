//! What is asked of the servers, and what they must have first.

use std::thread;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::CONNECTIONS;
use super::contestants::Server;
use super::drive::Connection;
use crate::workspace;

/// The registered model.
const MODEL: &str = "bench";
const ALIAS: &str = "champion";
/// Values in a batch.
const METRICS: usize = 10;
/// Runs in an answer.
const PAGE: usize = 100;
/// The least that MLflow loads beside `model.ubj`.
const MLMODEL: &str = "flavors:\n  python_function: {loader_module: mlflow.xgboost, data: model.ubj}\n  \
     xgboost: {data: model.ubj, model_class: xgboost.core.Booster, model_format: ubj}\n";
const BOOSTER: &str = "model-export/tests/fixtures/xgboost_2_1_onehot.ubj";

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Ten values of metrics, each connection to a run of its own.
    LogBatch,
    /// A hundred runs with a metric above a bound and a param, by that metric.
    SearchRuns,
    /// The version that an alias names.
    GetByAlias,
}

/// All kinds.
pub(super) const OPERATIONS: [Operation; 3] =
    [Operation::LogBatch, Operation::SearchRuns, Operation::GetByAlias];

/// What requests speak of.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    /// With all runs.
    experiment: String,
    /// One for each connection, to log to.
    logged: Vec<String>,
    /// The step that the next batch logs, so that no value is logged twice.
    pub(super) step: u64,
}

impl Operation {
    /// For the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LogBatch => "log-batch",
            Self::SearchRuns => "search-runs",
            Self::GetByAlias => "get-by-alias",
        }
    }

    /// Sends the request number `number` of a connection. Whatever is not an answer as it should be is an error.
    pub(super) fn send(
        self,
        to: &Connection,
        prepared: &Prepared,
        connection: usize,
        number: u64,
    ) -> Result<()> {
        let (least, answer) = match self {
            Self::LogBatch => {
                let step = prepared.step + number;
                let metric = |at| json!({"key": format!("metric_{at}"), "value": step as f64 + at as f64 / 8.0, "timestamp": step, "step": step});
                let metrics: Vec<Value> = (0..METRICS).map(metric).collect();
                let body = json!({"run_id": prepared.logged[connection], "metrics": metrics});
                (2, to.post("runs/log-batch", &body)?)
            }
            Self::SearchRuns => {
                let body = json!({
                    "experiment_ids": [prepared.experiment],
                    "filter": "metrics.auc > 0.5 AND params.eta = '0.1'",
                    "order_by": ["metrics.auc DESC"],
                    "max_results": PAGE,
                });
                (PAGE * 300, to.post("runs/search", &body)?)
            }
            Self::GetByAlias => {
                let path = format!("registered-models/alias?name={MODEL}&alias={ALIAS}");
                (100, to.get(&path)?)
            }
        };
        ensure!(
            answer.len() >= least,
            "an answer of {} bytes is too short",
            answer.len()
        );
        Ok(())
    }
}

/// Makes an experiment of so many runs, and a version with an alias.
pub(super) fn prepare(server: &Server, runs: usize) -> Result<Prepared> {
    let connection = Connection::new(server);
    let experiment = text(
        connection.post("experiments/create", &json!({"name": "bench"}))?,
        &["experiment_id"],
    )?;
    let make = |first: usize| -> Result<()> {
        let connection = Connection::new(server);
        for number in (first..runs).step_by(CONNECTIONS) {
            let run = create_run(&connection, &experiment, number)?;
            connection.post("runs/log-batch", &contents(&run, number))?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|first| scope.spawn(move || make(first)))
            .collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(result) => result,
            Err(_) => bail!("a connection ended early"),
        })
    })?;
    // Apart, so that the runs that are searched stay as they are.
    let apart = text(
        connection.post("experiments/create", &json!({"name": "bench-logged"}))?,
        &["experiment_id"],
    )?;
    let logged: Vec<String> = (0..CONNECTIONS)
        .map(|number| create_run(&connection, &apart, number))
        .collect::<Result<_>>()?;

    let booster = workspace::root().join(BOOSTER);
    let booster = std::fs::read(&booster).with_context(|| format!("reading {}", booster.display()))?;
    let folder = format!("{apart}/{}/artifacts/model", logged[0]);
    connection.put(&format!("{folder}/MLmodel"), MLMODEL.as_bytes())?;
    connection.put(&format!("{folder}/model.ubj"), &booster)?;
    connection.post("registered-models/create", &json!({"name": MODEL}))?;
    let source = format!("mlflow-artifacts:/{folder}");
    let version = json!({"name": MODEL, "source": source, "run_id": logged[0]});
    let version = text(
        connection.post("model-versions/create", &version)?,
        &["model_version", "version"],
    )?;
    let alias = json!({"name": MODEL, "alias": ALIAS, "version": version});
    connection.post("registered-models/alias", &alias)?;
    Ok(Prepared {
        experiment,
        logged,
        step: 0,
    })
}

fn create_run(connection: &Connection, experiment: &str, number: usize) -> Result<String> {
    let run = json!({
        "experiment_id": experiment, "run_name": format!("run-{number}"), "user_id": "bench", "start_time": 1_700_000_000_000 + number,
        "tags": [{"key": "mlflow.user", "value": "bench"}, {"key": "mlflow.source.type", "value": "LOCAL"}],
    });
    text(connection.post("runs/create", &run)?, &["run", "info", "run_id"])
}

/// What run number `number` has: a third has the param that is searched for, half of these the metric.
fn contents(run: &str, number: usize) -> Value {
    let metric = |key: &str, value: f64| json!({"key": key, "value": value, "timestamp": number, "step": 0});
    let pair = |key: &str, value: String| json!({"key": key, "value": value});
    let auc = (number * 7919 % 10_007) as f64 / 10_007.0;
    json!({
        "run_id": run,
        "metrics": [metric("auc", auc), metric("logloss", 1.0 - auc), metric("seconds", number as f64)],
        "params": [
            pair("eta", ["0.1", "0.2", "0.3"][number % 3].to_owned()),
            pair("max_depth", (number % 10).to_string()),
            pair("seed", number.to_string()),
        ],
        "tags": [pair("phase", "bench".to_owned())],
    })
}

fn text(answer: Vec<u8>, path: &[&str]) -> Result<String> {
    let answer: Value = serde_json::from_slice(&answer).context("an answer is no JSON")?;
    let found = path.iter().fold(&answer, |value, key| &value[*key]);
    let found = found
        .as_str()
        .with_context(|| format!("{answer} has no {}", path.join(".")))?;
    Ok(found.to_owned())
}
