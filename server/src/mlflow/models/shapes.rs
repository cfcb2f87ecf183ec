//! Models and versions in MLflow's JSON. What is unset is left out, and texts that are always set are there when empty.

use registry::{Artifacts, LoggedModel, ModelMetric, ModelRecord, VersionRecord};
use serde_json::{Map, Value, json};

use crate::mlflow::place;

/// A version without aliases, as listings have it.
pub(super) fn listed_version(artifacts: &Artifacts, version: &VersionRecord) -> Value {
    let mut fields = json!({
        "name": version.model_name,
        "version": version.version.to_string(),
        "creation_timestamp": version.created_at_ms,
        "last_updated_timestamp": version.updated_at_ms,
        "current_stage": version.stage.as_str(),
        "description": version.description,
        "source": place::shown(artifacts, &version.source),
        "run_id": version.run_id.as_deref().unwrap_or_default(),
        "status": version.status.as_str(),
        "run_link": version.run_link,
    });
    if let Value::Object(fields) = &mut fields {
        text(fields, "user_id", &version.user_name);
        text(fields, "status_message", &version.status_message);
        list(fields, "tags", pairs(&version.tags));
    }
    fields
}

/// A version with its aliases.
pub(super) fn version(artifacts: &Artifacts, version: &VersionRecord) -> Value {
    let mut fields = listed_version(artifacts, version);
    if let Value::Object(fields) = &mut fields {
        let aliases = version.aliases.iter().map(|alias| json!(alias)).collect();
        list(fields, "aliases", aliases);
    }
    fields
}

pub(super) fn model(artifacts: &Artifacts, model: &ModelRecord) -> Value {
    let mut fields = Map::new();
    fields.insert("name".to_owned(), json!(model.name));
    fields.insert("creation_timestamp".to_owned(), json!(model.created_at_ms));
    fields.insert("last_updated_timestamp".to_owned(), json!(model.updated_at_ms));
    if let Some(description) = &model.description {
        fields.insert("description".to_owned(), json!(description));
    }
    let versions = model.latest_versions.iter();
    let versions = versions
        .map(|version| listed_version(artifacts, version))
        .collect();
    list(&mut fields, "latest_versions", versions);
    list(&mut fields, "tags", pairs(&model.tags));
    let aliases = model.aliases.iter();
    let aliases = aliases.map(|(alias, version)| json!({"alias": alias, "version": version.to_string()}));
    list(&mut fields, "aliases", aliases.collect());
    Value::Object(fields)
}

pub(super) fn logged_model(artifacts: &Artifacts, model: &LoggedModel) -> Value {
    let mut info = json!({
        "model_id": model.model_id,
        "experiment_id": model.experiment_id,
        "name": model.name,
        "creation_timestamp_ms": model.created_at_ms,
        "last_updated_timestamp_ms": model.updated_at_ms,
        "artifact_uri": place::shown(artifacts, &model.artifact_uri),
        "status": model.status.as_str(),
        "model_type": model.model_type,
    });
    if let Value::Object(info) = &mut info {
        text(
            info,
            "source_run_id",
            model.source_run_id.as_deref().unwrap_or_default(),
        );
        text(info, "status_message", &model.status_message);
        list(info, "tags", pairs(&model.tags));
    }
    let mut data = Map::new();
    list(&mut data, "params", pairs(&model.params));
    list(&mut data, "metrics", model.metrics.iter().map(metric).collect());
    json!({"info": info, "data": data})
}

fn metric(metric: &ModelMetric) -> Value {
    let mut fields = json!({
        "key": metric.key,
        "value": if metric.value.is_nan() { json!("NaN") } else { json!(metric.value) },
        "timestamp": metric.timestamp_ms,
        "step": metric.step,
        "model_id": metric.model_id,
        "run_id": metric.run_id,
    });
    if let Value::Object(fields) = &mut fields {
        text(fields, "dataset_name", &metric.dataset_name);
        text(fields, "dataset_digest", &metric.dataset_digest);
    }
    fields
}

fn text(fields: &mut Map<String, Value>, name: &str, value: &str) {
    if !value.is_empty() {
        fields.insert(name.to_owned(), json!(value));
    }
}

fn list(fields: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        fields.insert(name.to_owned(), Value::Array(values));
    }
}

fn pairs(pairs: &[(String, String)]) -> Vec<Value> {
    let pair = |(key, value): &(String, String)| json!({"key": key, "value": value});
    pairs.iter().map(pair).collect()
}
