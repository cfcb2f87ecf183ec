//! What names, keys and values may be. The limits are MLflow's, but nothing is cut short: too long is an error.

use crate::RegistryError;

pub(crate) const MAX_KEY: usize = 250;
pub(crate) const MAX_PARAM_VALUE: usize = 6000;
pub(crate) const MAX_TAG_VALUE: usize = 8000;
pub(crate) const MAX_NAME: usize = 256;
pub(crate) const MAX_TOKEN_NAME: usize = 64;
pub(crate) const MAX_EXPERIMENT_NAME: usize = 500;
pub(crate) const MAX_EXPERIMENT_TAG_VALUE: usize = 20_000;
pub(crate) const MAX_DATASET_SOURCE: usize = 65_535;
pub(crate) const MAX_DATASET_SCHEMA: usize = 1_048_575;
pub(crate) const MAX_DATASET_PROFILE: usize = 16_777_215;
pub(crate) const MAX_ALIAS: usize = 255;
pub(crate) const MAX_SOURCE: usize = 500;
pub(crate) const MAX_DESCRIPTION: usize = 100_000;
pub(crate) const MAX_LONG_TAG_VALUE: usize = 100_000;
pub(crate) const MAX_LOCATION: usize = 2000;
pub(crate) const MAX_REASON: usize = 8000;
pub(crate) const MAX_METRICS: usize = 1000;
pub(crate) const MAX_PARAMS: usize = 100;
pub(crate) const MAX_TAGS: usize = 100;

/// A key of a metric, param or tag: letters and digits of any script and `_-. :/`, and as a path it must stay what it
/// is.
pub(crate) fn key(field: &'static str, key: &str) -> Result<(), RegistryError> {
    text(field, key, MAX_KEY)?;
    if let Some(other) = key
        .chars()
        .find(|c| !c.is_alphanumeric() && !"_-. :/".contains(*c))
    {
        return invalid(
            field,
            format!("has the character {other:?}; letters, digits and _-. :/ are fine"),
        );
    }
    if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return invalid(field, "has an empty, `.` or `..` part between slashes".to_owned());
    }
    Ok(())
}

/// A value that may be empty.
pub(crate) fn value(field: &'static str, value: &str, most: usize) -> Result<(), RegistryError> {
    let length = value.chars().count();
    if length > most {
        return invalid(field, format!("has {length} characters; {most} is the most"));
    }
    if value.contains('\0') {
        return invalid(field, "has a NUL character".to_owned());
    }
    Ok(())
}

/// A value that may not be empty.
pub(crate) fn text(field: &'static str, text: &str, most: usize) -> Result<(), RegistryError> {
    if text.is_empty() {
        return invalid(field, "is empty".to_owned());
    }
    value(field, text, most)
}

/// The name of a registered model: part of URIs such as `models:/name/1`, so without `/` and `:`.
pub(crate) fn model_name(name: &str) -> Result<(), RegistryError> {
    text("model name", name, MAX_NAME)?;
    if name.contains(['/', ':']) {
        return invalid("model name", "has a `/` or `:`".to_owned());
    }
    Ok(())
}

/// An alias that a caller may set, which is none that is reserved.
pub(crate) fn alias(alias: &str) -> Result<(), RegistryError> {
    text("alias", alias, MAX_ALIAS)?;
    if !alias.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
        return invalid("alias", "may have letters, digits, _ and - only".to_owned());
    }
    let version = alias
        .strip_prefix(['v', 'V'])
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()));
    if version || alias.eq_ignore_ascii_case("latest") {
        return invalid("alias", format!("{alias:?} is reserved"));
    }
    Ok(())
}

/// A SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256(field: &'static str, digest: &str) -> Result<(), RegistryError> {
    if digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    invalid(field, "is not a SHA-256 in lower-case hexadecimal".to_owned())
}

/// So many at most in one batch.
pub(crate) fn count(field: &'static str, count: usize, most: usize) -> Result<(), RegistryError> {
    if count > most {
        return invalid(field, format!("number {count} in one batch; {most} is the most"));
    }
    Ok(())
}

pub(crate) fn invalid<T>(field: &'static str, reason: String) -> Result<T, RegistryError> {
    Err(RegistryError::InvalidValue { field, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for good in [
            "a",
            "test_logloss",
            "system/cpu usage",
            "a.b-c:d",
            "größe",
            &"k".repeat(250),
        ] {
            key("key", good).unwrap();
        }
        for bad in [
            "",
            "/a",
            "a/",
            "a//b",
            "../a",
            "a/../b",
            ".",
            "€",
            "a\\b",
            "a\nb",
            &"k".repeat(251),
        ] {
            assert!(key("key", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn aliases() {
        for good in ["champion", "challenger", "v", "v1a", "blue-green_2"] {
            alias(good).unwrap();
        }
        for bad in [
            "",
            "latest",
            "Latest",
            "v1",
            "V22",
            "a b",
            "a/b",
            &"a".repeat(256),
        ] {
            assert!(alias(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn digests() {
        sha256("digest", &"0a".repeat(32)).unwrap();
        for bad in ["", &"0A".repeat(32), &"0a".repeat(31), &"0g".repeat(32)] {
            assert!(sha256("digest", bad).is_err(), "{bad:?}");
        }
    }
}
