//! `artifacts/list`, `/get-artifact`, `upload-artifact`: the files of a run.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use registry::{Artifacts, Bucket};
use serde_json::json;

use super::runs::existing;
use crate::mlflow::error::MlflowError;
use crate::mlflow::wire::Message;
use crate::mlflow::{place, proxy};
use crate::state::AppState;

/// Of a file that a page sends.
const MOST_BYTES: usize = 10 << 20;

pub(crate) async fn list(State(state): State<AppState>, message: Message) -> Result<Response, MlflowError> {
    let run_id = message.run_id()?;
    let path = message.text("path")?.unwrap_or_default();
    let run = existing(&state, run_id).await?;
    let mut answer = proxy::listing(&state, &run.artifact_uri, path).await?;
    let root = place::shown(state.registry.artifacts(), &run.artifact_uri);
    answer.insert("root_uri".to_owned(), json!(root));
    Ok(Json(answer).into_response())
}

pub(crate) async fn get(State(state): State<AppState>, message: Message) -> Result<Response, MlflowError> {
    let run_id = message.run_id()?;
    let path = proxy::checked(message.required_text("path")?.trim_matches('/'))?;
    let run = existing(&state, run_id).await?;
    let key = key(state.registry.artifacts(), &run.artifact_uri, path)?;
    proxy::file(&state, &key, None).await
}

/// A page's upload; a version's files are refused as everywhere.
pub(crate) async fn upload(
    State(state): State<AppState>,
    uri: Uri,
    bytes: Bytes,
) -> Result<Response, MlflowError> {
    let message = Message::from_query(uri.query().unwrap_or_default());
    let needed = |name: &str| {
        let text = message.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| MlflowError::invalid(format!("Request must specify {name}.")))
    };
    let run_id = needed("run_uuid")?;
    let path = proxy::checked(needed("path")?)?;
    if bytes.is_empty() {
        return Err(MlflowError::invalid("Request must specify data."));
    }
    if bytes.len() > MOST_BYTES {
        return Err(MlflowError::invalid(
            "Artifact size is too large. Max size is 10MB.",
        ));
    }
    let run = existing(&state, run_id).await?;
    let artifacts = state.registry.artifacts();
    let key = key(artifacts, &run.artifact_uri, path)?;
    proxy::refuse_registered(&state, &key).await?;
    artifacts.put(Bucket::Artifacts, &key, bytes).await?;
    Ok(Json(json!({})).into_response())
}

/// The key of a run's file; only of runs whose files are here.
fn key(artifacts: &Artifacts, root_uri: &str, path: &str) -> Result<String, MlflowError> {
    match artifacts.locate(root_uri) {
        Some((Bucket::Artifacts, key)) => Ok(format!("{key}/{path}")),
        _ => Err(MlflowError::invalid(format!(
            "The run's artifacts lie at '{root_uri}', which this server doesn't serve"
        ))),
    }
}
