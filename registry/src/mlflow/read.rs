//! Messages of MLflow as rows of ours. 64-bit numbers may be text, `NaN` and infinities are.

use serde_json::Value;

use super::import::MlflowImportError;
use crate::{
    Dataset, Experiment, Lifecycle, LoggedModel, LoggedModelStatus, Metric, ModelMetric, ModelRecord,
    RunStatus, Stage, VersionRecord, VersionStatus, runs::whole::WholeRun,
};

pub(super) fn text(message: &Value, field: &str) -> String {
    optional(message, field).unwrap_or_default()
}

pub(super) fn optional(message: &Value, field: &str) -> Option<String> {
    message[field].as_str().map(str::to_owned)
}

pub(super) fn required(message: &Value, field: &'static str) -> Result<String, MlflowImportError> {
    optional(message, field)
        .filter(|text| !text.is_empty())
        .ok_or(MlflowImportError::Unreadable { field })
}

pub(super) fn list<'a>(message: &'a Value, field: &str) -> &'a [Value] {
    message[field].as_array().map_or(&[], Vec::as_slice)
}

fn integer(message: &Value, field: &str) -> Option<i64> {
    let value = &message[field];
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn number(message: &Value, field: &str) -> f64 {
    match &message[field] {
        Value::String(name) => match name.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            text => text.parse().unwrap_or_default(),
        },
        // A field that isn't there is zero.
        value => value.as_f64().unwrap_or_default(),
    }
}

fn pairs(message: &Value, field: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = list(message, field)
        .iter()
        .map(|pair| (text(pair, "key"), text(pair, "value")))
        .collect();
    pairs.sort();
    pairs
}

fn lifecycle(message: &Value) -> Lifecycle {
    match message["lifecycle_stage"].as_str() {
        Some("deleted") => Lifecycle::Deleted,
        _ => Lifecycle::Active,
    }
}

pub(super) fn experiment(message: &Value) -> Result<Experiment, MlflowImportError> {
    let created_at_ms = integer(message, "creation_time").unwrap_or_default();
    Ok(Experiment {
        experiment_id: required(message, "experiment_id")?,
        name: required(message, "name")?,
        artifact_location: text(message, "artifact_location"),
        lifecycle: lifecycle(message),
        created_at_ms,
        updated_at_ms: integer(message, "last_update_time").unwrap_or(created_at_ms),
        tags: pairs(message, "tags"),
    })
}

pub(super) fn metric(message: &Value) -> Metric {
    Metric {
        key: text(message, "key"),
        value: number(message, "value"),
        step: integer(message, "step").unwrap_or_default(),
        timestamp_ms: integer(message, "timestamp").unwrap_or_default(),
    }
}

/// A run in an experiment of ours, without the histories of its metrics.
pub(super) fn run(
    message: &Value,
    experiment_id: &str,
    artifact_uri: String,
) -> Result<WholeRun, MlflowImportError> {
    let (info, data) = (&message["info"], &message["data"]);
    let (inputs, outputs) = (&message["inputs"], &message["outputs"]);
    let models = |message: &Value, field: &str| {
        let models = list(message, field).iter();
        models
            .map(|model| {
                (
                    text(model, "model_id"),
                    integer(model, "step").unwrap_or_default(),
                )
            })
            .collect()
    };
    Ok(WholeRun {
        run_id: required(info, "run_id")?,
        experiment_id: experiment_id.to_owned(),
        run_name: text(info, "run_name"),
        user_name: text(info, "user_id"),
        status: RunStatus::from_name(&text(info, "status")).unwrap_or(RunStatus::Running),
        start_time_ms: integer(info, "start_time").unwrap_or_default(),
        end_time_ms: integer(info, "end_time"),
        artifact_uri,
        lifecycle: lifecycle(info),
        metrics: Vec::new(),
        params: pairs(data, "params"),
        tags: pairs(data, "tags"),
        datasets: list(inputs, "dataset_inputs").iter().map(dataset).collect(),
        models_read: models(inputs, "model_inputs"),
        models_made: models(outputs, "model_outputs"),
    })
}

fn dataset(message: &Value) -> Dataset {
    let dataset = &message["dataset"];
    Dataset {
        name: text(dataset, "name"),
        digest: text(dataset, "digest"),
        source_type: text(dataset, "source_type"),
        source: text(dataset, "source"),
        rows: 0,
        schema: optional(dataset, "schema"),
        profile: optional(dataset, "profile"),
        tags: pairs(message, "tags"),
    }
}

/// A logged model in an experiment of ours.
pub(super) fn logged_model(
    message: &Value,
    experiment_id: &str,
    artifact_uri: String,
) -> Result<LoggedModel, MlflowImportError> {
    let (info, data) = (&message["info"], &message["data"]);
    let model_id = required(info, "model_id")?;
    let created_at_ms = integer(info, "creation_timestamp_ms").unwrap_or_default();
    let metrics = list(data, "metrics").iter().map(|message| {
        let metric = metric(message);
        ModelMetric {
            model_id: model_id.clone(),
            run_id: text(message, "run_id"),
            key: metric.key,
            value: metric.value,
            timestamp_ms: metric.timestamp_ms,
            step: metric.step,
            dataset_name: text(message, "dataset_name"),
            dataset_digest: text(message, "dataset_digest"),
        }
    });
    Ok(LoggedModel {
        metrics: metrics.collect(),
        experiment_id: experiment_id.to_owned(),
        name: text(info, "name"),
        artifact_uri,
        status: LoggedModelStatus::from_name(&text(info, "status")).unwrap_or(LoggedModelStatus::Pending),
        status_message: text(info, "status_message"),
        model_type: text(info, "model_type"),
        source_run_id: optional(info, "source_run_id").filter(|id| !id.is_empty()),
        created_at_ms,
        updated_at_ms: integer(info, "last_updated_timestamp_ms").unwrap_or(created_at_ms),
        params: pairs(data, "params"),
        tags: pairs(info, "tags"),
        model_id,
    })
}

pub(super) fn model(message: &Value) -> Result<ModelRecord, MlflowImportError> {
    let created_at_ms = integer(message, "creation_timestamp").unwrap_or_default();
    let aliases = list(message, "aliases").iter();
    Ok(ModelRecord {
        name: required(message, "name")?,
        description: optional(message, "description").filter(|text| !text.is_empty()),
        created_at_ms,
        updated_at_ms: integer(message, "last_updated_timestamp").unwrap_or(created_at_ms),
        tags: pairs(message, "tags"),
        aliases: aliases
            .filter_map(|alias| Some((text(alias, "alias"), integer(alias, "version")?)))
            .collect(),
        latest_versions: Vec::new(),
    })
}

pub(super) fn version(message: &Value) -> Result<VersionRecord, MlflowImportError> {
    let created_at_ms = integer(message, "creation_timestamp").unwrap_or_default();
    let source = text(message, "source");
    Ok(VersionRecord {
        model_name: required(message, "name")?,
        version: integer(message, "version").ok_or(MlflowImportError::Unreadable { field: "version" })?,
        stage: Stage::from_name(&text(message, "current_stage")).unwrap_or_default(),
        storage_uri: source.clone(),
        source,
        run_id: optional(message, "run_id").filter(|id| !id.is_empty()),
        model_id: optional(message, "model_id").filter(|id| !id.is_empty()),
        run_link: text(message, "run_link"),
        description: text(message, "description"),
        user_name: text(message, "user_id"),
        status: match message["status"].as_str() {
            Some("READY") | None => VersionStatus::Ready,
            Some(_) => VersionStatus::Failed,
        },
        status_message: text(message, "status_message"),
        model_file: None,
        created_at_ms,
        updated_at_ms: integer(message, "last_updated_timestamp").unwrap_or(created_at_ms),
        aliases: Vec::new(),
        tags: pairs(message, "tags"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_however_they_are_written() {
        let read = metric(&json!({"key": "k", "value": "NaN", "timestamp": "17", "step": 3}));
        assert!(read.value.is_nan());
        assert_eq!((read.timestamp_ms, read.step), (17, 3));
        assert_eq!(number(&json!({"value": "-Infinity"}), "value"), f64::NEG_INFINITY);
        assert_eq!(number(&json!({}), "value"), 0.0);
    }

    #[test]
    fn what_a_message_must_have_is_missed() {
        let error = experiment(&json!({"experiment_id": "1"})).unwrap_err();
        assert!(matches!(error, MlflowImportError::Unreadable { field: "name" }));
        assert!(run(&json!({"info": {}}), "1", String::new()).is_err());
    }
}
