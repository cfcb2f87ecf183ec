//! Names of features, and the provenance, as JavaScript values.

use js_sys::{Array, Object, Reflect};
use model_export::{ModelFile, Provenance, column_names};
use wasm_bindgen::JsValue;

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

/// The provenance with the names that it has in the file.
pub(crate) fn provenance(provenance: &Provenance) -> Object {
    // Without `..`, so that a new field can't be forgotten here.
    let Provenance {
        model_name,
        experiment_name,
        run_id,
        run_name,
        artifact_uri,
        booster_sha256,
        dataset_name,
        dataset_digest,
        training_rows,
        trained_at_ms,
        engine,
        trainer_version,
        params,
        metrics,
    } = provenance;
    let texts = [
        ("model_name", model_name),
        ("experiment_name", experiment_name),
        ("run_id", run_id),
        ("run_name", run_name),
        ("artifact_uri", artifact_uri),
        ("booster_sha256", booster_sha256),
        ("dataset_name", dataset_name),
        ("dataset_digest", dataset_digest),
        ("engine", engine),
        ("trainer_version", trainer_version),
    ];
    let all = Object::new();
    for (name, text) in texts {
        set(&all, name, &JsValue::from_str(text));
    }
    set(&all, "training_rows", &(*training_rows as f64).into());
    set(&all, "trained_at_ms", &(*trained_at_ms as f64).into());
    let (of_params, of_metrics) = (Object::new(), Object::new());
    for (name, value) in params {
        set(&of_params, name, &JsValue::from_str(value));
    }
    for (name, value) in metrics {
        set(&of_metrics, name, &JsValue::from_f64(*value));
    }
    set(&all, "params", &of_params);
    set(&all, "metrics", &of_metrics);
    all
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a property of a plain object can't fail.
    let _ = Reflect::set(object, &name.into(), value);
}
