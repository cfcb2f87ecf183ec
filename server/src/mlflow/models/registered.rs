//! `registered-models/*`.

use axum::extract::State;
use axum::{Extension, Json};
use registry::Stage;
use serde_json::{Map, Value, json};

use super::{check_name, max_results, shapes, versions};
use crate::access::Acting;
use crate::mlflow::error::MlflowError;
use crate::mlflow::page;
use crate::mlflow::wire::Message;
use crate::observe::RequestId;
use crate::state::AppState;

type Answer = Result<Json<Value>, MlflowError>;

pub(crate) async fn create(Acting(state): Acting, message: Message) -> Answer {
    let name = message.required_text("name")?;
    check_name(name)?;
    let tags = message.pairs("tags")?;
    let made = state
        .registry
        .create_model(name, message.text("description")?, &tags)
        .await?;
    Ok(Json(
        json!({"registered_model": shapes::model(state.registry.artifacts(), &made)}),
    ))
}

pub(crate) async fn get(State(state): State<AppState>, message: Message) -> Answer {
    let name = message.required_text("name")?;
    let model = state.registry.model_record(name).await?;
    let model = model.ok_or_else(|| MlflowError::no_model(name))?;
    Ok(Json(
        json!({"registered_model": shapes::model(state.registry.artifacts(), &model)}),
    ))
}

pub(crate) async fn update(Acting(state): Acting, message: Message) -> Answer {
    let name = message.required_text("name")?;
    let description = message.text("description")?.unwrap_or_default();
    let model = state.registry.describe_model(name, description).await?;
    Ok(Json(
        json!({"registered_model": shapes::model(state.registry.artifacts(), &model)}),
    ))
}

pub(crate) async fn rename(Acting(state): Acting, message: Message) -> Answer {
    let name = message.required_text("name")?;
    let new_name = message.required_text("new_name")?;
    check_name(new_name)?;
    let served = state.serving.model_name();
    let model = state.registry.rename_model(name, new_name).await?;
    if name == served || new_name == served {
        state.serving.follow().await;
    }
    Ok(Json(
        json!({"registered_model": shapes::model(state.registry.artifacts(), &model)}),
    ))
}

pub(crate) async fn delete(
    Acting(state): Acting,
    Extension(RequestId(id)): Extension<RequestId>,
    message: Message,
) -> Answer {
    let name = message.required_text("name")?;
    state
        .registry
        .delete_model(name, &versions::actor(&state, &id))
        .await?;
    if name == state.serving.model_name() {
        state.serving.follow().await;
    }
    Ok(Json(json!({})))
}

pub(crate) async fn search(State(state): State<AppState>, message: Message) -> Answer {
    let limit = max_results(&message, 100, 1000)?;
    let offset = page::offset(message.text("page_token")?)?;
    let filter = message.text("filter")?.unwrap_or_default();
    let found = state
        .registry
        .search_models(filter, &message.texts("order_by")?, limit, offset)
        .await?;
    let artifacts = state.registry.artifacts();
    let models = found.found.iter().map(|model| shapes::model(artifacts, model));
    Ok(Json(paged(
        "registered_models",
        models.collect(),
        found.has_more,
        offset + limit,
    )))
}

pub(crate) async fn set_tag(Acting(state): Acting, message: Message) -> Answer {
    let name = message.required_text("name")?;
    let key = message.required_text("key")?;
    let value = message.text("value")?.unwrap_or_default();
    state.registry.set_model_tag(name, key, value).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn delete_tag(Acting(state): Acting, message: Message) -> Answer {
    let name = message.required_text("name")?;
    let key = message.required_text("key")?;
    state.registry.delete_model_tag(name, key).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn latest_versions(State(state): State<AppState>, message: Message) -> Answer {
    let name = message.required_text("name")?;
    let stages: Result<Vec<Stage>, MlflowError> = message
        .texts("stages")?
        .iter()
        .map(|stage| versions::stage(stage))
        .collect();
    let stages = stages?;
    let model = state.registry.model_record(name).await?;
    let model = model.ok_or_else(|| MlflowError::no_model(name))?;
    let artifacts = state.registry.artifacts();
    let latest = model.latest_versions.iter();
    let latest = latest.filter(|version| stages.is_empty() || stages.contains(&version.stage));
    let latest: Vec<Value> = latest
        .map(|version| shapes::version(artifacts, version))
        .collect();
    Ok(Json(paged("model_versions", latest, false, 0)))
}

/// A list, which is left out when it is empty, and where the next page begins.
pub(super) fn paged(name: &str, list: Vec<Value>, has_more: bool, next: i64) -> Value {
    let mut fields = Map::new();
    if !list.is_empty() {
        fields.insert(name.to_owned(), Value::Array(list));
    }
    if has_more {
        fields.insert("next_page_token".to_owned(), json!(page::token(next)));
    }
    Value::Object(fields)
}
