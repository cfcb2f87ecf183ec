//! `experiments/…`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use registry::{Lifecycle, NewExperiment, RegistryError, Search, View};
use serde_json::json;

use super::{DONE, Done, shapes};
use crate::access::Acting;
use crate::mlflow::error::{Code, MlflowError};
use crate::mlflow::wire::Message;
use crate::mlflow::{limits, page, place};
use crate::state::AppState;

/// What `view_type` may be.
pub(super) const VIEWS: &[(i64, &str)] = &[(1, "ACTIVE_ONLY"), (2, "DELETED_ONLY"), (3, "ALL")];
/// Results of one page.
pub(super) const MOST_RESULTS: i64 = 50_000;

pub(crate) async fn create(Acting(state): Acting, message: Message) -> Result<Response, MlflowError> {
    let name = message.required_text("name")?;
    let location = message.text("artifact_location")?.filter(|text| !text.is_empty());
    let tags = message.pairs("tags")?;
    limits::experiment_name(name)?;
    for (key, value) in &tags {
        limits::experiment_tag(key, value)?;
    }
    let new = NewExperiment {
        name: name.to_owned(),
        artifact_location: location.map(|location| place_of(&state, location)).transpose()?,
        tags,
    };
    let made = state.registry.create_experiment(new).await.map_err(told)?;
    Ok(Json(json!({"experiment_id": made.experiment_id})).into_response())
}

pub(crate) async fn get(State(state): State<AppState>, message: Message) -> Result<Response, MlflowError> {
    let id = limits::experiment_id(message.required_text("experiment_id")?)?;
    let found = state.registry.experiment_by_id(&id).await?;
    let experiment = found.ok_or_else(|| MlflowError::no_experiment(&id))?;
    let shape = shapes::experiment(state.registry.artifacts(), &experiment);
    Ok(Json(json!({"experiment": shape})).into_response())
}

pub(crate) async fn get_by_name(
    State(state): State<AppState>,
    message: Message,
) -> Result<Response, MlflowError> {
    let name = message.required_text("experiment_name")?;
    let found = state.registry.experiment(name).await?;
    let experiment = found
        .ok_or_else(|| MlflowError::not_found(format!("Could not find experiment with name '{name}'")))?;
    let shape = shapes::experiment(state.registry.artifacts(), &experiment);
    Ok(Json(json!({"experiment": shape})).into_response())
}

pub(crate) async fn search(State(state): State<AppState>, message: Message) -> Result<Response, MlflowError> {
    let token = message.text("page_token")?;
    let search = Search {
        filter: message.text("filter")?.unwrap_or_default().to_owned(),
        order_by: message.texts("order_by")?,
        view: view(message.enumeration("view_type", VIEWS)?),
        limit: limits::page_size(message.integer("max_results")?.unwrap_or(0), MOST_RESULTS)?,
        offset: page::offset(token)?,
    };
    let found = state.registry.search_experiments(&search).await?;
    let artifacts = state.registry.artifacts();
    let shapes: Vec<_> = found
        .items
        .iter()
        .map(|experiment| shapes::experiment(artifacts, experiment))
        .collect();
    let mut answer = serde_json::Map::new();
    if !shapes.is_empty() {
        answer.insert("experiments".to_owned(), json!(shapes));
    }
    if found.has_more {
        answer.insert(
            "next_page_token".to_owned(),
            json!(page::token(search.offset + search.limit)),
        );
    }
    Ok(Json(answer).into_response())
}

pub(crate) async fn update(Acting(state): Acting, message: Message) -> Result<Json<Done>, MlflowError> {
    let id = limits::experiment_id(message.required_text("experiment_id")?)?;
    let name = message.required_text("new_name")?;
    limits::experiment_name(name)?;
    match state.registry.rename_experiment(&id, name).await {
        Err(RegistryError::WrongLifecycle { .. }) => {
            Err(MlflowError::invalid("Cannot rename a non-active experiment."))
        }
        renamed => renamed.map(|()| DONE).map_err(told),
    }
}

pub(crate) async fn delete(Acting(state): Acting, message: Message) -> Result<Json<Done>, MlflowError> {
    set_lifecycle(&state, &message, Lifecycle::Deleted).await
}

pub(crate) async fn restore(Acting(state): Acting, message: Message) -> Result<Json<Done>, MlflowError> {
    set_lifecycle(&state, &message, Lifecycle::Active).await
}

pub(crate) async fn set_tag(
    State(state): State<AppState>,
    message: Message,
) -> Result<Json<Done>, MlflowError> {
    let id = limits::experiment_id(message.required_text("experiment_id")?)?;
    let key = message.required_text("key")?;
    let value = message.text("value")?.unwrap_or_default();
    limits::experiment_tag(key, value)?;
    state
        .registry
        .set_experiment_tag(&id, key, value)
        .await
        .map_err(told)?;
    Ok(DONE)
}

pub(crate) async fn delete_tag(
    State(state): State<AppState>,
    message: Message,
) -> Result<Json<Done>, MlflowError> {
    let id = limits::experiment_id(message.required_text("experiment_id")?)?;
    let key = message.required_text("key")?;
    match state.registry.delete_experiment_tag(&id, key).await {
        Err(RegistryError::NotFound { kind: "tag", .. }) => Err(MlflowError::not_found(format!(
            "No tag with name: {key} in experiment with id {id}"
        ))),
        deleted => deleted.map(|()| DONE).map_err(told),
    }
}

pub(super) fn view(name: Option<&str>) -> View {
    match name {
        Some("DELETED_ONLY") => View::DeletedOnly,
        Some("ALL") => View::All,
        _ => View::ActiveOnly,
    }
}

/// MLflow's words for what is special about experiments and runs.
pub(super) fn told(error: RegistryError) -> MlflowError {
    match &error {
        RegistryError::AlreadyExists {
            kind: "experiment",
            key,
        } => MlflowError::new(
            Code::ResourceAlreadyExists,
            format!("Experiment(name={key}) already exists."),
        ),
        RegistryError::WrongLifecycle { kind, key, stage } => MlflowError::invalid(format!(
            "The {kind} {key} must be in the 'active' state. Current state is {stage}."
        )),
        _ => error.into(),
    }
}

/// To MLflow, what is to be deleted and is deleted already isn't there.
async fn set_lifecycle(
    state: &AppState,
    message: &Message,
    lifecycle: Lifecycle,
) -> Result<Json<Done>, MlflowError> {
    let id = limits::experiment_id(message.required_text("experiment_id")?)?;
    match state.registry.set_experiment_lifecycle(&id, lifecycle).await {
        Err(RegistryError::WrongLifecycle { .. }) => Err(MlflowError::no_experiment(&id)),
        done => Ok(done.map(|()| DONE)?),
    }
}

/// Where an experiment's artifacts are to lie. A path is one of this machine.
fn place_of(state: &AppState, location: &str) -> Result<String, MlflowError> {
    limits::length("artifact_location", 2048, location)?;
    if location.starts_with("runs:") {
        return Err(MlflowError::invalid(format!(
            "Artifact location cannot be a runs:/ URI. Given: '{location}'"
        )));
    }
    if location.contains(['#', ';', '?']) {
        return Err(MlflowError::invalid(
            "'artifact_location' URL can't include fragments or params.",
        ));
    }
    if let Some(key) = place::key(location)
        && key.split('/').any(|part| part == "..")
    {
        return Err(MlflowError::invalid("Invalid path"));
    }
    let is_uri = location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    });
    if is_uri {
        return Ok(place::stored(state.registry.artifacts(), location));
    }
    match std::path::absolute(location) {
        Ok(path) => Ok(path.display().to_string()),
        Err(_) => Err(message_of_path(location)),
    }
}

fn message_of_path(location: &str) -> MlflowError {
    MlflowError::invalid(format!("Invalid artifact location: '{location}'"))
}
