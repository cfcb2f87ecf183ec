//! What happens to every request: an id, a span, the security headers, the error body, the log line, the metrics.

use std::sync::Arc;
use std::time::Instant;

use api_types::ErrorBody;
use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::error::{ApiError, error_code};
use crate::state::AppState;

/// The header that carries the request id in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request at hand, in its extensions.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

/// In the extensions of an error answer that has its body already, in a form of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HasBody;

/// The outermost layer of the router.
pub(crate) async fn observe(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // The route's pattern, never the path itself: the number of time series must not depend on callers.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("static", |matched| matched.as_str())
        .to_owned();
    let span = tracing::info_span!("request", request_id = %id, %method, path);

    let mut response = next.run(request).instrument(span.clone()).await;
    let _entered = span.enter();
    response = write_error_body(response, &id);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));

    let elapsed = started.elapsed();
    let status = response.status();
    state
        .metrics
        .request(&route, method.as_str(), status.as_u16(), elapsed);
    tracing::info!(
        status = status.as_u16(),
        micros = elapsed.as_micros() as u64,
        "answered"
    );
    response
}

/// Gives every 4xx and 5xx answer its JSON body, whoever made it: a handler, an extractor, the router or a layer.
fn write_error_body(response: Response, id: &str) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.extensions().get::<HasBody>().is_some() {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let body = match parts.extensions.remove::<Arc<ApiError>>() {
        Some(error) => {
            if let Some(cause) = error.cause() {
                tracing::error!(cause = chain(cause.as_ref()), "{error}");
            }
            error.body(id)
        }
        None => ErrorBody {
            code: error_code(status),
            message: plain_message(status).to_owned(),
            row: None,
            column: None,
            request_id: Some(id.to_owned()),
        },
    };
    for name in [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
        header::ETAG,
    ] {
        parts.headers.remove(name);
    }
    parts
        .headers
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut answer = (status, Json(body)).into_response();
    for (name, value) in &parts.headers {
        answer.headers_mut().append(name, value.clone());
    }
    answer
}

fn plain_message(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "there is nothing at this path",
        StatusCode::METHOD_NOT_ALLOWED => "this path doesn't take this method; see the Allow header",
        StatusCode::PAYLOAD_TOO_LARGE => "the body is larger than this path takes",
        StatusCode::REQUEST_TIMEOUT => "the request took too long",
        StatusCode::INTERNAL_SERVER_ERROR => "the server failed; its log has the cause under the request id",
        _ => status.canonical_reason().unwrap_or("the request failed"),
    }
}

/// The error and all its sources in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// The caller's id when it is short and harmless in a log, else a new one.
fn request_id(request: &Request) -> Arc<str> {
    let given = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match given.filter(harmless) {
        Some(id) => id.into(),
        // Without entropy the id is zero; a request is worth more than its id.
        None => format!("{:016x}", getrandom::u64().unwrap_or_default()).into(),
    }
}
