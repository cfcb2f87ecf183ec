//! `runs/create`, `get`, `update`, `search`, `delete`, `restore`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use registry::{DEFAULT_EXPERIMENT, Lifecycle, NewRun, RUN_NAME_TAG, Run, RunStatus, RunUpdate, Search};
use serde::Serialize;

use super::experiments::{MOST_RESULTS, VIEWS, told, view};
use super::shapes::{self, InfoShape, RunShape};
use super::{DONE, Done};
use crate::access::Acting;
use crate::mlflow::error::MlflowError;
use crate::mlflow::wire::Message;
use crate::mlflow::{limits, page};
use crate::state::AppState;

const STATUSES: &[(i64, &str)] = &[
    (1, "RUNNING"),
    (2, "SCHEDULED"),
    (3, "FINISHED"),
    (4, "FAILED"),
    (5, "KILLED"),
];

#[derive(Serialize)]
struct RunAnswer<'a> {
    run: RunShape<'a>,
}

#[derive(Serialize)]
struct InfoAnswer<'a> {
    run_info: InfoShape<'a>,
}

#[derive(Serialize)]
struct SearchAnswer<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    runs: Vec<RunShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

pub(crate) async fn create(State(state): State<AppState>, message: Message) -> Result<Response, MlflowError> {
    let given = message.text("experiment_id")?.filter(|id| !id.is_empty());
    let experiment_id = limits::experiment_id(given.unwrap_or(DEFAULT_EXPERIMENT))?;
    let name = message.text("run_name")?.filter(|name| !name.is_empty());
    let tags = message.pairs("tags")?;
    let tags: Vec<(String, String)> = (0..)
        .zip(tags)
        .map(|(index, tag): (usize, _)| limits::tag(&format!("tags[{index}]."), tag))
        .collect::<Result<_, _>>()?;
    let tagged = tags.iter().rev().find(|(key, _)| key == RUN_NAME_TAG);
    let tagged = tagged
        .map(|(_, name)| name.as_str())
        .filter(|name| !name.is_empty());
    if let (Some(name), Some(tagged)) = (name, tagged)
        && name != tagged
    {
        return Err(MlflowError::invalid(format!(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values \
             (run_name='{name}', mlflow.runName='{tagged}')."
        )));
    }
    let new = NewRun {
        run_name: name.or(tagged).map(str::to_owned),
        experiment_id,
        user_name: message.text("user_id")?.unwrap_or_default().to_owned(),
        start_time_ms: message.integer("start_time")?.unwrap_or(0),
        tags,
    };
    let run = state.registry.create_run(new).await.map_err(told)?;
    let shape = shapes::new_run(state.registry.artifacts(), &run);
    Ok(Json(RunAnswer { run: shape }).into_response())
}

pub(crate) async fn get(State(state): State<AppState>, message: Message) -> Result<Response, MlflowError> {
    let run = existing(&state, message.run_id()?).await?;
    let shape = shapes::run(state.registry.artifacts(), &run);
    Ok(Json(RunAnswer { run: shape }).into_response())
}

pub(crate) async fn update(State(state): State<AppState>, message: Message) -> Result<Response, MlflowError> {
    let run_id = message.run_id()?;
    let status = message.enumeration("status", STATUSES)?;
    let name = message.text("run_name")?.filter(|name| !name.is_empty());
    if let Some(name) = name {
        limits::length("run_name", 8000, name)?;
    }
    let update = RunUpdate {
        status: status.and_then(RunStatus::from_name),
        end_time_ms: message.integer("end_time")?,
        run_name: name.map(str::to_owned),
    };
    let run = state.registry.change_run(run_id, update).await.map_err(told)?;
    let shape = shapes::info(state.registry.artifacts(), &run);
    Ok(Json(InfoAnswer { run_info: shape }).into_response())
}

pub(crate) async fn delete(Acting(state): Acting, message: Message) -> Result<Json<Done>, MlflowError> {
    let run_id = message.required_text("run_id")?;
    state
        .registry
        .set_run_lifecycle(run_id, Lifecycle::Deleted)
        .await?;
    Ok(DONE)
}

pub(crate) async fn restore(Acting(state): Acting, message: Message) -> Result<Json<Done>, MlflowError> {
    let run_id = message.required_text("run_id")?;
    state
        .registry
        .set_run_lifecycle(run_id, Lifecycle::Active)
        .await?;
    Ok(DONE)
}

pub(crate) async fn search(State(state): State<AppState>, message: Message) -> Result<Response, MlflowError> {
    let limit = message.integer("max_results")?.unwrap_or(1000);
    if limit > MOST_RESULTS {
        return Err(message.refused("max_results"));
    }
    let ids = message.texts("experiment_ids")?;
    let token = message.text("page_token")?;
    let search = Search {
        filter: message.text("filter")?.unwrap_or_default().to_owned(),
        order_by: message.texts("order_by")?,
        view: view(message.enumeration("run_view_type", VIEWS)?),
        limit: limits::page_size(limit, MOST_RESULTS)?,
        offset: page::offset(token)?,
    };
    let ids = ids
        .iter()
        .map(|id| limits::experiment_id(id))
        .collect::<Result<Vec<_>, _>>()?;
    let found = state.registry.search_runs(&ids, &search).await?;
    let artifacts = state.registry.artifacts();
    let answer = SearchAnswer {
        runs: found
            .items
            .iter()
            .map(|run| shapes::run(artifacts, run))
            .collect(),
        next_page_token: found.has_more.then(|| page::token(search.offset + search.limit)),
    };
    Ok(Json(answer).into_response())
}

/// The run, deleted or not.
pub(super) async fn existing(state: &AppState, run_id: &str) -> Result<Run, MlflowError> {
    let found = state.registry.run(run_id).await?;
    found.ok_or_else(|| MlflowError::no_run(run_id))
}
