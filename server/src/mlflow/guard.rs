//! Who may use MLflow's API.
//!
//! With a token, whoever has it: as `Bearer TOKEN`, or as the password of `Basic` with any user name, which is what
//! `MLFLOW_TRACKING_TOKEN` and `MLFLOW_TRACKING_PASSWORD` become. Without one the server listens on loopback only, and
//! the programs of this machine may; a page in a browser may not, wherever its name was made to point.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use super::error::{Code, MlflowError};
use crate::auth::check_origin;
use crate::state::AppState;

/// The layer of every route of MLflow's API.
pub(crate) async fn guard(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, MlflowError> {
    let headers = request.headers();
    if check_origin(headers, request.uri(), &state.settings.allow_origins).is_err() {
        return Err(MlflowError::new(
            Code::PermissionDenied,
            "Cross-origin request blocked",
        ));
    }
    match state.settings.token.as_deref() {
        Some(token) if !has_token(headers, token) => {
            return Err(MlflowError::new(
                Code::Unauthenticated,
                "You are not authenticated: this server needs its token, as MLFLOW_TRACKING_TOKEN or as \
                 MLFLOW_TRACKING_PASSWORD",
            ));
        }
        None if !is_loopback(headers, request.uri()) => {
            return Err(MlflowError::new(
                Code::PermissionDenied,
                "Invalid Host header - possible DNS rebinding attack detected",
            ));
        }
        _ => {}
    }
    Ok(next.run(request).await)
}

/// The answer of a path that isn't there.
pub(crate) async fn no_route(uri: Uri) -> MlflowError {
    MlflowError::new(Code::EndpointNotFound, format!("There is no {}", uri.path()))
}

/// The answer of a method that a path doesn't take.
pub(crate) async fn no_method() -> MlflowError {
    MlflowError::new(
        Code::BadRequest,
        "The method is not allowed for the requested URL",
    )
    .with_status(StatusCode::METHOD_NOT_ALLOWED)
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    let Some((scheme, given)) = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.split_once(' '))
    else {
        return false;
    };
    let is = |given: &[u8]| bool::from(given.ct_eq(token.as_bytes()));
    if scheme.eq_ignore_ascii_case("bearer") {
        return is(given.as_bytes());
    }
    let decoded = STANDARD.decode(given.trim()).unwrap_or_default();
    let colon = decoded.iter().position(|byte| *byte == b':');
    scheme.eq_ignore_ascii_case("basic") && colon.is_some_and(|colon| is(&decoded[colon + 1..]))
}

/// Whether the request was sent to a name that only means this machine. A name that an attacker pointed here isn't one.
fn is_loopback(headers: &HeaderMap, uri: &Uri) -> bool {
    let host = match headers.get(header::HOST) {
        Some(host) => host.to_str().ok(),
        None => uri.authority().map(|authority| authority.as_str()),
    };
    let Some(authority) = host.and_then(|host| host.parse::<axum::http::uri::Authority>().ok()) else {
        return false;
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_token_comes_as_bearer_or_as_password() {
        for (given, passes) in [
            ("Bearer s3cret", true),
            ("bearer s3cret", true),
            ("Bearer other", false),
            ("Basic bWU6czNjcmV0", true),      // me:s3cret
            ("Basic OnMzY3JldA==", true),      // :s3cret
            ("Basic czNjcmV0", false),         // s3cret
            ("Basic czNjcmV0Om90aGVy", false), // s3cret:other
            ("Basic ?", false),
            ("s3cret", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(given));
            assert_eq!(has_token(&headers, "s3cret"), passes, "{given}");
        }
        assert!(!has_token(&HeaderMap::new(), "s3cret"));
    }

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for (host, is) in [
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("127.0.0.1:1", true),
            ("127.8.8.8", true),
            ("[::1]:80", true),
            ("localhost.evil.example", false),
            ("evil.example:8080", false),
            ("10.0.0.1", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            assert_eq!(is_loopback(&headers, &Uri::from_static("/")), is, "{host}");
        }
    }
}
