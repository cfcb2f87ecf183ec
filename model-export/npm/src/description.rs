//! Names of features, and the provenance, which JavaScript's own JSON reads: a second reader would weigh as much as
//! all the rest.

use std::collections::BTreeMap;

use js_sys::{Array, JSON, Object, Reflect};
use model_export::{FormatError, ModelFile, Provenance, column_names};
use wasm_bindgen::{JsCast, JsValue};

/// Fields of a provenance.
const FIELDS: u32 = 14;

/// Names of what a row holds, in its order: columns of a click row, else the model's names or `f0`, `f1`, ….
pub(crate) fn features(file: &ModelFile) -> Array {
    match file {
        ModelFile::Features(model) if model.feature_names().is_empty() => (0..model.ensemble().features())
            .map(|index| JsValue::from(format!("f{index}")))
            .collect(),
        ModelFile::Features(model) => model.feature_names().iter().map(JsValue::from).collect(),
        _ => column_names().into_iter().map(JsValue::from_str).collect(),
    }
}

/// Reads the provenance of a file, for Rust and for JavaScript.
pub(crate) fn provenance(json: &[u8]) -> Result<(Provenance, Object), FormatError> {
    let refused = |problem| FormatError::Section {
        section: "provenance",
        offset: 0,
        problem,
    };
    let text = str::from_utf8(json).map_err(|_| refused("it is not UTF-8"))?;
    let value = JSON::parse(text).map_err(|_| refused("it is not JSON"))?;
    value
        .dyn_into::<Object>()
        .ok()
        .and_then(|object| Some((fields(&object)?, object)))
        .ok_or_else(|| refused("a field is absent, unknown or of another type"))
}

fn fields(object: &Object) -> Option<Provenance> {
    let text = |name| get(object, name)?.as_string();
    let provenance = Provenance {
        model_name: text("model_name")?,
        experiment_name: text("experiment_name")?,
        run_id: text("run_id")?,
        run_name: text("run_name")?,
        artifact_uri: text("artifact_uri")?,
        booster_sha256: text("booster_sha256")?,
        dataset_name: text("dataset_name")?,
        dataset_digest: text("dataset_digest")?,
        training_rows: whole(object, "training_rows").filter(|rows| *rows >= 0.0)? as u64,
        trained_at_ms: whole(object, "trained_at_ms")? as i64,
        engine: text("engine")?,
        trainer_version: text("trainer_version")?,
        params: entries(object, "params", JsValue::as_string)?,
        metrics: entries(object, "metrics", JsValue::as_f64)?,
    };
    (Object::keys(object).length() == FIELDS).then_some(provenance)
}

fn whole(object: &Object, name: &str) -> Option<f64> {
    get(object, name)?
        .as_f64()
        .filter(|number| number.trunc() == *number)
}

fn entries<T>(object: &Object, name: &str, read: fn(&JsValue) -> Option<T>) -> Option<BTreeMap<String, T>> {
    let from = get(object, name)?.dyn_into::<Object>().ok()?;
    let mut entries = BTreeMap::new();
    for key in Object::keys(&from).iter() {
        entries.insert(key.as_string()?, read(&Reflect::get(&from, &key).ok()?)?);
    }
    Some(entries)
}

fn get(object: &Object, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok()
}
