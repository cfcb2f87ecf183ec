//! `runs/log-inputs`, `runs/outputs`, `experiments/search-datasets`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use registry::Dataset;
use serde_json::{Map, Value, json};

use super::experiments::told;
use super::{DONE, Done};
use crate::mlflow::error::MlflowError;
use crate::mlflow::limits;
use crate::mlflow::wire::Message;
use crate::state::AppState;

const MOST_EXPERIMENTS: usize = 20;
const MOST_DATASETS: usize = 1000;

pub(crate) async fn log(State(state): State<AppState>, message: Message) -> Result<Json<Done>, MlflowError> {
    let run_id = message.required_text("run_id")?;
    let inputs = message.messages("datasets")?;
    if inputs.len() > MOST_DATASETS {
        return Err(MlflowError::invalid(format!(
            "A request can have at most {MOST_DATASETS} datasets. Got {} datasets.",
            inputs.len()
        )));
    }
    let datasets = inputs.iter().map(dataset).collect::<Result<Vec<_>, _>>()?;
    let mut models = Vec::new();
    for model in message.messages("models")? {
        models.push(model.required_text("model_id")?.to_owned());
    }
    state
        .registry
        .log_inputs(run_id, &datasets, &models)
        .await
        .map_err(told)?;
    Ok(DONE)
}

pub(crate) async fn outputs(
    State(state): State<AppState>,
    message: Message,
) -> Result<Json<Done>, MlflowError> {
    let run_id = message.required_text("run_id")?;
    if !message.has("models") {
        return Err(message.missing("models"));
    }
    let mut models = Vec::new();
    for model in message.messages("models")? {
        let step = model.integer("step")?.unwrap_or(0);
        models.push((model.required_text("model_id")?.to_owned(), step));
    }
    state.registry.log_outputs(run_id, &models).await.map_err(told)?;
    Ok(DONE)
}

pub(crate) async fn search_datasets(
    State(state): State<AppState>,
    message: Message,
) -> Result<Response, MlflowError> {
    let ids = message.texts("experiment_ids")?;
    if ids.is_empty() {
        return Err(MlflowError::invalid(
            "SearchDatasets request must specify at least one experiment_id.",
        ));
    }
    if ids.len() > MOST_EXPERIMENTS {
        return Err(MlflowError::invalid(format!(
            "SearchDatasets request cannot specify more than {MOST_EXPERIMENTS} experiment_ids. Received {} \
             experiment_ids.",
            ids.len()
        )));
    }
    let ids = ids
        .iter()
        .map(|id| limits::experiment_id(id))
        .collect::<Result<Vec<_>, _>>()?;
    let found = state.registry.dataset_summaries(&ids).await?;
    let summaries: Vec<Value> = found
        .into_iter()
        .map(|summary| {
            let mut shape = json!({
                "experiment_id": summary.experiment_id,
                "name": summary.name,
                "digest": summary.digest,
            });
            if let Some(context) = summary.context {
                shape["context"] = json!(context);
            }
            shape
        })
        .collect();
    let mut answer = Map::new();
    if !summaries.is_empty() {
        answer.insert("dataset_summaries".to_owned(), Value::Array(summaries));
    }
    Ok(Json(answer).into_response())
}

fn dataset(input: &Message) -> Result<Dataset, MlflowError> {
    let dataset = input
        .message("dataset")?
        .ok_or_else(|| input.missing("dataset"))?;
    let field = |name: &str, most: usize| -> Result<String, MlflowError> {
        let text = dataset.required_text(name)?;
        limits::length(name, most, text)?;
        Ok(text.to_owned())
    };
    let optional = |name: &str, most: usize| -> Result<Option<String>, MlflowError> {
        let text = dataset.text(name)?;
        if let Some(text) = text {
            limits::length(name, most, text)?;
        }
        Ok(text.map(str::to_owned))
    };
    let profile = optional("profile", 16_777_215)?;
    let tags = input.pairs("tags")?;
    for (key, value) in &tags {
        limits::length("key", 255, key)?;
        limits::length("value", 500, value)?;
    }
    Ok(Dataset {
        name: field("name", 500)?,
        digest: field("digest", 36)?,
        source_type: field("source_type", 250)?,
        source: field("source", 65_535)?,
        rows: profile.as_deref().and_then(rows).unwrap_or(0),
        schema: optional("schema", 1_048_575)?,
        profile,
        tags,
    })
}

/// How many rows a profile says there are.
fn rows(profile: &str) -> Option<i64> {
    serde_json::from_str::<Value>(profile).ok()?["num_rows"].as_i64()
}
