//! How the server is, for people, probes and Prometheus.

use api_types::{ErrorBody, Health};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::state::AppState;

/// How the server is: always 200, the body says whether it is `ok`, `degraded` or `not_ready`.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Health)))]
pub(crate) async fn health(State(state): State<AppState>) -> Json<Health> {
    Json(state.serving.health())
}

/// Whether the process answers; a probe that fails means: restart it.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = Health)))]
pub(crate) async fn live(State(state): State<AppState>) -> Json<Health> {
    Json(state.serving.health())
}

/// Whether `/predict` works; a probe that fails means: send no requests yet.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses(
    (status = 200, body = Health),
    (status = 503, description = "No model is loaded.", body = ErrorBody),
))]
pub(crate) async fn ready(State(state): State<AppState>) -> Result<Json<Health>, ApiError> {
    let health = state.serving.health();
    match (health.ready, &health.registry.message) {
        (true, _) => Ok(Json(health)),
        (false, Some(message)) => Err(ApiError::Unavailable {
            message: format!("no model is loaded: {message}"),
            cause: None,
        }),
        (false, None) => {
            let message = format!("no version of {:?} is in Production", state.serving.model_name());
            Err(ApiError::Unavailable { message, cause: None })
        }
    }
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health", responses(
    (status = 200, body = String, content_type = "text/plain"),
))]
pub(crate) async fn metrics(State(state): State<AppState>) -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (StatusCode::OK, content_type, state.metrics.render()).into_response()
}
