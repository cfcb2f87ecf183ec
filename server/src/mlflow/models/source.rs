//! Where a version's files are: what a client may name as a source, and the place in the store that it means.
//!
//! Invariant: a place in the store is only taken as a run's or a logged model's own, so that nobody registers what belongs
//! to another.

use registry::Bucket;

use crate::mlflow::error::MlflowError;
use crate::mlflow::place;
use crate::state::AppState;

/// A source that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// The place that it means; the source itself where this server can't tell.
    pub(super) storage_uri: String,
    /// The run that made what is there, where the source tells.
    pub(super) run_id: Option<String>,
    /// Only a name of something that other programs know.
    pub(super) is_only_a_name: bool,
}

/// Checks what a client names as the source of a version of the run or logged model that it says.
pub(super) async fn resolve(
    state: &AppState,
    given: &str,
    run_id: &str,
    model_id: &str,
) -> Result<Source, MlflowError> {
    if let Some(name) = given.strip_prefix("models:/") {
        return of_model(state, given, name.trim_start_matches('/'), model_id).await;
    }
    if let Some(name) = given.strip_prefix("runs:/") {
        return of_run(state, given, name.trim_start_matches('/')).await;
    }
    let is_local = given.starts_with('/') || given.starts_with("file:") || !has_scheme(given);
    if !is_local && steps_out(given) {
        return Err(MlflowError::invalid(format!(
            "Invalid model version source: '{given}'. If supplying a source as an http, https, local file path, ftp, \
             objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references \
             present. Please provide an absolute path."
        )));
    }
    let artifacts = state.registry.artifacts();
    let is_proxied = given.starts_with("mlflow-artifacts:");
    let place = match is_local {
        true => normal_path(given).map(|path| format!("file://{path}")),
        false => Some(normal(&place::stored(artifacts, given))),
    };
    let owner = owner(state, run_id, model_id).await?;
    let is_within = |place: &str| {
        owner.as_ref().is_some_and(|owner| {
            let rest = place.strip_prefix(owner.uri.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    if is_local && !place.as_deref().is_some_and(is_within) {
        let (what, id) = match model_id {
            "" => ("run", "run_id"),
            _ => ("model", "model_id"),
        };
        return Err(MlflowError::invalid(format!(
            "Invalid model version source: '{given}'. To use a local path as a model version source, the {id} request \
             parameter has to be specified and the local path has to be contained within the artifact directory of the \
             {what} specified by the {id}."
        )));
    }
    let storage_uri = place.unwrap_or_else(|| given.to_owned());
    let is_ours = artifacts.locate(&storage_uri).is_some();
    if (is_proxied || is_ours) && !is_within(&storage_uri) {
        let id = if model_id.is_empty() { "run_id" } else { "model_id" };
        return Err(MlflowError::invalid(format!(
            "Invalid model version source: '{given}'. The {id} request parameter must identify the resource that \
             contains the source."
        )));
    }
    Ok(Source {
        storage_uri,
        run_id: owner.and_then(|owner| owner.run_id),
        is_only_a_name: !is_local && !is_ours,
    })
}

struct Owner {
    uri: String,
    run_id: Option<String>,
}

/// Whose files a client says it registers.
async fn owner(state: &AppState, run_id: &str, model_id: &str) -> Result<Option<Owner>, MlflowError> {
    if !model_id.is_empty() {
        let model = state.registry.logged_model(model_id).await?;
        let model = model.ok_or_else(|| MlflowError::no_logged_model(model_id))?;
        return Ok(Some(Owner {
            uri: model.artifact_uri,
            run_id: model.source_run_id,
        }));
    }
    if run_id.is_empty() {
        return Ok(None);
    }
    let run = state.registry.run(run_id).await?;
    Ok(run.map(|run| Owner {
        uri: run.artifact_uri,
        run_id: None,
    }))
}

/// `models:/m-…`, of the logged model that the request says too, or `models:/NAME/VERSION` and `models:/NAME@ALIAS`.
async fn of_model(state: &AppState, given: &str, name: &str, model_id: &str) -> Result<Source, MlflowError> {
    let unknown = || {
        MlflowError::invalid(format!(
            "Invalid model version source: '{given}'. There is no such model."
        ))
    };
    let (first, rest) = name.split_once('/').unwrap_or((name, ""));
    if first.starts_with("m-") && (rest.is_empty() || rest.parse::<i64>().is_err()) {
        if first != model_id {
            return Err(MlflowError::invalid(format!(
                "Invalid model version source: '{given}'. The model_id request parameter must identify the resource that \
                 contains the source."
            )));
        }
        let model = state.registry.logged_model(first).await?;
        let model = model.ok_or_else(|| MlflowError::no_logged_model(first))?;
        if steps_out(rest) {
            return Err(unknown());
        }
        let storage_uri = match rest {
            "" => model.artifact_uri,
            rest => normal(&format!("{}/{rest}", model.artifact_uri)),
        };
        return Ok(Source {
            storage_uri,
            run_id: model.source_run_id,
            is_only_a_name: false,
        });
    }
    let found = match name.split_once('@') {
        Some((name, alias)) => state.registry.record_by_alias(name, alias).await?,
        None => {
            let version = rest.parse().map_err(|_| unknown())?;
            state.registry.record(first, version).await?
        }
    };
    let version = found.ok_or_else(unknown)?;
    Ok(Source {
        storage_uri: version.storage_uri,
        run_id: version.run_id,
        is_only_a_name: false,
    })
}

/// `runs:/RUN/PATH`. Of a run that isn't here it is only a name.
async fn of_run(state: &AppState, given: &str, name: &str) -> Result<Source, MlflowError> {
    let (run_id, path) = name.split_once('/').unwrap_or((name, ""));
    if steps_out(path) {
        return Err(MlflowError::invalid(format!(
            "Invalid model version source: '{given}'."
        )));
    }
    Ok(match state.registry.run(run_id).await? {
        Some(run) => Source {
            storage_uri: normal(&format!("{}/{path}", run.artifact_uri)),
            run_id: Some(run.run_id),
            is_only_a_name: false,
        },
        None => Source {
            storage_uri: given.to_owned(),
            run_id: None,
            is_only_a_name: true,
        },
    })
}

fn has_scheme(given: &str) -> bool {
    given.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// Whether a path leaves itself, however it is escaped, or has what no path has.
fn steps_out(path: &str) -> bool {
    let mut plain = path.to_owned();
    for _ in 0..8 {
        let next = plain
            .replace("%2e", ".")
            .replace("%2E", ".")
            .replace("%2f", "/")
            .replace("%2F", "/")
            .replace("%5c", "/")
            .replace("%5C", "/")
            .replace("%25", "%");
        if next == plain {
            break;
        }
        plain = next;
    }
    plain.contains('\0')
        || plain.contains("%00")
        || plain.contains('#')
        || plain.split(['/', '\\']).any(|part| part == "..")
}

/// A URI without empty parts and `.` in its path.
fn normal(uri: &str) -> String {
    let (scheme, path) = match uri.split_once("://") {
        Some((scheme, path)) => (format!("{scheme}://"), path),
        None => (String::new(), uri),
    };
    let root = if path.starts_with('/') { "/" } else { "" };
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    format!("{scheme}{root}{}", parts.join("/"))
}

/// The absolute path of `/…` or `file:…`, with `.` and `..` followed; `None` of one that isn't absolute.
fn normal_path(given: &str) -> Option<String> {
    let path = given.strip_prefix("file:").unwrap_or(given);
    let path = match path.strip_prefix("//") {
        Some(rest) if given.starts_with("file:") => rest.strip_prefix("localhost").unwrap_or(rest),
        _ => path,
    };
    if !path.starts_with('/') || path.contains('%') {
        return None;
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// The key in the artifacts bucket of a place in this server's store.
pub(super) fn key(state: &AppState, storage_uri: &str) -> Option<String> {
    match state.registry.artifacts().locate(storage_uri)? {
        (Bucket::Artifacts, key) => Some(key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_themselves_are_told() {
        for out in [
            "a/../b",
            "..",
            "mlflow-artifacts://h:9/models/../../../",
            "a/%2e%2e/b",
            "models/..%2f..%2fartifacts",
            "%252e%252e/x",
            "artifact%00",
            "a\\..\\b",
        ] {
            assert!(steps_out(out), "{out}");
        }
        for fine in ["a/..../b", "a/b..c", "", "s3://bucket/x", "a//b/"] {
            assert!(!steps_out(fine), "{fine}");
        }
    }

    #[test]
    fn paths_are_made_normal() {
        for (given, expected) in [
            ("/a/b/", Some("/a/b")),
            ("file:///a/./b/../c", Some("/a/c")),
            ("file:/a", Some("/a")),
            ("/../a", Some("/a")),
            ("file://host/a", None),
            ("a/b", None),
            ("/a/%2e%2e/b", None),
        ] {
            assert_eq!(normal_path(given).as_deref(), expected, "{given}");
        }
        assert_eq!(normal("s3://b/a//./c/"), "s3://b/a/c");
        assert_eq!(normal("file:///a//b"), "file:///a/b");
        assert!(has_scheme("s3://x") && has_scheme("mlflow-artifacts:/x") && !has_scheme("a/b:c"));
    }
}
