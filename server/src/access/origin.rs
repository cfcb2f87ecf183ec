//! From where a request comes, as far as browsers tell.

use axum::http::{HeaderMap, HeaderValue, Uri, header};

/// Whether no page of another origin asks. A browser sends `Origin` with every POST; other programs don't.
pub(super) fn is_allowed(headers: &HeaderMap, uri: &Uri, allowed: &[HeaderValue]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| Some(uri.authority()?.as_str()));
    let own = origin
        .to_str()
        .ok()
        .and_then(|origin| Some(origin.split_once("://")?.1));
    allowed.contains(origin) || (own.is_some() && own == host)
}

/// Whether the request was sent to a name that only means this machine. A name that an attacker pointed here isn't one.
pub(super) fn is_to_loopback(headers: &HeaderMap, uri: &Uri) -> bool {
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
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
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
                is_allowed(&headers, &Uri::from_static("/"), &allowed),
                passes,
                "{origin}"
            );
        }
        assert!(is_allowed(&HeaderMap::new(), &Uri::from_static("/"), &[]));
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
            let headers = headers(&[(header::HOST, host)]);
            assert_eq!(is_to_loopback(&headers, &Uri::from_static("/")), is, "{host}");
        }
    }
}
