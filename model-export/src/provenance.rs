//! Where a model comes from, carried inside its file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::format::FormatError;
use crate::json::{JsonError, Value};

/// Fields of a [`Provenance`].
const FIELDS: usize = 14;

/// The lineage of a model: which run made it, from which booster and which data set.
///
/// It is written when the file is made and never after: stage, alias and version number live in the registry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Registered model, such as `criteo_ctr_model`.
    pub model_name: String,
    /// Experiment of the run.
    pub experiment_name: String,
    /// 32 hex digits.
    pub run_id: String,
    /// Nickname of the run.
    pub run_name: String,
    /// Where the run's artifacts are.
    pub artifact_uri: String,
    /// SHA-256 of the booster the trees were read from.
    pub booster_sha256: String,
    /// Name of the data set.
    pub dataset_name: String,
    /// Digest of the data set.
    pub dataset_digest: String,
    /// Rows the booster was fitted on.
    pub training_rows: u64,
    /// End of training, in ms since the epoch.
    pub trained_at_ms: i64,
    /// Training library and its version, such as `xgboost 3.4.1`.
    pub engine: String,
    /// Version of the trainer.
    pub trainer_version: String,
    /// Parameters of the run.
    pub params: BTreeMap<String, String>,
    /// Metrics of the run; every value is finite.
    pub metrics: BTreeMap<String, f64>,
}

/// Why a provenance can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProvenanceError {
    /// It is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A field is absent or of another kind.
    #[error("{0} is missing or of another kind")]
    Field(&'static str),
    /// There are fields that no provenance has, or one comes twice.
    #[error("it has other fields than a provenance")]
    OtherFields,
}

impl Provenance {
    /// Reads its JSON form, which has every field once and no other.
    pub fn from_json(json: &[u8]) -> Result<Self, ProvenanceError> {
        let value = Value::parse(json)?;
        let text = |name| field(&value, name, Value::as_str).map(str::to_owned);
        let provenance = Self {
            model_name: text("model_name")?,
            experiment_name: text("experiment_name")?,
            run_id: text("run_id")?,
            run_name: text("run_name")?,
            artifact_uri: text("artifact_uri")?,
            booster_sha256: text("booster_sha256")?,
            dataset_name: text("dataset_name")?,
            dataset_digest: text("dataset_digest")?,
            training_rows: field(&value, "training_rows", Value::as_u64)?,
            trained_at_ms: field(&value, "trained_at_ms", Value::as_i64)?,
            engine: text("engine")?,
            trainer_version: text("trainer_version")?,
            params: map(&value, "params", |value| value.as_str().map(str::to_owned))?,
            metrics: map(&value, "metrics", Value::as_f64)?,
        };
        // All of them were found, so that each is there once.
        if value.fields().map(<[_]>::len) != Some(FIELDS) {
            return Err(ProvenanceError::OtherFields);
        }
        Ok(provenance)
    }

    /// Refuses a metric that JSON cannot hold.
    pub(crate) fn check(&self) -> Result<(), FormatError> {
        match self.metrics.iter().find(|(_, value)| !value.is_finite()) {
            Some((name, _)) => Err(FormatError::Metric { name: name.clone() }),
            None => Ok(()),
        }
    }
}

fn field<'a, T>(
    value: &'a Value,
    name: &'static str,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<T, ProvenanceError> {
    value.get(name).and_then(read).ok_or(ProvenanceError::Field(name))
}

fn map<T>(
    value: &Value,
    name: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<BTreeMap<String, T>, ProvenanceError> {
    // Collecting would bring a general sort along, several times the code of this.
    let mut map = BTreeMap::new();
    for (key, value) in field(value, name, Value::fields)? {
        map.insert(key.clone(), read(value).ok_or(ProvenanceError::Field(name))?);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provenance() -> Provenance {
        Provenance {
            model_name: "criteo \"ctr\" \u{1f343}".to_owned(),
            run_id: "0123".to_owned(),
            training_rows: u64::MAX,
            trained_at_ms: i64::MIN,
            params: BTreeMap::from([("eta".to_owned(), "0.3".to_owned())]),
            metrics: BTreeMap::from([
                ("auc".to_owned(), 0.789_012_345_678_901_2),
                ("logloss".to_owned(), 1e-300),
            ]),
            ..Provenance::default()
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for provenance in [provenance(), Provenance::default()] {
            let json = serde_json::to_vec(&provenance).unwrap();
            assert_eq!(Provenance::from_json(&json), Ok(provenance));
        }
    }

    #[test]
    fn every_field_is_needed_once_and_of_its_kind() {
        let json = serde_json::to_value(provenance()).unwrap();
        let read = |json: &serde_json::Value| Provenance::from_json(&serde_json::to_vec(json).unwrap());
        let fields = json.as_object().unwrap();
        assert_eq!(fields.len(), FIELDS);
        for name in fields.keys() {
            for other in [None, Some(serde_json::Value::Null), Some(serde_json::json!([1]))] {
                let mut changed = json.clone();
                let fields = changed.as_object_mut().unwrap();
                match other {
                    None => drop(fields.remove(name)),
                    Some(other) => drop(fields.insert(name.clone(), other)),
                }
                let message = format!("{name} is missing or of another kind");
                assert_eq!(read(&changed).unwrap_err().to_string(), message);
            }
        }
        let mut more = json.clone();
        more["more"] = 1.into();
        assert_eq!(read(&more), Err(ProvenanceError::OtherFields));
        let twice = json.to_string().replacen('{', "{\"run_id\":\"\",", 1);
        assert_eq!(
            Provenance::from_json(twice.as_bytes()),
            Err(ProvenanceError::OtherFields)
        );
        assert!(matches!(
            Provenance::from_json(b"{"),
            Err(ProvenanceError::Json(_))
        ));
    }
}
