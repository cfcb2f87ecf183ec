//! The static app: `index.html` for `/`, and the files beside it.
//!
//! Files whose name has a digest are immutable; all others are asked for anew each time. `.br`, `.zst` and `.gz`
//! files beside a file are sent in its place to browsers that take them.

mod policy;

use std::io::ErrorKind;
use std::path::Path;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use tower_http::services::ServeDir;
use utoipa::OpenApi;

use crate::api::manifest::matches_etag;
use crate::error::ApiError;
use crate::openapi::ApiDoc;
use crate::state::AppState;

/// Everything that no route of the API has.
pub(crate) async fn app_file(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    let nothing = || ApiError::NotFound("there is nothing at this path".to_owned());
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return Err(nothing());
    }
    let path = request.uri().path().to_owned();
    let is_index = matches!(path.as_str(), "/" | "/index.html");
    match &state.settings.app_dir {
        Some(folder) if is_index => index(folder, request.headers()).await,
        Some(folder) => file(folder, &path, request).await,
        None if path == "/" => Ok(no_app()),
        None => Err(nothing()),
    }
}

/// Read anew each time: its policy has the digests of the very scripts that it carries.
async fn index(folder: &Path, request: &HeaderMap) -> Result<Response, ApiError> {
    let html = match tokio::fs::read(folder.join("index.html")).await {
        Ok(html) => html,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(ApiError::NotFound("the app folder has no index.html".to_owned()));
        }
        Err(error) => return Err(ApiError::Internal(error.into())),
    };
    let etag = format!("W/\"{}\"", model_export::sha256_hex(&html));
    let policy = policy::of_page(&String::from_utf8_lossy(&html));
    let headers = [
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, etag.clone()),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    if matches_etag(request, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, Html(html)).into_response())
}

async fn file(folder: &Path, path: &str, request: Request) -> Result<Response, ApiError> {
    let mut files = ServeDir::new(folder)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_zstd()
        .precompressed_gzip();
    let nothing = || ApiError::NotFound("there is nothing at this path".to_owned());
    let response = files
        .try_call(request)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::IsADirectory
            | ErrorKind::NotADirectory
            | ErrorKind::InvalidFilename => nothing(),
            _ => ApiError::Internal(error.into()),
        })?;
    let mut response = response.map(Body::new);
    if response.status() == StatusCode::NOT_FOUND {
        return Err(nothing());
    }
    let cache = if has_digest(path) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    // A worker runs under the policy of its own file.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy::OF_FILES),
    );
    Ok(response)
}

/// Whether a part of the file's name is 8 or more hexadecimal digits, as in `app-1a2b3c4d5e6f7081_bg.wasm`.
fn has_digest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        part.len() >= 8
            && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && part.bytes().any(|byte| byte.is_ascii_digit())
    })
}

/// What `/` answers when there is no app: that it isn't there, and what is.
fn no_app() -> Response {
    let mut rows = String::new();
    for (path, item) in ApiDoc::openapi().paths.paths {
        for (method, operation) in [("GET", item.get), ("POST", item.post)] {
            if let Some(operation) = operation {
                let summary = operation.summary.unwrap_or_default();
                rows.push_str(&format!(
                    "<tr><td>{method}</td><td><code>{path}</code></td><td>{summary}</td></tr>\n"
                ));
            }
        }
    }
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>ClickLeaf</title>\n\
         <h1>ClickLeaf</h1>\n<p>This server was started without the page (<code>--app-dir</code>). \
         Its API is here; <a href=\"docs/\">docs</a> explains it.</p>\n<table>\n{rows}</table>\n</html>\n"
    );
    ([(header::CACHE_CONTROL, "no-cache")], Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use super::has_digest;

    #[test]
    fn only_names_with_a_digest_are_immutable() {
        for name in [
            "/app-1a2b3c4d5e6f7081.js",
            "/app-1a2b3c4d5e6f7081_bg.wasm",
            "/css/style.0123abcd.css",
        ] {
            assert!(has_digest(name), "{name}");
        }
        for name in [
            "/sw.js",
            "/1a2b3c4d5e6f7081/sw.js",
            "/manifest.webmanifest",
            "/facade.js",
            "/deadbeef.js",
        ] {
            assert!(!has_digest(name), "{name}");
        }
    }
}
