//! Evaluation reports: of a run, and of two versions side by side.
//!
//! A report is an artifact like any other, so whoever may upload artifacts may have written it. The stored page is sent
//! with a policy under which nothing in it runs or is fetched, and what is drawn here is checked first.

use api_types::ErrorBody;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use registry::Bucket;
use report::{Report, Titled};
use tokio::task::spawn_blocking;

use super::models::no_version;
use crate::error::ApiError;
use crate::extract::{ApiPath, ApiQuery};
use crate::state::AppState;

/// Of a report as JSON or as a page; the trainer's have about 100 KB.
const MOST_BYTES: usize = 8 << 20;

/// Its inline style and nothing else: no script, no picture, no form, no other page around it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; sandbox";

/// A run's evaluation report as a page: curves, calibration, lift, slices, features.
#[utoipa::path(get, path = "/runs/{run_id}/report", tag = "models",
    params(("run_id" = String, Path, description = "32 hexadecimal digits")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 404, description = "There is no such run, or it has no report.", body = ErrorBody),
        (status = 409, description = "What is in the report's place is too large to be one.", body = ErrorBody),
    ))]
pub(crate) async fn page(
    State(state): State<AppState>,
    ApiPath(run_id): ApiPath<String>,
) -> Result<Response, ApiError> {
    let page = stored(&state, &run_id, "report.html").await?;
    Ok(html(page))
}

/// The same report as JSON.
#[utoipa::path(get, path = "/runs/{run_id}/report.json", tag = "models",
    params(("run_id" = String, Path, description = "32 hexadecimal digits")),
    responses(
        (status = 200, body = serde_json::Value),
        (status = 404, description = "There is no such run, or it has no report.", body = ErrorBody),
        (status = 409, description = "What is in the report's place is too large to be one.", body = ErrorBody),
    ))]
pub(crate) async fn json(
    State(state): State<AppState>,
    ApiPath(run_id): ApiPath<String>,
) -> Result<Response, ApiError> {
    let json = stored(&state, &run_id, "report.json").await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// The reports of two versions as one page: the same charts with both, and how their metrics differ.
#[utoipa::path(get, path = "/models/{name}/compare", tag = "models",
    params(
        ("name" = String, Path, description = "The registered model"),
        ("a" = i64, Query, description = "A version, from 1"),
        ("b" = i64, Query, description = "The version it is compared with"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 400, description = "Those aren't two versions.", body = ErrorBody),
        (status = 404, description = "There is no such version, or it has no report.", body = ErrorBody),
        (status = 409, description = "A report can't be read by this server.", body = ErrorBody),
    ))]
pub(crate) async fn compare(
    State(state): State<AppState>,
    ApiPath(name): ApiPath<String>,
    ApiQuery(Compared { a, b }): ApiQuery<Compared>,
) -> Result<Response, ApiError> {
    let (first, second) = (
        of_version(&state, &name, a).await?,
        of_version(&state, &name, b).await?,
    );
    let drawn = spawn_blocking(move || {
        let (first, second) = (read(a, &first)?, read(b, &second)?);
        let titles = [format!("Version {a}"), format!("Version {b}")];
        let titled =
            [(&titles[0], &first), (&titles[1], &second)].map(|(title, report)| Titled { title, report });
        report::comparison(titled[0], titled[1]).map_err(|error| ApiError::Internal(error.into()))
    });
    let page = drawn.await.map_err(|error| ApiError::Internal(error.into()))??;
    Ok(html(page.into()))
}

/// The query of [`compare`].
#[derive(serde::Deserialize)]
pub(crate) struct Compared {
    a: i64,
    b: i64,
}

async fn of_version(state: &AppState, name: &str, version: i64) -> Result<Bytes, ApiError> {
    let row = state.registry.version(name, version).await?;
    let row = row.ok_or_else(|| no_version(name, version))?;
    let stored = stored(state, &row.run_id, "report.json").await;
    stored.map_err(|error| match error {
        ApiError::NotFound(_) => ApiError::NotFound(format!("version {version} has no evaluation report")),
        error => error,
    })
}

fn read(version: i64, json: &[u8]) -> Result<Report, ApiError> {
    Report::from_json(json).map_err(|error| ApiError::Conflict {
        message: format!("the evaluation report of version {version} can't be read by this server"),
        cause: Some(error.into()),
    })
}

/// A file of the run's report.
async fn stored(state: &AppState, run_id: &str, file: &str) -> Result<Bytes, ApiError> {
    let run = state.registry.run(run_id).await?;
    let run = run.ok_or_else(|| ApiError::NotFound("there is no such run".to_owned()))?;
    let none = || ApiError::NotFound("the run has no evaluation report".to_owned());
    let artifacts = state.registry.artifacts();
    let Some((Bucket::Artifacts, root)) = artifacts.locate(&run.artifact_uri) else {
        return Err(none());
    };
    let key = format!("{root}/report/{file}");
    let opened = artifacts.open_object(Bucket::Artifacts, &key, None).await?;
    let mut object = opened.ok_or_else(none)?;
    let mut bytes = BytesMut::new();
    while let Some(chunk) = object.stream.try_next().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST_BYTES {
            return Err(ApiError::Conflict {
                message: "the run's evaluation report is too large to be one".to_owned(),
                cause: None,
            });
        }
    }
    Ok(bytes.freeze())
}

fn html(page: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, page).into_response()
}
