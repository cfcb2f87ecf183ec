//! The server's messages and the manifest, read field by field.
//!
//! The types are `api_types`', whose derived readers the page would have to carry once for each type; a field that
//! is added there is an error here until it is read.

use api_types::{
    Engine, ErrorBody, ErrorCode, Manifest, Metric, MetricPoint, ModelVersion, PredictResponse, Prediction,
    ServedModel, Stage, StepProgress, TrainingRun, TrainingRunEvent, TrainingRunRequest, TrainingRunState,
};
use model_export::json::{JsonError, Value};

/// Why a message can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// It is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A field is absent or of another kind.
    #[error("{0} is missing or of another kind")]
    Field(&'static str),
    /// The whole is of another kind.
    #[error("it is no list")]
    List,
}

/// What can be read from JSON.
pub trait Read: Sized {
    /// From the value.
    fn read(value: &Value) -> Result<Self, WireError>;
}

/// Reads a message.
pub fn read<T: Read>(text: &str) -> Result<T, WireError> {
    T::read(&Value::parse(text.as_bytes())?)
}

/// What the page reads of an [`api_types::RunDetail`].
#[derive(Clone, Debug, PartialEq)]
pub struct LearningCurves {
    /// Metric key and its points in step order.
    pub curves: Vec<(String, Vec<MetricPoint>)>,
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Result<Self, WireError> {
        value
            .items()
            .ok_or(WireError::List)?
            .iter()
            .map(T::read)
            .collect()
    }
}

impl Read for Manifest {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(Self {
            manifest_version: small(value, "manifest_version")?,
            generated_at_ms: whole(value, "generated_at_ms")?,
            api_base: optional(value, "api_base", text)?,
            production: optional(value, "production", nested)?,
            versions: list(value, "versions")?,
        })
    }
}

impl Read for ServedModel {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(Self {
            version: ModelVersion::read(value)?,
            model_url: text(value, "model_url")?,
            bundle_url: optional(value, "bundle_url", text)?,
            signing_key_pem: optional(value, "signing_key_pem", text)?,
        })
    }
}

impl Read for ModelVersion {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(Self {
            model_name: text(value, "model_name")?,
            version: whole(value, "version")?,
            stage: one_of(
                value,
                "stage",
                &[Stage::None, Stage::Staging, Stage::Production, Stage::Archived].map(|s| (s.as_str(), s)),
            )?,
            aliases: list(value, "aliases")?,
            run_id: text(value, "run_id")?,
            run_name: text(value, "run_name")?,
            experiment_name: text(value, "experiment_name")?,
            artifact_uri: text(value, "artifact_uri")?,
            model_sha256: text(value, "model_sha256")?,
            model_bytes: whole(value, "model_bytes")?,
            booster_sha256: text(value, "booster_sha256")?,
            dataset_name: text(value, "dataset_name")?,
            dataset_digest: text(value, "dataset_digest")?,
            trained_at_ms: whole(value, "trained_at_ms")?,
            created_at_ms: whole(value, "created_at_ms")?,
            metrics: list(value, "metrics")?,
        })
    }
}

impl Read for String {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(value.as_str().ok_or(WireError::Field("a text"))?.to_owned())
    }
}

impl Read for Metric {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(Self {
            key: text(value, "key")?,
            value: number(value, "value")?,
        })
    }
}

impl Read for MetricPoint {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(Self {
            step: whole(value, "step")?,
            value: number(value, "value")?,
        })
    }
}

impl Read for PredictResponse {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(Self {
            predictions: nested(value, "predictions")?,
            model: nested(value, "model")?,
        })
    }
}

impl Read for Prediction {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(Self {
            probability: number(value, "probability")? as f32,
            margin: number(value, "margin")? as f32,
        })
    }
}

impl Read for ErrorBody {
    fn read(value: &Value) -> Result<Self, WireError> {
        let codes = [
            ("invalid_request", ErrorCode::InvalidRequest),
            ("unauthenticated", ErrorCode::Unauthenticated),
            ("forbidden", ErrorCode::Forbidden),
            ("not_found", ErrorCode::NotFound),
            ("conflict", ErrorCode::Conflict),
            ("too_large", ErrorCode::TooLarge),
            ("unavailable", ErrorCode::Unavailable),
            ("internal", ErrorCode::Internal),
        ];
        Ok(Self {
            code: one_of(value, "code", &codes)?,
            message: text(value, "message")?,
            row: optional(value, "row", small)?,
            column: optional(value, "column", text)?,
            request_id: optional(value, "request_id", text)?,
        })
    }
}

impl Read for TrainingRunEvent {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(Self {
            sequence: whole(value, "sequence")?,
            run: nested(value, "run")?,
        })
    }
}

impl Read for TrainingRun {
    fn read(value: &Value) -> Result<Self, WireError> {
        let states = [
            ("queued", TrainingRunState::Queued),
            ("running", TrainingRunState::Running),
            ("succeeded", TrainingRunState::Succeeded),
            ("failed", TrainingRunState::Failed),
        ];
        Ok(Self {
            training_run_id: text(value, "training_run_id")?,
            state: one_of(value, "state", &states)?,
            attempts: whole(value, "attempts")?,
            request: nested(value, "request")?,
            progress: optional(value, "progress", nested)?,
            run_id: optional(value, "run_id", text)?,
            version: optional(value, "version", whole)?,
            error: optional(value, "error", text)?,
            queued_at_ms: whole(value, "queued_at_ms")?,
            updated_at_ms: whole(value, "updated_at_ms")?,
        })
    }
}

impl Read for TrainingRunRequest {
    fn read(value: &Value) -> Result<Self, WireError> {
        let engines = [("xgboost", Engine::Xgboost), ("gbdt", Engine::Gbdt)];
        Ok(Self {
            data: list(value, "data")?,
            generate_rows: optional(value, "generate_rows", small)?,
            seed: optional(value, "seed", small)?,
            engine: optional(value, "engine", |value, name| one_of(value, name, &engines))?,
            max_rounds: optional(value, "max_rounds", small)?,
            max_bytes: optional(value, "max_bytes", small)?,
            promote: optional(value, "promote", |value, name| field(value, name, Value::as_bool))?
                .unwrap_or_default(),
        })
    }
}

impl Read for StepProgress {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(Self {
            step: text(value, "step")?,
            done: small(value, "done")?,
            total: optional(value, "total", small)?,
            message: text(value, "message")?,
        })
    }
}

impl Read for LearningCurves {
    fn read(value: &Value) -> Result<Self, WireError> {
        Ok(Self {
            curves: nested(value, "curves")?,
        })
    }
}

impl Read for (String, Vec<MetricPoint>) {
    fn read(value: &Value) -> Result<Self, WireError> {
        match value.items() {
            Some([key, points]) => Ok((String::read(key)?, Vec::read(points)?)),
            _ => Err(WireError::Field("a pair")),
        }
    }
}

fn field<'a, T>(
    value: &'a Value,
    name: &'static str,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<T, WireError> {
    value.get(name).and_then(read).ok_or(WireError::Field(name))
}

/// `None` where the field is absent or null.
fn optional<T>(
    value: &Value,
    name: &'static str,
    read: impl Fn(&Value, &'static str) -> Result<T, WireError>,
) -> Result<Option<T>, WireError> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => read(value, name).map(Some),
    }
}

fn nested<T: Read>(value: &Value, name: &'static str) -> Result<T, WireError> {
    T::read(value.get(name).ok_or(WireError::Field(name))?)
}

/// Empty where the field is absent.
fn list<T: Read>(value: &Value, name: &'static str) -> Result<Vec<T>, WireError> {
    value.get(name).map_or(Ok(Vec::new()), Vec::read)
}

#[inline(never)]
fn text(value: &Value, name: &'static str) -> Result<String, WireError> {
    field(value, name, Value::as_str).map(str::to_owned)
}

#[inline(never)]
fn whole(value: &Value, name: &'static str) -> Result<i64, WireError> {
    field(value, name, Value::as_i64)
}

#[inline(never)]
fn number(value: &Value, name: &'static str) -> Result<f64, WireError> {
    field(value, name, Value::as_f64)
}

/// A whole number of a narrower type.
fn small<T: TryFrom<u64>>(value: &Value, name: &'static str) -> Result<T, WireError> {
    field(value, name, |value| T::try_from(value.as_u64()?).ok())
}

fn one_of<T: Copy>(value: &Value, name: &'static str, all: &[(&str, T)]) -> Result<T, WireError> {
    let found = field(value, name, Value::as_str)?;
    let named = all.iter().find(|(text, _)| *text == found);
    named.map(|(_, value)| *value).ok_or(WireError::Field(name))
}

#[cfg(test)]
mod tests;
