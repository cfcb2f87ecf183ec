//! `mlflow-artifacts/*`: files of runs and models, in and out of the artifacts bucket, never whole in memory.
//!
//! Invariant: what a ready version points to can't be changed, neither can what is recorded of it be handed out with other
//! bytes.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use registry::{Bucket, RegistryError};
use serde_json::{Map, Value, json};

use super::error::{Code, MlflowError};
use super::wire::Message;
use crate::access::Acting;
use crate::state::AppState;

/// Bytes of a refused upload that are read, and for how long.
const MOST_UNREAD: usize = 16 << 20;
const UNREAD_LIMIT: Duration = Duration::from_secs(5);

/// Writes a file, over the one that is there.
pub(crate) async fn put(
    State(state): State<AppState>,
    Path(path): Path<String>,
    request: Request,
) -> Result<Response, MlflowError> {
    let mut stream = request.into_body().into_data_stream();
    let allowed = async {
        let key = checked(&path)?;
        refuse_registered(&state, key).await.map(|()| key)
    };
    let key = match allowed.await {
        Ok(key) => key,
        Err(refused) => return Ok(answer_unread(refused, &mut stream).await),
    };
    let received = state.registry.artifacts().receive(Bucket::Artifacts, key, stream);
    let received = match received.await {
        Ok(received) => received,
        Err(RegistryError::Store {
            action: "receive", ..
        }) => {
            return Err(MlflowError::new(Code::BadRequest, "The body ended too early"));
        }
        Err(error) => return Err(error.into()),
    };
    // It may have been registered while the bytes came in.
    if let Err(refused) = refuse_registered(&state, key).await {
        received.give_up().await;
        return Err(refused);
    }
    received.finish().await?;
    Ok(StatusCode::OK.into_response())
}

/// Refuses what wasn't read. A little is read all the same, so that the connection can go on; else the client is told
/// that it can't.
async fn answer_unread(refused: MlflowError, body: &mut BodyDataStream) -> Response {
    let read = async {
        let mut bytes = 0;
        while let Some(Ok(chunk)) = body.next().await {
            bytes += chunk.len();
            if bytes > MOST_UNREAD {
                return false;
            }
        }
        true
    };
    let is_read = tokio::time::timeout(UNREAD_LIMIT, read).await.unwrap_or(false);
    let mut response = refused.into_response();
    if !is_read {
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Hands a file out, or a range of it.
pub(crate) async fn get(
    State(state): State<AppState>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, MlflowError> {
    let key = checked(&path)?;
    verify(&state, key).await?;
    let range = headers
        .get(header::RANGE)
        .and_then(|range| range_of(range.to_str().ok()?));
    file(&state, key, range).await
}

/// Removes a file, or a folder with all that is in it; nothing happens when there is none.
pub(crate) async fn delete(
    Acting(state): Acting,
    Path(path): Path<String>,
) -> Result<Json<Value>, MlflowError> {
    let key = checked(path.trim_end_matches('/'))?;
    refuse_registered(&state, key).await?;
    let artifacts = state.registry.artifacts();
    if let Some((model, version)) = state
        .registry
        .version_below(&artifacts.uri(Bucket::Artifacts, key))
        .await?
    {
        return Err(registered(&model, version));
    }
    let is_file = artifacts
        .open_object(Bucket::Artifacts, key, None)
        .await?
        .is_some();
    let below = artifacts.list(Bucket::Artifacts, key).await?;
    if is_file || !below.is_empty() {
        let details = json!({"files": below.len() + usize::from(is_file)});
        state
            .registry
            .record_change("artifact.delete", key, details)
            .await?;
    }
    if is_file {
        artifacts.delete(Bucket::Artifacts, key).await?;
    }
    for object in below {
        artifacts.delete(Bucket::Artifacts, &object.key).await?;
    }
    Ok(Json(json!({})))
}

/// What lies in a folder.
pub(crate) async fn list(
    State(state): State<AppState>,
    message: Message,
) -> Result<Json<Value>, MlflowError> {
    let path = message.text("path")?.unwrap_or_default().trim_matches('/');
    let root = state.registry.artifacts().uri(Bucket::Artifacts, "");
    let mut fields = listing(&state, root.trim_end_matches('/'), path).await?;
    // Here MLflow has names relative to the folder that was asked for.
    if let Some(Value::Array(files)) = fields.get_mut("files") {
        for file in files {
            if let Some(name) = file["path"].as_str().and_then(|path| path.rsplit('/').next()) {
                file["path"] = json!(name);
            }
        }
    }
    Ok(Json(Value::Object(fields)))
}

pub(crate) async fn no_multipart_upload() -> MlflowError {
    MlflowError::new(
        Code::NotImplemented,
        "Multipart upload is not supported for the current artifact repository",
    )
}

pub(crate) async fn no_presigned_download() -> MlflowError {
    MlflowError::new(
        Code::NotImplemented,
        "Multipart download is not supported for the current artifact repository",
    )
}

/// `files` in the folder `path` below a stored URI, with paths relative to that URI; left out when there are none.
pub(crate) async fn listing(
    state: &AppState,
    root_uri: &str,
    path: &str,
) -> Result<Map<String, Value>, MlflowError> {
    let artifacts = state.registry.artifacts();
    // Clients ask for `.` when they mean the folder itself.
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    let path = parts.collect::<Vec<_>>().join("/");
    let path = path.as_str();
    if !path.is_empty() {
        checked(path)?;
    }
    let bucket = artifacts.uri(Bucket::Artifacts, "");
    let folder = match root_uri == bucket.trim_end_matches('/') {
        true => path.to_owned(),
        false => match artifacts.locate(root_uri) {
            Some((Bucket::Artifacts, key)) => [key.as_str(), path].join("/").trim_end_matches('/').to_owned(),
            _ => return Ok(Map::new()),
        },
    };
    let found = artifacts.folder(Bucket::Artifacts, &folder).await?;
    let within = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    };
    let folders = found.folders.iter();
    let folders = folders.map(|name| (within(name), json!({"path": within(name), "is_dir": true})));
    let objects = found.objects.iter().map(|(name, bytes)| {
        let file = json!({"path": within(name), "is_dir": false, "file_size": bytes});
        (within(name), file)
    });
    let mut files: Vec<(String, Value)> = folders.chain(objects).collect();
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut fields = Map::new();
    if !files.is_empty() {
        let files = files.into_iter().map(|(_, file)| file).collect();
        fields.insert("files".to_owned(), Value::Array(files));
    }
    Ok(fields)
}

/// Answers with a file of the artifacts bucket.
pub(crate) async fn file(
    state: &AppState,
    key: &str,
    range: Option<(u64, Option<u64>)>,
) -> Result<Response, MlflowError> {
    let artifacts = state.registry.artifacts();
    let object = artifacts.open_object(Bucket::Artifacts, key, range).await?;
    let object = object.ok_or_else(|| MlflowError::not_found(format!("No such artifact: '{key}'")))?;
    let name = key.rsplit('/').next().unwrap_or(key);
    let is_plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let disposition = match is_plain {
        true => format!("attachment; filename={name}"),
        false => format!("attachment; filename=\"{}\"", name.replace(['"', '\\'], "_")),
    };
    let mut headers = HeaderMap::new();
    let mut set = |name, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_DISPOSITION, disposition);
    set(header::CONTENT_TYPE, content_type(name).to_owned());
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned());
    set(header::ACCEPT_RANGES, "bytes".to_owned());
    set(
        header::CONTENT_LENGTH,
        (object.range.end - object.range.start).to_string(),
    );
    if let Some(etag) = &object.etag {
        set(header::ETAG, format!("\"{}\"", etag.trim_matches('"')));
    }
    let status = match range {
        Some(_) => {
            let (start, end) = (object.range.start, object.range.end.saturating_sub(1));
            set(
                header::CONTENT_RANGE,
                format!("bytes {start}-{end}/{}", object.meta.bytes),
            );
            StatusCode::PARTIAL_CONTENT
        }
        None => StatusCode::OK,
    };
    Ok((status, headers, Body::from_stream(object.stream)).into_response())
}

/// Fails with 409 when the file belongs to a ready version.
pub(crate) async fn refuse_registered(state: &AppState, key: &str) -> Result<(), MlflowError> {
    let uri = state.registry.artifacts().uri(Bucket::Artifacts, key);
    match state.registry.version_over(&uri).await? {
        Some((model, version)) => Err(registered(&model, version)),
        None => Ok(()),
    }
}

/// A path that stays within the bucket.
pub(crate) fn checked(path: &str) -> Result<&str, MlflowError> {
    let is_fine = !path.is_empty()
        && !path.contains(['\\', '\0', '%'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    match is_fine {
        true => Ok(path),
        false => Err(MlflowError::invalid("Invalid path")),
    }
}

/// Fails with 409 when a ready version's file isn't what it was when the version was registered.
async fn verify(state: &AppState, key: &str) -> Result<(), MlflowError> {
    let artifacts = state.registry.artifacts();
    let uri = artifacts.uri(Bucket::Artifacts, key);
    let Some(sha256) = state.registry.recorded_digest(&uri).await? else {
        return Ok(());
    };
    match artifacts.digest(Bucket::Artifacts, key).await? {
        Some(there) if there.sha256 != sha256 => Err(MlflowError::new(
            Code::ResourceConflict,
            format!(
                "'{key}' isn't what was registered: its SHA-256 is {}, but should be {sha256}",
                there.sha256
            ),
        )),
        _ => Ok(()),
    }
}

fn registered(model: &str, version: i64) -> MlflowError {
    MlflowError::new(
        Code::ResourceConflict,
        format!(
            "Version {version} of the registered model '{model}' points to this, so that it can't be changed"
        ),
    )
}

/// Start and end of `bytes=START-[LAST]`; `None` of everything else, which is answered with the whole file.
fn range_of(text: &str) -> Option<(u64, Option<u64>)> {
    let (start, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let start = start.parse().ok()?;
    match last {
        "" => Some((start, None)),
        last => {
            let last: u64 = last.parse().ok()?;
            (last >= start).then_some((start, Some(last.checked_add(1)?)))
        }
    }
}

/// Only told, never acted on: `nosniff` keeps browsers from running what is in a file.
fn content_type(name: &str) -> &'static str {
    const TEXT: [&str; 24] = [
        "txt",
        "log",
        "err",
        "cfg",
        "conf",
        "cnf",
        "cf",
        "ini",
        "properties",
        "prop",
        "hocon",
        "toml",
        "yaml",
        "yml",
        "xml",
        "json",
        "js",
        "py",
        "py3",
        "csv",
        "tsv",
        "md",
        "rst",
        "jsonnet",
    ];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if matches!(name, "MLmodel" | "MLproject") || TEXT.iter().any(|text| text.eq_ignore_ascii_case(extension))
    {
        return "text/plain";
    }
    match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "pdf" => "application/pdf",
        "html" | "htm" => "text/html",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_bytes() {
        for (text, expected) in [
            ("bytes=0-0", Some((0, Some(1)))),
            ("bytes=5-", Some((5, None))),
            ("bytes=-5", None),
            ("bytes=5-4", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("bytes=0-18446744073709551615", None),
        ] {
            assert_eq!(range_of(text), expected, "{text}");
        }
    }

    #[test]
    fn paths_stay_in_the_bucket() {
        for bad in ["", "/etc", "a/../b", "..", "a//b", "a/.", "a\\b", "%2e%2e/a"] {
            assert!(checked(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            checked("3/models/m-1/artifacts/a b.txt").ok(),
            Some("3/models/m-1/artifacts/a b.txt")
        );
    }
}
