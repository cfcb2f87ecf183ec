//! The token that a request brings: as `Bearer TOKEN`, or as the password of `Basic` with any user name, which is what
//! `MLFLOW_TRACKING_TOKEN` and `MLFLOW_TRACKING_PASSWORD` become.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The token, if there is one.
pub(super) fn token_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, given) = value.split_once(' ')?;
    let token = match scheme {
        _ if scheme.eq_ignore_ascii_case("bearer") => given.to_owned(),
        _ if scheme.eq_ignore_ascii_case("basic") => {
            let decoded = String::from_utf8(STANDARD.decode(given.trim()).ok()?).ok()?;
            decoded.split_once(':')?.1.to_owned()
        }
        _ => return None,
    };
    Some(token).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_token_comes_as_bearer_or_as_password() {
        for (given, token) in [
            ("Bearer s3cret", Some("s3cret")),
            ("bearer s3cret", Some("s3cret")),
            ("Bearer s3cret2", Some("s3cret2")),
            ("Basic bWU6czNjcmV0", Some("s3cret")),    // me:s3cret
            ("basic OnMzY3JldA==", Some("s3cret")),    // :s3cret
            ("Basic czNjcmV0Om90aGVy", Some("other")), // s3cret:other
            ("Basic czNjcmV0", None),                  // s3cret
            ("Basic czNjcmV0Og==", None),              // s3cret:
            ("Basic ?", None),
            ("Basic s3cret", None),
            ("Digest s3cret", None),
            ("Bearer ", None),
            ("s3cret", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(given));
            assert_eq!(token_of(&headers).as_deref(), token, "{given}");
        }
        assert_eq!(token_of(&HeaderMap::new()), None);
    }
}
