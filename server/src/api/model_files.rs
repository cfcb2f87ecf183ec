//! Compact model files and their signatures, under the file's digest: a file at such an address never changes.

use std::sync::Arc;

use api_types::ErrorBody;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use crate::api::manifest::matches_etag;
use crate::error::ApiError;
use crate::extract::ApiPath;
use crate::model_file::{Encoding, ModelFile, is_digest};
use crate::state::AppState;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A compact model file (`<sha256>.leaf`) or the bundle that signs it (`<sha256>.sig.json`).
#[utoipa::path(get, path = "/model-files/{file}", tag = "models",
    params(("file" = String, Path, description = "`<sha256>.leaf` or `<sha256>.sig.json`")),
    responses(
        (status = 200, content((Vec<u8> = "application/octet-stream"), (serde_json::Value = "application/json"))),
        (status = 304, description = "The file given in If-None-Match is the one."),
        (status = 404, description = "No registered version has this file.", body = ErrorBody),
        (status = 503, description = "The file isn't in memory and the store doesn't answer.", body = ErrorBody),
    ))]
pub(crate) async fn model_file(
    State(state): State<AppState>,
    ApiPath(name): ApiPath<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let no_file = || ApiError::NotFound("no registered version has this file".to_owned());
    let (sha256, is_bundle) = match name.split_once('.') {
        Some((sha256, "leaf")) => (sha256, false),
        Some((sha256, "sig.json")) => (sha256, true),
        _ => return Err(no_file()),
    };
    if !is_digest(sha256) {
        return Err(no_file());
    }
    let file = state.serving.file(sha256).await?.ok_or_else(no_file)?;
    if is_bundle {
        let bundle = file
            .bundle
            .clone()
            .ok_or_else(|| ApiError::NotFound("this file isn't signed".to_owned()))?;
        return Ok(answer_bundle(&headers, bundle));
    }
    answer_file(&headers, &file).await
}

async fn answer_file(headers: &HeaderMap, file: &Arc<ModelFile>) -> Result<Response, ApiError> {
    let encoding = Encoding::accepted(headers);
    // The digest is of the bytes as they are; a compressed form is equivalent, not equal, so its tag is weak.
    let weak = if encoding == Encoding::Identity { "" } else { "W/" };
    let etag = format!("{weak}\"{}\"", file.sha256);
    let cache = [
        (header::CACHE_CONTROL, IMMUTABLE.to_owned()),
        (header::ETAG, etag.clone()),
        (header::VARY, "accept-encoding".to_owned()),
    ];
    if matches_etag(headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, cache).into_response());
    }
    let bytes = file
        .encoded(encoding)
        .await
        .map_err(|error| ApiError::Internal(error.into()))?;
    let content_type = [(header::CONTENT_TYPE, "application/octet-stream")];
    let mut response = (cache, content_type, bytes).into_response();
    if let Some(name) = encoding.name() {
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    Ok(response)
}

/// Not immutable: its address has the digest of the file, not its own, and a file can be signed anew.
fn answer_bundle(headers: &HeaderMap, bundle: Bytes) -> Response {
    let etag = format!("W/\"{}\"", model_export::sha256_hex(&bundle));
    let cache = [
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, etag.clone()),
    ];
    if matches_etag(headers, &etag) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    (cache, [(header::CONTENT_TYPE, "application/json")], bundle).into_response()
}
