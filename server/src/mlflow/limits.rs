//! What MLflow allows in names and values, and what it says of others. Values of params and run tags that are too long are
//! cut, as MLflow does; the registry itself would refuse them.

use serde_json::json;

use super::error::MlflowError;
use super::wire::ascii;

const MOST_KEY: usize = 250;
const MOST_PARAM: usize = 6000;
const MOST_TAG: usize = 8000;
const MOST_EXPERIMENT_TAG: usize = 20_000;
const MOST_EXPERIMENT_NAME: usize = 500;
const MOST_IN_BATCH: usize = 1000;

/// A key of a metric, param or tag: of a few kinds of characters, and as a path it must stay what it is.
pub(crate) fn name(path: &str, name: &str) -> Result<(), MlflowError> {
    let told = |reason: String| {
        let shown = ascii(&json!(name));
        MlflowError::invalid(format!(
            "Invalid value {shown} for parameter '{path}' supplied: {reason}"
        ))
    };
    if !name.chars().all(|c| c.is_alphanumeric() || "/_.- :".contains(c)) {
        return Err(told(
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and \
             slashes (/)."
                .to_owned(),
        ));
    }
    let resolved = normal(name);
    if resolved != name || name == "." || name.starts_with("..") || name.starts_with('/') {
        return Err(told(format!(
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. \
             This name would resolve to '{resolved}'"
        )));
    }
    Ok(())
}

/// A metric's key and time.
pub(crate) fn metric(prefix: &str, key: &str, value: f64, timestamp_ms: i64) -> Result<(), MlflowError> {
    name(&format!("{prefix}name"), key)?;
    if timestamp_ms < 0 {
        return Err(MlflowError::invalid(format!(
            "Invalid value {timestamp_ms} for parameter '{prefix}timestamp' supplied: metric '{key}' (value={value}). \
             Timestamp must be a nonnegative long (64-bit integer) "
        )));
    }
    length("Metric name", MOST_KEY, key)
}

/// A param as it is stored.
pub(crate) fn param(path: &str, (key, value): (String, String)) -> Result<(String, String), MlflowError> {
    name(&format!("{path}key"), &key)?;
    length("Param key", MOST_KEY, &key)?;
    Ok((key, cut(value, MOST_PARAM)))
}

/// A run's tag as it is stored.
pub(crate) fn tag(path: &str, (key, value): (String, String)) -> Result<(String, String), MlflowError> {
    let key_path = format!("{path}key");
    name(&key_path, &key)?;
    length(&key_path, MOST_KEY, &key)?;
    Ok((key, cut(value, MOST_TAG)))
}

/// A tag of an experiment, which isn't cut.
pub(crate) fn experiment_tag(key: &str, value: &str) -> Result<(), MlflowError> {
    name("key", key)?;
    length("key", MOST_KEY, key)?;
    length("value", MOST_EXPERIMENT_TAG, value)
}

pub(crate) fn experiment_name(name: &str) -> Result<(), MlflowError> {
    length("name", MOST_EXPERIMENT_NAME, name)
}

/// The sizes of a batch.
pub(crate) fn batch(metrics: usize, params: usize, tags: usize) -> Result<(), MlflowError> {
    for (what, most, count) in [
        ("metrics", MOST_IN_BATCH, metrics),
        ("params", 100, params),
        ("tags", 100, tags),
        (
            "metrics, params, and tags",
            MOST_IN_BATCH,
            metrics + params + tags,
        ),
    ] {
        if count > most {
            return Err(MlflowError::invalid(format!(
                "A batch logging request can contain at most {most} {what}. Got {count} {what}. Please split up {what} \
                 across multiple requests and try again."
            )));
        }
    }
    Ok(())
}

/// The number of an experiment, as text.
pub(crate) fn experiment_id(id: &str) -> Result<String, MlflowError> {
    match id.trim().parse::<i64>() {
        Ok(number) => Ok(number.to_string()),
        Err(_) => Err(MlflowError::invalid(format!(
            "Invalid experiment ID '{id}'. Experiment ID must be a valid integer."
        ))),
    }
}

/// A page's size, of at most `most`.
pub(crate) fn page_size(size: i64, most: i64) -> Result<i64, MlflowError> {
    let told = |rule: String| {
        MlflowError::invalid(format!(
            "Invalid value {size} for parameter 'max_results' supplied. It must be {rule}"
        ))
    };
    match size {
        size if size < 1 => Err(told("a positive integer".to_owned())),
        size if size > most => Err(told(format!("at most {most}"))),
        size => Ok(size),
    }
}

/// A text of at most so many characters.
pub(crate) fn length(what: &str, most: usize, text: &str) -> Result<(), MlflowError> {
    match text.chars().count() > most {
        true => Err(MlflowError::invalid(format!(
            "'{what}' exceeds the maximum length of {most} characters"
        ))),
        false => Ok(()),
    }
}

fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
    text
}

/// A path without empty parts, `.` and `..`, as far as they can be resolved; two slashes at the front stay two.
fn normal(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let slashes = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !slashes.is_empty() => {}
            part => parts.push(part),
        }
    }
    let joined = format!("{slashes}{}", parts.join("/"));
    match joined.is_empty() {
        true => ".".to_owned(),
        false => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_resolve_as_paths() {
        for (given, resolved) in [
            ("a", "a"),
            ("/etc", "/etc"),
            ("a/../b", "b"),
            ("../a", "../a"),
            ("a//b/", "a/b"),
            ("//a", "//a"),
            ("///a/..", "/"),
            ("", "."),
            ("a/..", "."),
            ("/../a", "/a"),
        ] {
            assert_eq!(normal(given), resolved, "{given}");
        }
        for good in ["auc", "system/cpu usage", "a.b-c:d_e", "größe"] {
            assert!(name("key", good).is_ok(), "{good}");
        }
        for bad in ["/etc", "a/../b", ".", "..x", "a/", "", "a\\b", "€"] {
            assert!(name("key", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_cut_by_characters() {
        let (_, value) = param("", ("k".to_owned(), "ü".repeat(6001))).unwrap();
        assert_eq!(value, "ü".repeat(6000));
        let (_, value) = tag("", ("k".to_owned(), "short".to_owned())).unwrap();
        assert_eq!(value, "short");
        assert!(experiment_tag("k", &"x".repeat(20_001)).is_err());
    }
}
