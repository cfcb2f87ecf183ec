//! `metrics/get-history`, `get-history-bulk`, `get-history-bulk-interval`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use registry::Metric;
use serde::Serialize;

use super::shapes::{self, MetricShape};
use crate::mlflow::error::MlflowError;
use crate::mlflow::page;
use crate::mlflow::wire::Message;
use crate::state::AppState;

const MOST_POINTS: i64 = 25_000;
const MOST_SAMPLES: i64 = 2500;
const MOST_RUNS: usize = 100;

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<MetricShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Serialize)]
struct BulkAnswer<'a> {
    metrics: Vec<MetricShape<'a>>,
}

pub(crate) async fn get(State(state): State<AppState>, message: Message) -> Result<Response, MlflowError> {
    let run_id = message.run_id()?;
    let key = message.required_text("metric_key")?;
    let limit = message.integer("max_results")?;
    if let Some(limit) = limit.filter(|limit| *limit <= 0) {
        return Err(MlflowError::invalid(format!(
            "Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer."
        )));
    }
    let offset = page::offset(message.text("page_token")?)?;
    // Without a size MLflow answers with everything, however much that is.
    let limit = limit.unwrap_or(i64::MAX - 1);
    let found = state
        .registry
        .metric_history_page(run_id, key, limit, offset)
        .await?;
    let answer = Answer {
        metrics: found
            .items
            .iter()
            .map(|point| shapes::metric(point, None))
            .collect(),
        next_page_token: found.has_more.then(|| page::token(offset + limit)),
    };
    Ok(Json(answer).into_response())
}

pub(crate) async fn get_bulk(
    State(state): State<AppState>,
    message: Message,
) -> Result<Response, MlflowError> {
    let told = |rule: String| MlflowError::invalid(format!("GetMetricHistoryBulk request {rule}"));
    let run_ids = message.texts("run_id")?;
    if run_ids.is_empty() {
        return Err(told("must specify at least one run_id.".to_owned()));
    }
    if run_ids.len() > MOST_RUNS {
        return Err(told(format!(
            "cannot specify more than {MOST_RUNS} run_ids. Received {} run_ids.",
            run_ids.len()
        )));
    }
    let key = message.text("metric_key")?;
    let key = key.ok_or_else(|| told("must specify a metric_key.".to_owned()))?;
    let limit = message.integer("max_results")?.unwrap_or(MOST_POINTS);
    let limit = limit.clamp(0, MOST_POINTS);
    let found = state
        .registry
        .metric_history_of_runs(&run_ids, key, limit)
        .await?;
    Ok(Json(BulkAnswer {
        metrics: of_runs(&found),
    })
    .into_response())
}

pub(crate) async fn get_samples(
    State(state): State<AppState>,
    message: Message,
) -> Result<Response, MlflowError> {
    const SEE: &str = "See the API docs for more information about request parameters.";
    let run_ids = message.texts("run_ids")?;
    if run_ids.is_empty() {
        return Err(message.missing("run_ids"));
    }
    if run_ids.len() > MOST_RUNS {
        return Err(MlflowError::invalid(format!(
            "GetMetricHistoryBulkInterval request must specify at most {MOST_RUNS} run_ids. Received {} run_ids. {SEE}",
            run_ids.len()
        )));
    }
    let key = message.required_text("metric_key")?;
    let steps = (message.integer("start_step")?, message.integer("end_step")?);
    let limit = message.integer("max_results")?.unwrap_or(MOST_SAMPLES);
    if !(1..=MOST_SAMPLES).contains(&limit) {
        return Err(MlflowError::invalid(format!(
            "max_results must be between 1 and {MOST_SAMPLES}. {SEE}"
        )));
    }
    let steps = match steps {
        (None, None) => None,
        (Some(first), Some(last)) if first > last => {
            return Err(MlflowError::invalid(format!(
                "end_step must be greater than start_step. Found start_step={first} and end_step={last}."
            )));
        }
        (Some(first), Some(last)) => Some((first, last)),
        _ => {
            return Err(MlflowError::invalid(
                "If either start step or end step are specified, both must be specified.",
            ));
        }
    };
    let found = state.registry.metric_samples(&run_ids, key, steps, limit).await?;
    let answer = Answer {
        metrics: of_runs(&found),
        next_page_token: None,
    };
    Ok(Json(answer).into_response())
}

fn of_runs(points: &[(String, Metric)]) -> Vec<MetricShape<'_>> {
    points
        .iter()
        .map(|(run_id, point)| shapes::metric(point, Some(run_id)))
        .collect()
}
