//! `runs/log-metric`, `log-parameter`, `log-batch`, `set-tag`, `delete-tag`, `log-model`.

use axum::Json;
use axum::extract::State;
use registry::{Batch, Metric, ModelMetric, RUN_NAME_TAG, RegistryError};
use serde_json::{Map, Value};

use super::experiments::told;
use super::{DONE, Done};
use crate::mlflow::error::MlflowError;
use crate::mlflow::limits;
use crate::mlflow::wire::Message;
use crate::state::AppState;

pub(crate) async fn metric(
    State(state): State<AppState>,
    message: Message,
) -> Result<Json<Done>, MlflowError> {
    let run_id = message.run_id()?;
    let mut batch = Batch::default();
    read_metric(&message, "", run_id, &mut batch)?;
    write(&state, run_id, &batch).await
}

pub(crate) async fn param(
    State(state): State<AppState>,
    message: Message,
) -> Result<Json<Done>, MlflowError> {
    let run_id = message.run_id()?;
    let key = message.required_text("key")?.to_owned();
    let value = message.text("value")?.unwrap_or_default().to_owned();
    let batch = Batch {
        params: vec![limits::param("", (key, value))?],
        ..Batch::default()
    };
    write(&state, run_id, &batch).await
}

pub(crate) async fn set_tag(
    State(state): State<AppState>,
    message: Message,
) -> Result<Json<Done>, MlflowError> {
    let run_id = message.run_id()?;
    let key = message.required_text("key")?.to_owned();
    let value = message.text("value")?.unwrap_or_default().to_owned();
    let mut batch = Batch::default();
    push_tag(&mut batch, limits::tag("", (key, value))?);
    write(&state, run_id, &batch).await
}

pub(crate) async fn delete_tag(
    State(state): State<AppState>,
    message: Message,
) -> Result<Json<Done>, MlflowError> {
    let run_id = message.required_text("run_id")?;
    let key = message.required_text("key")?;
    match state.registry.delete_tag(run_id, key).await {
        Err(RegistryError::NotFound { kind: "tag", .. }) => Err(MlflowError::not_found(format!(
            "No tag with name: {key} in run with id {run_id}"
        ))),
        deleted => deleted.map(|()| DONE).map_err(told),
    }
}

pub(crate) async fn batch(
    State(state): State<AppState>,
    message: Message,
) -> Result<Json<Done>, MlflowError> {
    let run_id = message.required_text("run_id")?;
    let metrics = message.messages("metrics")?;
    let params = message.pairs("params")?;
    let tags = message.pairs("tags")?;
    let (metric_count, param_count, tag_count) = (metrics.len(), params.len(), tags.len());
    let mut batch = Batch::default();
    for metric in &metrics {
        read_metric(metric, &metric.path(""), run_id, &mut batch)?;
    }
    for (index, param) in params.into_iter().enumerate() {
        batch
            .params
            .push(limits::param(&format!("params[{index}]."), param)?);
    }
    for (index, tag) in tags.into_iter().enumerate() {
        push_tag(&mut batch, limits::tag(&format!("tags[{index}]."), tag)?);
    }
    limits::batch(metric_count, param_count, tag_count)?;
    check_unique(&batch.params)?;
    write(&state, run_id, &batch).await
}

/// What a client of MLflow 2 says of the model it logged; it is kept in a tag of the run.
pub(crate) async fn model(
    State(state): State<AppState>,
    message: Message,
) -> Result<Json<Done>, MlflowError> {
    let run_id = message.required_text("run_id")?;
    let text = message.required_text("model_json")?;
    let Ok(Value::Object(model)) = serde_json::from_str::<Value>(text) else {
        return Err(MlflowError::invalid(format!(
            "Malformed model info. \n {text} \n is not a valid JSON."
        )));
    };
    let missing: Vec<String> = ["artifact_path", "flavors", "utc_time_created", "run_id"]
        .into_iter()
        .filter(|field| !model.contains_key(*field))
        .map(|field| format!("'{field}'"))
        .collect();
    if !missing.is_empty() {
        return Err(MlflowError::invalid(format!(
            "Model json is missing mandatory fields: {{{}}}",
            missing.join(", ")
        )));
    }
    let entry = Value::Object(remembered(model)).to_string();
    state
        .registry
        .append_logged_model(run_id, &entry)
        .await
        .map_err(told)?;
    Ok(DONE)
}

/// A run can't lose its name.
fn push_tag(batch: &mut Batch, (key, value): (String, String)) {
    if key != RUN_NAME_TAG || !value.is_empty() {
        batch.tags.push((key, value));
    }
}

async fn write(state: &AppState, run_id: &str, batch: &Batch) -> Result<Json<Done>, MlflowError> {
    match state.registry.log(run_id, batch).await {
        Ok(()) => Ok(DONE),
        Err(RegistryError::ParamChanged {
            run_id,
            key,
            old,
            new,
        }) => Err(MlflowError::invalid(match batch.params.len() {
            1 => format!(
                "Changing param values is not allowed. Param with key='{key}' was already logged with \
                     value='{old}' for run ID='{run_id}'. Attempted logging new value '{new}'."
            ),
            _ => format!(
                "Changing param values is not allowed. Params were already logged='[{{'key': '{key}', \
                     'old_value': '{old}', 'new_value': '{new}'}}]' for run ID='{run_id}'."
            ),
        })),
        Err(error) => Err(told(error)),
    }
}

fn read_metric(message: &Message, prefix: &str, run_id: &str, batch: &mut Batch) -> Result<(), MlflowError> {
    let key = message.required_text("key")?.to_owned();
    let value = message.required_number("value")?;
    let timestamp_ms = message.required_integer("timestamp")?;
    let step = message.integer("step")?.unwrap_or(0);
    let model_id = message.text("model_id")?.filter(|id| !id.is_empty());
    let dataset_name = message.text("dataset_name")?.unwrap_or_default();
    let dataset_digest = message.text("dataset_digest")?.unwrap_or_default();
    limits::metric(prefix, &key, value, timestamp_ms)?;
    if let Some(model_id) = model_id {
        batch.model_metrics.push(ModelMetric {
            model_id: model_id.to_owned(),
            run_id: run_id.to_owned(),
            key: key.clone(),
            value,
            timestamp_ms,
            step,
            dataset_name: dataset_name.to_owned(),
            dataset_digest: dataset_digest.to_owned(),
        });
    }
    batch.metrics.push(Metric {
        key,
        value,
        step,
        timestamp_ms,
    });
    Ok(())
}

fn check_unique(params: &[(String, String)]) -> Result<(), MlflowError> {
    let mut seen = std::collections::HashSet::new();
    let twice: Vec<String> = params
        .iter()
        .filter(|(key, _)| !seen.insert(key))
        .map(|(key, _)| format!("'{key}'"))
        .collect();
    match twice.is_empty() {
        true => Ok(()),
        false => Err(MlflowError::invalid(format!(
            "Duplicate parameter keys have been submitted: [{}]. Please ensure the request contains only one param \
             value per param key.",
            twice.join(", ")
        ))),
    }
}

/// What of a model's description is kept: where it is and how it is loaded, without the flavors' configurations.
fn remembered(mut model: Map<String, Value>) -> Map<String, Value> {
    model.retain(|key, _| {
        matches!(
            key.as_str(),
            "run_id" | "utc_time_created" | "artifact_path" | "model_uuid" | "flavors"
        )
    });
    if let Some(Value::Object(flavors)) = model.get_mut("flavors") {
        for flavor in flavors.values_mut() {
            if let Value::Object(flavor) = flavor {
                flavor.remove("config");
            }
        }
    }
    model
}
