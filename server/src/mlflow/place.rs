//! Artifact URIs: stored ones name a bucket of the store, shown ones are `mlflow-artifacts:/KEY`, which clients resolve
//! against this server.

use registry::{Artifacts, Bucket};

const SCHEME: &str = "mlflow-artifacts:";

/// A stored URI as clients see it; one outside the artifacts bucket stays as it is.
pub(crate) fn shown(artifacts: &Artifacts, stored: &str) -> String {
    let root = artifacts.uri(Bucket::Artifacts, "");
    match stored.strip_prefix(&root) {
        Some(key) => format!("{SCHEME}/{key}"),
        None => stored.to_owned(),
    }
}

/// What a client's URI is stored as; one with another scheme stays as it is. `mlflow-artifacts://HOST/KEY` is the same
/// place as `mlflow-artifacts:/KEY`.
pub(crate) fn stored(artifacts: &Artifacts, shown: &str) -> String {
    match key(shown) {
        Some(key) => artifacts.uri(Bucket::Artifacts, key),
        None => shown.to_owned(),
    }
}

/// The key in the artifacts bucket of a client's `mlflow-artifacts:` URI.
pub(crate) fn key(shown: &str) -> Option<&str> {
    let path = shown.strip_prefix(SCHEME)?;
    let path = match path.strip_prefix("//") {
        Some(rest) => rest.split_once('/').map_or("", |(_, path)| path),
        None => path,
    };
    Some(path.trim_start_matches('/'))
}
