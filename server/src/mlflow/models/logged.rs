//! `logged-models/*`.

use axum::Json;
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model_export::sha256_hex;
use registry::{LoggedModel, LoggedModelOrder, LoggedModelSearch, LoggedModelStatus, NewLoggedModel};
use serde_json::{Value, json};

use super::{max_results, shapes};
use crate::access::Acting;
use crate::mlflow::error::MlflowError;
use crate::mlflow::wire::Message;
use crate::mlflow::{place, proxy};
use crate::state::AppState;

type Answer = Result<Json<Value>, MlflowError>;

const STATUSES: [(i64, &str); 4] = [
    (0, "LOGGED_MODEL_STATUS_UNSPECIFIED"),
    (1, "LOGGED_MODEL_PENDING"),
    (2, "LOGGED_MODEL_READY"),
    (3, "LOGGED_MODEL_UPLOAD_FAILED"),
];

pub(crate) async fn create(State(state): State<AppState>, message: Message) -> Answer {
    let filled = |field| {
        Ok::<_, MlflowError>(
            message
                .text(field)?
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
        )
    };
    let new = NewLoggedModel {
        experiment_id: message.required_text("experiment_id")?.to_owned(),
        name: filled("name")?,
        model_type: message.text("model_type")?.unwrap_or_default().to_owned(),
        source_run_id: filled("source_run_id")?,
        params: message.pairs("params")?,
        tags: message.pairs("tags")?,
    };
    if let Some(name) = &new.name
        && name.contains(['/', ':', '.', '%', '"', '\''])
    {
        return Err(MlflowError::invalid(format!(
            "Invalid model name ({name}) provided. Model name must be a non-empty string and cannot contain the following \
             characters: ('/', ':', '.', '%', '\"', \"'\")"
        )));
    }
    let made = state.registry.create_logged_model(new).await?;
    Ok(answer(&state, &made))
}

pub(crate) async fn get(State(state): State<AppState>, Path(model_id): Path<String>) -> Answer {
    Ok(answer(&state, &existing(&state, &model_id).await?))
}

pub(crate) async fn finalize(
    State(state): State<AppState>,
    Path(model_id): Path<String>,
    message: Message,
) -> Answer {
    let name = message.enumeration("status", &STATUSES)?;
    let name = name.ok_or_else(|| message.missing("status"))?;
    let status = LoggedModelStatus::from_name(name).ok_or_else(|| message.refused("status"))?;
    let model = state.registry.set_logged_model_status(&model_id, status).await?;
    Ok(answer(&state, &model))
}

pub(crate) async fn delete(Acting(state): Acting, Path(model_id): Path<String>) -> Answer {
    state.registry.delete_logged_model(&model_id).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn set_tags(
    State(state): State<AppState>,
    Path(model_id): Path<String>,
    message: Message,
) -> Answer {
    let tags = message.pairs("tags")?;
    state.registry.set_logged_model_tags(&model_id, &tags).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn delete_tag(
    State(state): State<AppState>,
    Path((model_id, key)): Path<(String, String)>,
) -> Answer {
    match state.registry.delete_logged_model_tag(&model_id, &key).await {
        Err(registry::RegistryError::NotFound {
            kind: "logged model tag",
            ..
        }) => Err(MlflowError::not_found(format!(
            "No tag with key '{key}' found for logged model with ID '{model_id}'."
        ))),
        done => Ok(done.map(|()| Json(json!({})))?),
    }
}

pub(crate) async fn log_params(
    State(state): State<AppState>,
    Path(model_id): Path<String>,
    message: Message,
) -> Answer {
    let params = message.pairs("params")?;
    state.registry.log_model_params(&model_id, &params).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn search(State(state): State<AppState>, message: Message) -> Answer {
    let limit = max_results(&message, 100, 1000)?;
    let optional = |message: &Message, field| Ok::<_, MlflowError>(message.text(field)?.map(str::to_owned));
    let mut search = LoggedModelSearch {
        experiment_ids: message.texts("experiment_ids")?,
        filter: message.text("filter")?.unwrap_or_default().to_owned(),
        limit,
        ..LoggedModelSearch::default()
    };
    for dataset in message.messages("datasets")? {
        let name = dataset.required_text("dataset_name")?.to_owned();
        search
            .datasets
            .push((name, optional(&dataset, "dataset_digest")?));
    }
    for order in message.messages("order_by")? {
        search.order_by.push(LoggedModelOrder {
            field_name: order.required_text("field_name")?.to_owned(),
            ascending: order.boolean("ascending")?.unwrap_or(true),
            dataset_name: optional(&order, "dataset_name")?,
            dataset_digest: optional(&order, "dataset_digest")?,
        });
    }
    let asked = format!(
        "{:?}",
        (
            &search.experiment_ids,
            &search.filter,
            &search.datasets,
            &search.order_by
        )
    );
    let asked = sha256_hex(asked.as_bytes());
    search.offset = offset(message.text("page_token")?, &asked)?;
    let found = state.registry.search_logged_models(&search).await?;
    let artifacts = state.registry.artifacts();
    let models: Vec<Value> = found
        .found
        .iter()
        .map(|model| shapes::logged_model(artifacts, model))
        .collect();
    let mut fields = serde_json::Map::new();
    if !models.is_empty() {
        fields.insert("models".to_owned(), Value::Array(models));
    }
    if found.has_more {
        let token = json!({"offset": search.offset + limit, "search": asked}).to_string();
        fields.insert("next_page_token".to_owned(), json!(STANDARD.encode(token)));
    }
    Ok(Json(Value::Object(fields)))
}

/// What lies in the model's directory, or in one below it.
pub(crate) async fn artifacts(
    State(state): State<AppState>,
    Path(model_id): Path<String>,
    message: Message,
) -> Answer {
    let model = existing(&state, &model_id).await?;
    let path = message.text("artifact_directory_path")?.unwrap_or_default();
    let mut fields = proxy::listing(&state, &model.artifact_uri, path).await?;
    let root = place::shown(state.registry.artifacts(), &model.artifact_uri);
    fields.insert("root_uri".to_owned(), json!(root));
    Ok(Json(Value::Object(fields)))
}

/// Where the next page begins, if the token was given for the same search.
fn offset(token: Option<&str>, asked: &str) -> Result<i64, MlflowError> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(0);
    };
    let decoded = STANDARD
        .decode(token)
        .map_err(|_| MlflowError::invalid("Invalid page token, could not base64-decode"))?;
    let invalid = || MlflowError::invalid("Invalid page token");
    let parsed: Value = serde_json::from_slice(&decoded).map_err(|_| invalid())?;
    if parsed["search"].as_str() != Some(asked) {
        return Err(MlflowError::invalid(
            "Invalid page token: experiment_ids, filter, datasets and order_by must be those of the first page",
        ));
    }
    parsed["offset"]
        .as_i64()
        .filter(|offset| *offset > 0)
        .ok_or_else(invalid)
}

async fn existing(state: &AppState, model_id: &str) -> Result<LoggedModel, MlflowError> {
    let model = state.registry.logged_model(model_id).await?;
    model.ok_or_else(|| MlflowError::no_logged_model(model_id))
}

fn answer(state: &AppState, model: &LoggedModel) -> Json<Value> {
    Json(json!({"model": shapes::logged_model(state.registry.artifacts(), model)}))
}
