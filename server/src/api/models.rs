//! Registered models, their versions, stages and runs.

mod time;

use api_types::{
    ErrorBody, ModelSummary, ModelVersion, PromoteRequest, RollbackRequest, RunDetail, ServedModel, Stage,
    Transition,
};
use axum::extract::State;
use axum::{Extension, Json};

use crate::access::Acting;
use crate::api::manifest::served_model;
use crate::convert;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::observe::RequestId;
use crate::serving::now_ms;
use crate::state::AppState;

/// The version that predicts, with the addresses of its file and signature.
#[utoipa::path(get, path = "/model_info", tag = "models", responses(
    (status = 200, body = ServedModel),
    (status = 503, description = "No model is loaded.", body = ErrorBody),
))]
pub(crate) async fn model_info(State(state): State<AppState>) -> Result<Json<ServedModel>, ApiError> {
    let served = state.serving.current().ok_or_else(ApiError::no_model)?;
    Ok(Json(served_model(&served, state.serving.verification_key())))
}

/// All registered models.
#[utoipa::path(get, path = "/models", tag = "models", responses(
    (status = 200, body = Vec<ModelSummary>),
    (status = 503, description = "The registry doesn't answer.", body = ErrorBody),
))]
pub(crate) async fn models(State(state): State<AppState>) -> Result<Json<Vec<ModelSummary>>, ApiError> {
    let models = state.registry.models().await?;
    Ok(Json(models.into_iter().map(convert::model).collect()))
}

/// All versions of a model with their stages and metrics, newest first.
#[utoipa::path(get, path = "/models/{name}/versions", tag = "models",
    params(("name" = String, Path, description = "The registered model")),
    responses(
        (status = 200, body = Vec<ModelVersion>),
        (status = 404, description = "There is no such model.", body = ErrorBody),
    ))]
pub(crate) async fn versions(
    State(state): State<AppState>,
    ApiPath(name): ApiPath<String>,
) -> Result<Json<Vec<ModelVersion>>, ApiError> {
    let versions = state.registry.versions(&name).await?;
    if versions.is_empty() {
        model_exists(&state, &name).await?;
    }
    Ok(Json(versions.iter().map(convert::version).collect()))
}

/// One version.
#[utoipa::path(get, path = "/models/{name}/versions/{version}", tag = "models",
    params(
        ("name" = String, Path, description = "The registered model"),
        ("version" = i64, Path, description = "The version, from 1"),
    ),
    responses(
        (status = 200, body = ModelVersion),
        (status = 404, description = "There is no such version.", body = ErrorBody),
    ))]
pub(crate) async fn version(
    State(state): State<AppState>,
    ApiPath((name, version)): ApiPath<(String, i64)>,
) -> Result<Json<ModelVersion>, ApiError> {
    let row = state
        .registry
        .version(&name, version)
        .await?
        .ok_or_else(|| no_version(&name, version))?;
    Ok(Json(convert::version(&row)))
}

/// Every change of stage of a model's versions, oldest first.
#[utoipa::path(get, path = "/models/{name}/transitions", tag = "models",
    params(("name" = String, Path, description = "The registered model")),
    responses(
        (status = 200, body = Vec<Transition>),
        (status = 404, description = "There is no such model.", body = ErrorBody),
    ))]
pub(crate) async fn transitions(
    State(state): State<AppState>,
    ApiPath(name): ApiPath<String>,
) -> Result<Json<Vec<Transition>>, ApiError> {
    let transitions = state.registry.transitions(&name).await?;
    if transitions.is_empty() {
        model_exists(&state, &name).await?;
    }
    Ok(Json(transitions.into_iter().map(convert::transition).collect()))
}

/// What was in Production at a time: the transition that put it there, as the history has it. Times are milliseconds since
/// the epoch or RFC 3339; without one it is now.
#[utoipa::path(get, path = "/models/{name}/production", tag = "models",
    params(
        ("name" = String, Path, description = "The registered model"),
        ("at" = Option<String>, Query, description = "When, such as `1795415041865` or `2026-11-23T06:24:01Z`"),
    ),
    responses(
        (status = 200, body = Transition),
        (status = 400, description = "That isn't a time.", body = ErrorBody),
        (status = 404, description = "There is no such model, or nothing was in Production.", body = ErrorBody),
    ))]
pub(crate) async fn production(
    State(state): State<AppState>,
    ApiPath(name): ApiPath<String>,
    ApiQuery(query): ApiQuery<ProductionQuery>,
) -> Result<Json<Transition>, ApiError> {
    let at_ms = match query.at {
        None => now_ms(),
        Some(text) => time::parse(&text)
            .ok_or_else(|| ApiError::bad_request("`at` must be milliseconds since the epoch or RFC 3339"))?,
    };
    match state.registry.production_at(&name, at_ms).await? {
        Some(transition) => Ok(Json(convert::transition(transition))),
        None => {
            model_exists(&state, &name).await?;
            Err(ApiError::NotFound(
                "no version of the model was in Production then".to_owned(),
            ))
        }
    }
}

/// The query of [`production`].
#[derive(serde::Deserialize)]
pub(crate) struct ProductionQuery {
    at: Option<String>,
}

/// A run with its params, metrics and learning curves.
#[utoipa::path(get, path = "/runs/{run_id}", tag = "models",
    params(("run_id" = String, Path, description = "32 hexadecimal digits")),
    responses(
        (status = 200, body = RunDetail),
        (status = 404, description = "There is no such run.", body = ErrorBody),
    ))]
pub(crate) async fn run(
    State(state): State<AppState>,
    ApiPath(run_id): ApiPath<String>,
) -> Result<Json<RunDetail>, ApiError> {
    let run = state.registry.run(&run_id).await?;
    let run = run.ok_or_else(|| ApiError::NotFound("there is no such run".to_owned()))?;
    let mut curves = Vec::new();
    for metric in &run.metrics {
        let points = state.registry.metric_history(&run_id, &metric.key).await?;
        if points.len() > 1 {
            curves.push((metric.key.clone(), points));
        }
    }
    Ok(Json(convert::run(run, curves)))
}

/// Moves a version to a stage, Production when the body names none. A version that this server would refuse to
/// serve isn't let into Production.
#[utoipa::path(post, path = "/models/{name}/versions/{version}/promote", tag = "models",
    params(
        ("name" = String, Path, description = "The registered model"),
        ("version" = i64, Path, description = "The version, from 1"),
    ),
    request_body = PromoteRequest, security(("token" = [])),
    responses(
        (status = 200, body = Transition),
        (status = 401, description = "No token, or a wrong, expired or revoked one.", body = ErrorBody),
        (status = 403, description = "The token's role is less than admin, nobody has a token, or a page of another origin asks.", body = ErrorBody),
        (status = 404, description = "There is no such version.", body = ErrorBody),
        (status = 409, description = "The version has no compact file, or its files don't pass the checks.", body = ErrorBody),
    ))]
pub(crate) async fn promote(
    Acting(state): Acting,
    Extension(RequestId(id)): Extension<RequestId>,
    ApiPath((name, version)): ApiPath<(String, i64)>,
    ApiJson(request): ApiJson<PromoteRequest>,
) -> Result<Json<Transition>, ApiError> {
    let record = state.registry.record(&name, version).await?;
    let record = record.ok_or_else(|| no_version(&name, version))?;
    if request.stage == Stage::Production {
        let row = state.registry.version(&name, version).await?;
        let row = row.ok_or_else(|| no_compact_file(&record))?;
        match name == state.serving.model_name() {
            true => drop(state.serving.load(&row).await?),
            false => state.serving.verify(&row).await?,
        }
    }
    let stage = convert::registry_stage(request.stage);
    let transition = state
        .registry
        .transition(&name, version, stage, &actor(&state, &id), &request.reason)
        .await?;
    state.serving.follow().await;
    Ok(Json(convert::transition(transition)))
}

/// Puts the Production version before the current one back.
#[utoipa::path(post, path = "/models/{name}/rollback", tag = "models",
    params(("name" = String, Path, description = "The registered model")),
    request_body = RollbackRequest, security(("token" = [])),
    responses(
        (status = 200, body = Transition),
        (status = 401, description = "No token, or a wrong, expired or revoked one.", body = ErrorBody),
        (status = 403, description = "The token's role is less than admin, nobody has a token, or a page of another origin asks.", body = ErrorBody),
        (status = 404, description = "There is no such model.", body = ErrorBody),
        (status = 409, description = "There is nothing to roll back to.", body = ErrorBody),
    ))]
pub(crate) async fn rollback(
    Acting(state): Acting,
    Extension(RequestId(id)): Extension<RequestId>,
    ApiPath(name): ApiPath<String>,
    ApiJson(request): ApiJson<RollbackRequest>,
) -> Result<Json<Transition>, ApiError> {
    model_exists(&state, &name).await?;
    let transition = state
        .registry
        .rollback(&name, &actor(&state, &id), &request.reason)
        .await?;
    state.serving.follow().await;
    Ok(Json(convert::transition(transition)))
}

/// Who was let in, and the request to look up in the log.
fn actor(state: &AppState, request_id: &str) -> String {
    format!("{}, request {request_id}", state.registry.actor().who())
}

async fn model_exists(state: &AppState, name: &str) -> Result<(), ApiError> {
    match state.registry.model_record(name).await? {
        Some(_) => Ok(()),
        None => Err(ApiError::NotFound("there is no such model".to_owned())),
    }
}

fn no_compact_file(version: &registry::VersionRecord) -> ApiError {
    let why = match version.status_message.as_str() {
        "" => "it isn't a model of XGBoost that was exported".to_owned(),
        message => message.to_owned(),
    };
    ApiError::Conflict {
        message: format!(
            "version {} of {:?} has no compact file to predict with: {why}",
            version.version, version.model_name
        ),
        cause: None,
    }
}

pub(super) fn no_version(name: &str, version: i64) -> ApiError {
    ApiError::NotFound(format!("there is no version {version} of the model {name:?}"))
}
