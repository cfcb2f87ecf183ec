//! The OpenAPI document and a page to read it, from assets inside the binary: it works with no network.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::OriginalUri;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_swagger_ui::Config;

use crate::error::ApiError;
use crate::openapi::ApiDoc;

/// Swagger UI sets styles inline and draws icons from data addresses.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("../openapi.json")));

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "docs", responses((status = 200, body = serde_json::Value)))]
pub(crate) async fn openapi() -> Json<Document> {
    Json(ApiDoc::openapi())
}

/// The address with the slash, which the page's relative links need.
pub(crate) async fn redirect() -> Redirect {
    Redirect::permanent("docs/")
}

/// A page to read this document.
#[utoipa::path(get, path = "/docs/", tag = "docs", responses(
    (status = 200, body = String, content_type = "text/html"),
))]
pub(crate) async fn page(OriginalUri(uri): OriginalUri) -> Result<Response, ApiError> {
    let path = uri.path().strip_prefix("/docs/").unwrap_or_default();
    let file = utoipa_swagger_ui::serve(path, CONFIG.clone())
        .map_err(|error| ApiError::Internal(error.to_string().into()))?
        .ok_or_else(|| ApiError::NotFound("there is nothing at this path".to_owned()))?;
    let headers = [
        (header::CONTENT_TYPE, file.content_type.as_str()),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    Ok((headers, file.bytes.into_owned()).into_response())
}
