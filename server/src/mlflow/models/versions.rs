//! `model-versions/*`.

use axum::extract::State;
use axum::{Extension, Json};
use registry::{NewRecord, Stage, VersionRecord, VersionStatus};
use serde_json::{Value, json};

use super::{max_results, registered::paged, shapes, source, take, version_number};
use crate::access::Acting;
use crate::mlflow::error::{Code, MlflowError};
use crate::mlflow::wire::Message;
use crate::mlflow::{page, place};
use crate::observe::RequestId;
use crate::state::AppState;

type Answer = Result<Json<Value>, MlflowError>;

/// What MLflow's logged models keep the versions in that were made of them.
const VERSIONS_TAG: &str = "mlflow.modelVersions";

pub(crate) async fn create(Acting(state): Acting, message: Message) -> Answer {
    let name = message.required_text("name")?;
    let given = message.required_text("source")?;
    let tags = message.pairs("tags")?;
    let text = |field| message.text(field).map(Option::unwrap_or_default);
    let (run_id, model_id) = (text("run_id")?, text("model_id")?);
    let (run_link, description) = (text("run_link")?.to_owned(), text("description")?.to_owned());
    if state.registry.model_record(name).await?.is_none() {
        return Err(MlflowError::no_model(name));
    }
    let source = source::resolve(&state, given, run_id, model_id).await?;
    let run_id = match (run_id, &source.run_id) {
        ("", Some(run_id)) => Some(run_id.clone()),
        ("", None) => None,
        (given, _) => Some(given.to_owned()),
    };
    let taken = take::take(&state, name, run_id.as_deref(), &source).await?;
    let new = NewRecord {
        model_name: name.to_owned(),
        source: given.to_owned(),
        storage_uri: source.storage_uri,
        run_id,
        model_id: Some(model_id.to_owned()).filter(|id| !id.is_empty()),
        run_link,
        description,
        user_name: String::new(),
        tags,
        status: taken.status,
        status_message: taken.message,
        leaf: taken.leaf,
        files: taken.files,
    };
    let made = state.registry.create_record(new).await?;
    if let Some(model_id) = &made.model_id {
        note_version(&state, model_id, &made).await?;
    }
    Ok(Json(
        json!({"model_version": shapes::version(state.registry.artifacts(), &made)}),
    ))
}

pub(crate) async fn get(State(state): State<AppState>, message: Message) -> Answer {
    let found = existing(&state, &message).await?;
    Ok(Json(
        json!({"model_version": shapes::version(state.registry.artifacts(), &found)}),
    ))
}

pub(crate) async fn update(Acting(state): Acting, message: Message) -> Answer {
    let name = message.required_text("name")?;
    let version = version_number(&message)?;
    let description = message.text("description")?.unwrap_or_default();
    let changed = state
        .registry
        .describe_version(name, version, description)
        .await?;
    Ok(Json(
        json!({"model_version": shapes::version(state.registry.artifacts(), &changed)}),
    ))
}

pub(crate) async fn delete(
    Acting(state): Acting,
    Extension(RequestId(id)): Extension<RequestId>,
    message: Message,
) -> Answer {
    let name = message.required_text("name")?;
    let version = version_number(&message)?;
    state
        .registry
        .delete_version(name, version, &actor(&state, &id))
        .await?;
    if name == state.serving.model_name() {
        state.serving.follow().await;
    }
    Ok(Json(json!({})))
}

pub(crate) async fn search(State(state): State<AppState>, message: Message) -> Answer {
    let limit = max_results(&message, 10_000, 200_000)?;
    let offset = page::offset(message.text("page_token")?)?;
    let filter = message.text("filter")?.unwrap_or_default();
    let found = state
        .registry
        .search_versions(filter, &message.texts("order_by")?, limit, offset)
        .await?;
    let artifacts = state.registry.artifacts();
    let versions = found.found.iter();
    let versions = versions
        .map(|version| shapes::listed_version(artifacts, version))
        .collect();
    Ok(Json(paged(
        "model_versions",
        versions,
        found.has_more,
        offset + limit,
    )))
}

pub(crate) async fn download_uri(State(state): State<AppState>, message: Message) -> Answer {
    let found = existing(&state, &message).await?;
    let uri = place::shown(state.registry.artifacts(), &found.storage_uri);
    Ok(Json(json!({"artifact_uri": uri})))
}

/// A version that this server would refuse to serve isn't let into Production of the model that it serves.
pub(crate) async fn transition(
    Acting(state): Acting,
    Extension(RequestId(id)): Extension<RequestId>,
    message: Message,
) -> Answer {
    let to = stage(message.required_text("stage")?)?;
    let archive = message.boolean("archive_existing_versions")?.unwrap_or(false);
    if archive && !matches!(to, Stage::Staging | Stage::Production) {
        return Err(MlflowError::invalid(format!(
            "Model version transition cannot archive existing model versions because '{}' is not an Active stage. Valid \
             stages are ['Staging', 'Production']",
            to.as_str()
        )));
    }
    let found = existing(&state, &message).await?;
    if found.status != VersionStatus::Ready && matches!(to, Stage::Staging | Stage::Production) {
        return Err(MlflowError::new(
            Code::ResourceConflict,
            format!(
                "Version {} of '{}' isn't READY: {}",
                found.version, found.model_name, found.status_message
            ),
        ));
    }
    let is_served = found.model_name == state.serving.model_name();
    if is_served && to == Stage::Production {
        can_be_served(&state, &found).await?;
    }
    state
        .registry
        .transition_archiving(
            &found.model_name,
            found.version,
            to,
            archive,
            &actor(&state, &id),
            "",
        )
        .await?;
    if is_served {
        state.serving.follow().await;
    }
    let moved = existing(&state, &message).await?;
    Ok(Json(
        json!({"model_version": shapes::version(state.registry.artifacts(), &moved)}),
    ))
}

pub(crate) async fn set_tag(Acting(state): Acting, message: Message) -> Answer {
    let name = message.required_text("name")?;
    let version = version_number(&message)?;
    let key = message.required_text("key")?;
    let value = message.text("value")?.unwrap_or_default();
    state.registry.set_version_tag(name, version, key, value).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn delete_tag(Acting(state): Acting, message: Message) -> Answer {
    let name = message.required_text("name")?;
    let version = version_number(&message)?;
    let key = message.required_text("key")?;
    state.registry.delete_version_tag(name, version, key).await?;
    Ok(Json(json!({})))
}

/// A stage by its name in any case.
pub(super) fn stage(name: &str) -> Result<Stage, MlflowError> {
    [Stage::None, Stage::Staging, Stage::Production, Stage::Archived]
        .into_iter()
        .find(|stage| stage.as_str().eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            MlflowError::invalid(format!(
                "Invalid Model Version stage: {name}. Value must be one of None, Staging, Production, Archived."
            ))
        })
}

/// Who was let in, and the request to look up in the log.
pub(super) fn actor(state: &AppState, request_id: &str) -> String {
    format!("{}, request {request_id}", state.registry.actor().who())
}

async fn existing(state: &AppState, message: &Message) -> Result<VersionRecord, MlflowError> {
    let name = message.required_text("name")?;
    let version = version_number(message)?;
    let found = state.registry.record(name, version).await?;
    found.ok_or_else(|| MlflowError::no_version(name, version))
}

async fn can_be_served(state: &AppState, version: &VersionRecord) -> Result<(), MlflowError> {
    let refused = |reason: String| Err(MlflowError::new(Code::ResourceConflict, reason));
    let found = state
        .registry
        .version(&version.model_name, version.version)
        .await?;
    let Some(row) = found else {
        return refused(format!(
            "Version {} of '{}' has no compact file, so that this server, which serves this model, can't predict with it",
            version.version, version.model_name
        ));
    };
    match state.serving.load(&row).await {
        Ok(_) => Ok(()),
        Err(error @ crate::serving::LoadError::Refused { .. }) => refused(error.to_string()),
        Err(error) => Err(MlflowError::new(Code::TemporarilyUnavailable, error.to_string())),
    }
}

/// Adds the version to the logged model's own list.
async fn note_version(state: &AppState, model_id: &str, version: &VersionRecord) -> Result<(), MlflowError> {
    let Some(model) = state.registry.logged_model(model_id).await? else {
        return Ok(());
    };
    let before = model.tags.iter().find(|(key, _)| key == VERSIONS_TAG);
    let before = before.and_then(|(_, list)| list.trim().strip_prefix('[')?.strip_suffix(']'));
    let entry = format!(
        "{{\"name\": {}, \"version\": {}}}",
        json!(version.model_name),
        version.version
    );
    let list = match before.filter(|list| !list.is_empty()) {
        Some(before) => format!("[{before}, {entry}]"),
        None => format!("[{entry}]"),
    };
    let tag = (VERSIONS_TAG.to_owned(), list);
    Ok(state.registry.set_logged_model_tags(model_id, &[tag]).await?)
}
