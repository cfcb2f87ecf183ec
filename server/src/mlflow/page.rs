//! Page tokens: the base64 of `{"offset": N}`, as MLflow makes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::error::MlflowError;

/// Where the next page begins.
pub(crate) fn token(offset: i64) -> String {
    STANDARD.encode(format!("{{\"offset\": {offset}}}"))
}

/// What a token says; 0 without one.
pub(crate) fn offset(token: Option<&str>) -> Result<i64, MlflowError> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(0);
    };
    let decoded = STANDARD
        .decode(token)
        .map_err(|_| MlflowError::invalid("Invalid page token, could not base64-decode"))?;
    let parsed: Option<Value> = serde_json::from_slice(&decoded).ok();
    let Some(parsed) = parsed else {
        let shown = String::from_utf8_lossy(&decoded).into_owned();
        return Err(MlflowError::invalid(format!(
            "Invalid page token, decoded value={shown}"
        )));
    };
    let offset = &parsed["offset"];
    let number = offset.as_i64().or_else(|| offset.as_str()?.parse().ok());
    match number {
        Some(number) if number > 0 => Ok(number),
        _ => Err(MlflowError::invalid(format!(
            "Invalid page token, parsed value={parsed}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_mlflows() {
        assert_eq!(token(2), "eyJvZmZzZXQiOiAyfQ==");
        assert_eq!(offset(Some(&token(2))).unwrap(), 2);
        assert_eq!(offset(None).unwrap(), 0);
        assert_eq!(offset(Some("")).unwrap(), 0);
        for (bad, message) in [
            ("!!", "could not base64-decode"),
            ("eHh4", "decoded value=xxx"),
            ("e30=", "parsed value={}"),
            (&token(-5), "parsed value"),
        ] {
            let error = offset(Some(bad)).unwrap_err();
            assert!(error.message.contains(message), "{}", error.message);
        }
    }
}
