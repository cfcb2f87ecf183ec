//! Runs and experiments in MLflow's JSON. What is unset is left out; NaN is a text.

use registry::{Artifacts, Dataset, Experiment, Metric, Run};
use serde::{Serialize, Serializer};

use crate::mlflow::place;

#[derive(Serialize)]
pub(super) struct ExperimentShape<'a> {
    experiment_id: &'a str,
    name: &'a str,
    artifact_location: String,
    lifecycle_stage: &'static str,
    last_update_time: i64,
    creation_time: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<PairShape<'a>>,
    workspace: &'static str,
}

#[derive(Serialize)]
pub(super) struct RunShape<'a> {
    info: InfoShape<'a>,
    data: DataShape<'a>,
    inputs: InputsShape<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<OutputsShape<'a>>,
}

#[derive(Serialize)]
pub(super) struct InfoShape<'a> {
    run_uuid: &'a str,
    experiment_id: &'a str,
    run_name: &'a str,
    user_id: &'a str,
    status: &'static str,
    start_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    artifact_uri: String,
    lifecycle_stage: &'static str,
    run_id: &'a str,
}

#[derive(Serialize)]
struct DataShape<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<MetricShape<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<PairShape<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<PairShape<'a>>,
}

#[derive(Serialize)]
pub(super) struct MetricShape<'a> {
    key: &'a str,
    #[serde(serialize_with = "number")]
    value: f64,
    timestamp: i64,
    step: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
}

#[derive(Serialize)]
struct PairShape<'a> {
    key: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct InputsShape<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dataset_inputs: Vec<DatasetInputShape<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_inputs: Vec<ModelInputShape<'a>>,
}

#[derive(Serialize)]
struct DatasetInputShape<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<PairShape<'a>>,
    dataset: DatasetShape<'a>,
}

#[derive(Serialize)]
struct DatasetShape<'a> {
    name: &'a str,
    digest: &'a str,
    source_type: &'a str,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

#[derive(Serialize)]
struct ModelInputShape<'a> {
    model_id: &'a str,
}

#[derive(Serialize)]
struct OutputsShape<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_outputs: Vec<ModelOutputShape<'a>>,
}

#[derive(Serialize)]
struct ModelOutputShape<'a> {
    model_id: &'a str,
    step: i64,
}

pub(super) fn experiment<'a>(artifacts: &Artifacts, experiment: &'a Experiment) -> ExperimentShape<'a> {
    ExperimentShape {
        experiment_id: &experiment.experiment_id,
        name: &experiment.name,
        artifact_location: place::shown(artifacts, &experiment.artifact_location),
        lifecycle_stage: experiment.lifecycle.as_str(),
        last_update_time: experiment.updated_at_ms,
        creation_time: experiment.created_at_ms,
        tags: pairs(&experiment.tags),
        workspace: "default",
    }
}

pub(super) fn info<'a>(artifacts: &Artifacts, run: &'a Run) -> InfoShape<'a> {
    InfoShape {
        run_uuid: &run.run_id,
        experiment_id: &run.experiment_id,
        run_name: &run.run_name,
        user_id: &run.user_name,
        status: run.status.as_str(),
        start_time: run.start_time_ms,
        end_time: run.end_time_ms.filter(|end| *end != 0),
        artifact_uri: place::shown(artifacts, &run.artifact_uri),
        lifecycle_stage: run.lifecycle.as_str(),
        run_id: &run.run_id,
    }
}

pub(super) fn run<'a>(artifacts: &Artifacts, run: &'a Run) -> RunShape<'a> {
    RunShape {
        outputs: Some(OutputsShape {
            model_outputs: run
                .model_outputs
                .iter()
                .map(|(model_id, step)| ModelOutputShape {
                    model_id,
                    step: *step,
                })
                .collect(),
        }),
        ..new_run(artifacts, run)
    }
}

/// A run as the answer to its creation, which says nothing of outputs.
pub(super) fn new_run<'a>(artifacts: &Artifacts, run: &'a Run) -> RunShape<'a> {
    RunShape {
        info: info(artifacts, run),
        data: DataShape {
            metrics: run.metrics.iter().map(|point| metric(point, None)).collect(),
            params: pairs(&run.params),
            tags: pairs(&run.tags),
        },
        inputs: InputsShape {
            dataset_inputs: run.inputs.iter().map(dataset_input).collect(),
            model_inputs: run
                .model_inputs
                .iter()
                .map(|model_id| ModelInputShape { model_id })
                .collect(),
        },
        outputs: None,
    }
}

pub(super) fn metric<'a>(metric: &'a Metric, run_id: Option<&'a str>) -> MetricShape<'a> {
    MetricShape {
        key: &metric.key,
        value: metric.value,
        timestamp: metric.timestamp_ms,
        step: metric.step,
        run_id,
    }
}

fn dataset_input(dataset: &Dataset) -> DatasetInputShape<'_> {
    let counted = || (dataset.rows > 0).then(|| format!("{{\"num_rows\": {}}}", dataset.rows));
    DatasetInputShape {
        tags: pairs(&dataset.tags),
        dataset: DatasetShape {
            name: &dataset.name,
            digest: &dataset.digest,
            source_type: &dataset.source_type,
            source: &dataset.source,
            schema: dataset.schema.as_deref(),
            profile: dataset.profile.clone().or_else(counted),
        },
    }
}

fn pairs(pairs: &[(String, String)]) -> Vec<PairShape<'_>> {
    pairs
        .iter()
        .map(|(key, value)| PairShape { key, value })
        .collect()
}

fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match value.is_nan() {
        true => serializer.serialize_str("NaN"),
        false => serializer.serialize_f64(*value),
    }
}
