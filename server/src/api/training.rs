//! Queued training runs and their live progress.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use api_types::{ErrorBody, TrainingRun, TrainingRunEvent, TrainingRunRequest};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::stream::unfold;
use registry::{Role, TrainingQueue};
use tokio_util::sync::CancellationToken;

use crate::access::{Acting, Caller, too_little};
use crate::convert;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath};
use crate::observe::chain;
use crate::state::AppState;

const LISTED: i64 = 100;
const POLL_INTERVAL: Duration = Duration::from_millis(250);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

const MAX_SOURCES: usize = 100;
const MAX_GENERATED_ROWS: u64 = 1_000_000_000;
const MAX_ROUNDS: u32 = 100_000;

/// Queues a training run; a worker takes it up. To `promote` its version takes an admin's token, as promoting does.
#[utoipa::path(post, path = "/api/training-runs", tag = "training",
    request_body = TrainingRunRequest, security(("token" = [])),
    responses(
        (status = 202, body = TrainingRun, headers(("location" = String, description = "The queued run"))),
        (status = 401, description = "No token, or a wrong, expired or revoked one.", body = ErrorBody),
        (status = 403, description = "The token's role is less than trainer, or less than admin with `promote`; nobody has a token; or a page of another origin asks.", body = ErrorBody),
        (status = 422, description = "A field is out of its domain.", body = ErrorBody),
    ))]
pub(crate) async fn queue(
    Acting(state): Acting,
    Extension(caller): Extension<Caller>,
    ApiJson(request): ApiJson<TrainingRunRequest>,
) -> Result<Response, ApiError> {
    check(&request)?;
    if request.promote && caller.role < Role::Admin {
        return Err(ApiError::Forbidden(too_little(Role::Admin)));
    }
    let run = state
        .registry
        .queue()
        .enqueue(convert::registry_training_request(request))
        .await?;
    let run = convert::training_run(run);
    tracing::info!(training_run_id = run.training_run_id, "queued a training run");
    let location = [(
        header::LOCATION,
        format!("/api/training-runs/{}", run.training_run_id),
    )];
    Ok((StatusCode::ACCEPTED, location, Json(run)).into_response())
}

/// The newest training runs first, at most 100.
#[utoipa::path(get, path = "/api/training-runs", tag = "training", responses((status = 200, body = Vec<TrainingRun>)))]
pub(crate) async fn list(State(state): State<AppState>) -> Result<Json<Vec<TrainingRun>>, ApiError> {
    let runs = state.registry.queue().training_runs(LISTED).await?;
    Ok(Json(runs.into_iter().map(convert::training_run).collect()))
}

/// One training run.
#[utoipa::path(get, path = "/api/training-runs/{id}", tag = "training",
    params(("id" = String, Path, description = "32 hexadecimal digits")),
    responses(
        (status = 200, body = TrainingRun),
        (status = 404, description = "There is no such training run.", body = ErrorBody),
    ))]
pub(crate) async fn get(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<TrainingRun>, ApiError> {
    let run = state
        .registry
        .queue()
        .training_run(&id)
        .await?
        .ok_or_else(no_run)?;
    Ok(Json(convert::training_run(run)))
}

/// The training run's changes as they happen, from the first or from `Last-Event-ID` on: server-sent events, each
/// with a `TrainingRunEvent` as data. The stream ends when the run has ended; 204 when there is nothing left to send.
#[utoipa::path(get, path = "/api/training-runs/{id}/events", tag = "training",
    params(
        ("id" = String, Path, description = "32 hexadecimal digits"),
        ("last-event-id" = Option<i64>, Header, description = "The last event that the caller has"),
    ),
    responses(
        (status = 200, body = TrainingRunEvent, content_type = "text/event-stream"),
        (status = 204, description = "The run has ended and the caller has all its events."),
        (status = 404, description = "There is no such training run.", body = ErrorBody),
    ))]
pub(crate) async fn events(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let queue = state.registry.queue();
    let run = queue.training_run(&id).await?.ok_or_else(no_run)?;
    let after = headers
        .get(LAST_EVENT_ID)
        .and_then(|id| id.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    let pending: VecDeque<_> = queue.events_after(&id, after).await?.into();
    if run.state.has_ended() && pending.is_empty() {
        // The answer at which a browser's EventSource stops connecting anew.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let follow = Follow {
        queue,
        id,
        after,
        pending,
        ended: false,
        stopping: state.stopping.clone(),
    };
    let stream = unfold(follow, |mut follow| async move {
        Some((follow.next().await?, follow))
    });
    let mut response = Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response();
    // A proxy that buffers would hold progress back.
    response
        .headers_mut()
        .insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// A run's events from some point on.
struct Follow {
    queue: TrainingQueue,
    id: String,
    after: i64,
    pending: VecDeque<registry::TrainingRunEvent>,
    ended: bool,
    stopping: CancellationToken,
}

impl Follow {
    async fn next(&mut self) -> Option<Result<Event, Infallible>> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                self.after = event.sequence;
                self.ended = event.run.state.has_ended();
                let event = TrainingRunEvent {
                    sequence: event.sequence,
                    run: convert::training_run(event.run),
                };
                match Event::default().id(event.sequence.to_string()).json_data(&event) {
                    Ok(event) => return Some(Ok(event)),
                    Err(error) => tracing::error!(%error, "can't write a training event"),
                }
                continue;
            }
            if self.ended {
                return None;
            }
            tokio::select! {
                () = self.stopping.cancelled() => return None,
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
            match self.queue.events_after(&self.id, self.after).await {
                Ok(events) => self.pending.extend(events),
                // The stream stays open: the registry may come back, and the caller misses nothing.
                Err(error) => tracing::warn!(cause = chain(&error), "can't read training events"),
            }
        }
    }
}

fn check(request: &TrainingRunRequest) -> Result<(), ApiError> {
    if request.data.len() > MAX_SOURCES {
        return Err(ApiError::unprocessable(format!(
            "`data` may have {MAX_SOURCES} sources"
        )));
    }
    // Never file://: a caller must not be able to read the worker's disk.
    if !request
        .data
        .iter()
        .all(|source| source.starts_with("https://") || source.starts_with("s3://"))
    {
        return Err(ApiError::unprocessable(
            "each source in `data` must start with https:// or s3://",
        ));
    }
    if request.generate_rows.is_some() && !request.data.is_empty() {
        return Err(ApiError::unprocessable(
            "`generate_rows` and `data` exclude each other",
        ));
    }
    if request
        .generate_rows
        .is_some_and(|rows| !(1..=MAX_GENERATED_ROWS).contains(&rows))
    {
        return Err(ApiError::unprocessable(format!(
            "`generate_rows` must be within 1 and {MAX_GENERATED_ROWS}"
        )));
    }
    if request
        .max_rounds
        .is_some_and(|rounds| !(1..=MAX_ROUNDS).contains(&rounds))
    {
        return Err(ApiError::unprocessable(format!(
            "`max_rounds` must be within 1 and {MAX_ROUNDS}"
        )));
    }
    if request.max_bytes == Some(0) {
        return Err(ApiError::unprocessable("`max_bytes` must be at least 1"));
    }
    Ok(())
}

fn no_run() -> ApiError {
    ApiError::NotFound("there is no such training run".to_owned())
}
