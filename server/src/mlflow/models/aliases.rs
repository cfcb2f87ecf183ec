//! `registered-models/alias`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{shapes, version_number};
use crate::access::Acting;
use crate::mlflow::error::MlflowError;
use crate::mlflow::wire::Message;
use crate::state::AppState;

/// Characters of an alias.
const MOST: usize = 255;

pub(crate) async fn set(Acting(state): Acting, message: Message) -> Result<Json<Value>, MlflowError> {
    let name = message.required_text("name")?;
    let alias = message.required_text("alias")?;
    let version = version_number(&message)?;
    check(alias)?;
    if alias.eq_ignore_ascii_case("latest") {
        return Err(MlflowError::invalid(
            "'latest' alias name (case insensitive) is reserved.",
        ));
    }
    let digits = alias.strip_prefix(['v', 'V']).unwrap_or_default();
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MlflowError::invalid(format!(
            "Version alias name '{alias}' is reserved."
        )));
    }
    state.registry.set_alias(name, alias, version).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn delete(Acting(state): Acting, message: Message) -> Result<Json<Value>, MlflowError> {
    let name = message.required_text("name")?;
    let alias = message.required_text("alias")?;
    check(alias)?;
    state.registry.delete_alias(name, alias).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn get(State(state): State<AppState>, message: Message) -> Result<Json<Value>, MlflowError> {
    let name = message.required_text("name")?;
    let alias = message.required_text("alias")?;
    check(alias)?;
    match state.registry.record_by_alias(name, alias).await? {
        Some(version) => Ok(Json(
            json!({"model_version": shapes::version(state.registry.artifacts(), &version)}),
        )),
        None if state.registry.model_record(name).await?.is_none() => Err(MlflowError::no_model(name)),
        None => Err(MlflowError::invalid(format!(
            "Registered model alias {alias} not found."
        ))),
    }
}

fn check(alias: &str) -> Result<(), MlflowError> {
    if !alias
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    {
        return Err(MlflowError::invalid(format!(
            "Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )));
    }
    if alias.chars().count() > MOST {
        return Err(MlflowError::invalid(format!(
            "Registered model alias name '{alias}' had length {}, which exceeded length limit of {MOST}",
            alias.chars().count()
        )));
    }
    Ok(())
}
