//! `GET /manifest.json`: which model a page must use, and what other versions there are.

use std::hash::{DefaultHasher, Hash, Hasher};

use api_types::{Manifest, ServedModel};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::convert;
use crate::error::ApiError;
use crate::serving::{Served, now_ms};
use crate::state::AppState;

/// What the page starts from: the version that predicts, and all versions. While the registry is down, the version
/// in service and no others.
#[utoipa::path(get, path = "/manifest.json", tag = "models", responses(
    (status = 200, body = Manifest),
    (status = 304, description = "Nothing has changed since the ETag given in If-None-Match."),
))]
pub(crate) async fn manifest(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // The one in service and not the registry's word: a page is never sent to a file that this server refused.
    let served = state.serving.current();
    let versions = match state.registry.versions(state.serving.model_name()).await {
        Ok(versions) => versions.iter().map(convert::version).collect(),
        Err(error) => {
            tracing::warn!(
                cause = crate::observe::chain(&error),
                "manifest without the registry"
            );
            served.iter().map(|served| served.version.clone()).collect()
        }
    };
    let mut manifest = Manifest {
        manifest_version: 1,
        generated_at_ms: 0,
        api_base: Some(".".to_owned()),
        production: served.map(|served| served_model(&served, state.serving.verification_key())),
        versions,
    };
    let content = serde_json::to_string(&manifest).map_err(|error| ApiError::Internal(error.into()))?;
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    // Weak: two manifests of different times are the same but for that time.
    let etag = format!("W/\"{:016x}\"", hasher.finish());
    let cache = [
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, etag.clone()),
    ];
    if matches_etag(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, cache).into_response());
    }
    manifest.generated_at_ms = now_ms();
    Ok((cache, axum::Json(manifest)).into_response())
}

/// A version with the addresses of its files, relative to the page.
pub(crate) fn served_model(served: &Served, verification_key: Option<&str>) -> ServedModel {
    let sha256 = &served.version.model_sha256;
    ServedModel {
        version: served.version.clone(),
        model_url: format!("model-files/{sha256}.leaf"),
        bundle_url: served
            .file
            .bundle
            .as_ref()
            .map(|_| format!("model-files/{sha256}.sig.json")),
        signing_key_pem: verification_key.map(str::to_owned),
    }
}

/// Weak comparison of `If-None-Match` with an entity tag (RFC 9110, section 13.1.2).
pub(crate) fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let lists = headers.get_all(header::IF_NONE_MATCH);
    let mut tags = lists
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','));
    tags.any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}
