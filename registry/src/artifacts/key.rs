//! What the key of an object may be.

use object_store::path::Path as StorePath;

use crate::RegistryError;

/// Checks a key: relative, without empty, `.` or `..` parts, and the same thing in a folder and in S3.
pub(super) fn path(key: &str) -> Result<StorePath, RegistryError> {
    let refuse = |reason| {
        Err(RegistryError::InvalidKey {
            key: key.chars().take(200).collect(),
            reason,
        })
    };
    if key.is_empty() || key.len() > 900 {
        return refuse("must have 1 to 900 bytes");
    }
    if key.starts_with('/') {
        return refuse("must not be absolute");
    }
    if key.split('/').any(|part| part.is_empty()) {
        return refuse("has an empty part");
    }
    if key.split('/').any(|part| part == "." || part == "..") {
        return refuse("has a `.` or `..` part");
    }
    if key.split('/').any(|part| part.len() > 255) {
        return refuse("has a part of more than 255 bytes");
    }
    if key
        .chars()
        .any(|c| !(c == ' ' || c.is_ascii_graphic()) || r#"\?#%*:|"<>"#.contains(c))
    {
        return refuse(r#"may have printable ASCII only, without \ ? # % * : | " < >"#);
    }
    match StorePath::parse(key) {
        Ok(path) => Ok(path),
        Err(_) => refuse("isn't a path"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for good in [
            "a",
            "1/2/artifacts/model/model.ubj",
            "a b/c-d_e.f+g=@",
            "...",
            "a/..b",
        ] {
            assert_eq!(path(good).unwrap().as_ref(), good);
        }
        let long = "k".repeat(256);
        for bad in [
            "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "..\\a", "a\nb",
            "a\0", "c:/a", "a?b", "a#1", "a%2e", "ä", &long,
        ] {
            assert!(path(bad).is_err(), "{bad:?}");
        }
    }
}
