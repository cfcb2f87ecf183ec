//! Who may change something: a bearer token, and no page of another origin.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq;

use crate::error::ApiError;
use crate::state::AppState;

/// The layer of every route that changes something.
pub(crate) async fn guard(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    check_origin(request.headers(), request.uri(), &state.settings.allow_origins)?;
    check_token(request.headers(), state.settings.token.as_deref())?;
    Ok(next.run(request).await)
}

fn check_token(headers: &HeaderMap, token: Option<&str>) -> Result<(), ApiError> {
    let token = token.ok_or(ApiError::Forbidden(
        "this server was started without a token, so nobody may do this",
    ))?;
    let given = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, credentials) = value.as_bytes().split_at_checked("Bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then_some(credentials)
    });
    // Constant time for tokens of equal length; the length itself is no secret.
    let equal = given.is_some_and(|given| bool::from(given.ct_eq(token.as_bytes())));
    if equal {
        Ok(())
    } else {
        Err(ApiError::Unauthenticated)
    }
}

/// A browser sends `Origin` with every POST; other programs don't.
pub(crate) fn check_origin(headers: &HeaderMap, uri: &Uri, allowed: &[HeaderValue]) -> Result<(), ApiError> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| Some(uri.authority()?.as_str()));
    let own = origin
        .to_str()
        .ok()
        .and_then(|origin| Some(origin.split_once("://")?.1));
    if allowed.contains(origin) || (own.is_some() && own == host) {
        return Ok(());
    }
    Err(ApiError::Forbidden(
        "a page of another origin may not do this; see --allow-origin",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_the_exact_token_passes() {
        for (given, expected) in [
            ("Bearer s3cret", 200),
            ("bearer s3cret", 200),
            ("Bearer s3cre", 401),
            ("Bearer s3cret2", 401),
            ("Bearer ", 401),
            ("s3cret", 401),
            ("Basic s3cret", 401),
        ] {
            let outcome = check_token(&headers(&[(header::AUTHORIZATION, given)]), Some("s3cret"));
            assert_eq!(
                outcome.map_or_else(|error| error.status().as_u16(), |()| 200),
                expected,
                "{given}"
            );
        }
        assert_eq!(
            check_token(&HeaderMap::new(), Some("s3cret"))
                .unwrap_err()
                .status()
                .as_u16(),
            401
        );
        let any = headers(&[(header::AUTHORIZATION, "Bearer ")]);
        assert_eq!(check_token(&any, None).unwrap_err().status().as_u16(), 403);
    }

    #[test]
    fn only_own_and_allowed_origins_pass() {
        let allowed = [HeaderValue::from_static("https://ads.example")];
        for (origin, passes) in [
            ("http://leaf.example:8080", true),
            ("https://ads.example", true),
            ("http://leaf.example", false),
            ("https://evil.example", false),
            ("null", false),
        ] {
            let headers = headers(&[(header::HOST, "leaf.example:8080"), (header::ORIGIN, origin)]);
            assert_eq!(
                check_origin(&headers, &Uri::from_static("/"), &allowed).is_ok(),
                passes,
                "{origin}"
            );
        }
        assert!(check_origin(&HeaderMap::new(), &Uri::from_static("/"), &[]).is_ok());
    }
}
