use api_types::ModelVersion;
use leptos::prelude::*;
use model_export::Provenance;

use super::copy::copy_button;
use super::fingerprint::fingerprint_check;
use super::result::ServerAnswer;
use crate::browser::{exact, fixed, local_time};
use crate::element::{Part, classed, element};
use crate::state::{AppState, ModelState};
use crate::testids;
use crate::text::{grouped, iso_utc, size};
use crate::trust::Trust;

/// Metrics on the test split, by key, with their names and the digits that tell models apart.
pub(crate) const METRICS: [(&str, &str, u8); 5] = [
    ("test_logloss", "Logloss", 5),
    ("test_auc", "AUC", 5),
    ("test_normalized_entropy", "Normalized entropy", 5),
    ("test_expected_calibration_error", "Calibration error", 5),
    ("test_brier", "Brier score", 5),
];

/// Which model predicts, where it comes from, and how that is known.
pub(crate) fn provenance_panel(state: AppState, answer: RwSignal<ServerAnswer>) -> Part {
    classed("section", "card provenance")
        .attr("aria-labelledby", "provenance-title")
        .part(element("h2").attr("id", "provenance-title").text("Provenance"))
        .parts_with(move || panel(state, answer))
}

fn panel(state: AppState, answer: RwSignal<ServerAnswer>) -> Vec<Part> {
    let model = state.model.get();
    let signature = model.signature();
    let (version, source) = match &model {
        ModelState::Ready(local) => (Some(local.served.version.clone()), "checked"),
        _ => match answer.get() {
            ServerAnswer::Answered { response, .. } => (Some(response.model), "server"),
            _ => (state.production().map(|served| served.version), "claimed"),
        },
    };
    let Some(version) = version else {
        let said = element("span")
            .testid(testids::SIGNATURE_STATE)
            .attr("data-value", signature)
            .text("No model is known.");
        return vec![classed("p", "hint").part(said)];
    };
    let said = match source {
        "checked" => "Checked on this device: digest, format, self-test and origin.",
        "server" => "As the server's answer says; not checked on this device.",
        _ => "As the manifest says; not checked on this device.",
    };
    let said = classed("p", &format!("said {source}"))
        .testid(testids::PROV_STATE)
        .attr("data-value", source)
        .text(said);
    let stage = classed("span", "stage")
        .testid(testids::PROV_STAGE)
        .attr("data-stage", version.stage.as_str())
        .text(version.stage.as_str());
    let trained = element("dd")
        .testid(testids::PROV_TRAINED_AT)
        .attr("data-value", &version.trained_at_ms.to_string())
        .text(&local_time(version.trained_at_ms))
        .part(classed("span", "aside").text(&iso_utc(version.trained_at_ms)));
    // Short rows go in pairs where there is room.
    let mut rows = vec![
        plain("Model", testids::PROV_NAME, &version.model_name),
        plain("Version", testids::PROV_VERSION, &version.version.to_string()),
        row("Stage", element("dd").part(stage)),
        plain("Run", testids::PROV_RUN_NAME, &version.run_name),
        plain("Experiment", testids::PROV_EXPERIMENT, &version.experiment_name),
        plain("Trained on", testids::PROV_DATASET_NAME, &version.dataset_name),
        row("Trained", trained).attr("class", "wide"),
    ];
    if let ModelState::Ready(local) = &model {
        rows.extend(training_rows(local.model.provenance()));
    }
    rows.extend([
        plain("File size", testids::PROV_MODEL_BYTES, &size(version.model_bytes)),
        code("Run id", testids::PROV_RUN_ID, &version.run_id),
        code("Artifacts", testids::PROV_ARTIFACT_URI, &version.artifact_uri),
        code("Model SHA-256", testids::PROV_MODEL_SHA256, &version.model_sha256),
        code(
            "Booster SHA-256",
            testids::PROV_BOOSTER_SHA256,
            &version.booster_sha256,
        ),
        code(
            "Data SHA-256",
            testids::PROV_DATASET_DIGEST,
            &version.dataset_digest,
        ),
    ]);
    rows.extend(signature_rows(&model, signature));
    let mut parts = vec![said, classed("dl", "rows").parts(rows)];
    parts.extend(metrics(&version));
    parts
}

fn row(label: &str, value: Part) -> Part {
    element("div").part(element("dt").text(label)).part(value)
}

fn plain(label: &str, testid: &str, value: &str) -> Part {
    row(label, element("dd").testid(testid).text(value))
}

fn code(label: &str, testid: &str, value: &str) -> Part {
    let shown = element("code").testid(testid).text(value);
    let copy = copy_button(label, value.to_owned());
    row(label, element("dd").part(shown).part(copy)).attr("class", "long")
}

fn signature_rows(model: &ModelState, signature: &str) -> Vec<Part> {
    let (local, usable) = match model {
        ModelState::Ready(local) => (Some(local), true),
        ModelState::Held(local) => (Some(local), false),
        _ => (None, false),
    };
    let text = match (signature, local.map(|local| &local.trust)) {
        ("verified", Some(Trust::FirstUse)) => {
            "Verified. The key is new to this device, which trusts it from now on."
        }
        ("verified", _) => "Verified, by the key this device knows.",
        ("unsigned", _) => "Not signed: nobody vouches for this file.",
        ("key-changed", _) => "Held back: signed by another key than this device knows.",
        ("signature-missing", _) => "Held back: no signature, though earlier models had one.",
        ("tampered", _) => "Refused: the file is not what it should be.",
        ("loading", _) => "Being checked.",
        _ => "Not checked: the file is not here.",
    };
    let said = classed("dd", "signature")
        .testid(testids::SIGNATURE_STATE)
        .attr("data-value", signature)
        .text(text);
    let mut rows = vec![row("Signature", said).attr("class", "long")];
    if let Some(key) = local.and_then(|local| local.key_fingerprint.as_deref()) {
        rows.push(code("Signing key", testids::KEY_FINGERPRINT, key));
        if usable {
            let compare = element("details")
                .part(element("summary").text("Compare the key with one you expect"))
                .part(fingerprint_check(key.to_owned(), || ()));
            rows.push(classed("div", "long").part(compare));
        }
    }
    rows
}

fn training_rows(file: &Provenance) -> [Part; 2] {
    let rows = i64::try_from(file.training_rows).unwrap_or(i64::MAX);
    let shown = element("dd")
        .testid(testids::PROV_TRAINING_ROWS)
        .attr("data-value", &file.training_rows.to_string())
        .text(&grouped(rows));
    [
        row("Rows", shown),
        plain("Engine", testids::PROV_ENGINE, &file.engine),
    ]
}

fn metrics(version: &ModelVersion) -> Vec<Part> {
    let rows: Vec<Part> = METRICS
        .iter()
        .filter_map(|(key, name, digits)| {
            let value = metric(version, key)?;
            let shown = element("dd")
                .testid(&testids::metric(key))
                .attr("data-value", &exact(value))
                .text(&fixed(value, *digits));
            Some(row(name, shown))
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    vec![
        element("h3").text("On the test split"),
        classed("dl", "rows").parts(rows),
    ]
}

/// A version's metric by key.
pub(crate) fn metric(version: &ModelVersion, key: &str) -> Option<f64> {
    version
        .metrics
        .iter()
        .find(|metric| metric.key == key)
        .map(|metric| metric.value)
}
