use api_types::ModelVersion;
use leptos::prelude::*;
use model_export::Provenance;

use super::copy::CopyButton;
use super::fingerprint::FingerprintCheck;
use super::result::ServerAnswer;
use crate::browser::{exact, fixed, local_time};
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
#[component]
pub(crate) fn ProvenancePanel(state: AppState, answer: RwSignal<ServerAnswer>) -> impl IntoView {
    view! {
        <section class="card provenance" aria-labelledby="provenance-title">
            <h2 id="provenance-title">"Provenance"</h2>
            {move || panel(state, answer)}
        </section>
    }
}

fn panel(state: AppState, answer: RwSignal<ServerAnswer>) -> AnyView {
    let model = state.model.get();
    let signature = model.signature();
    let (version, file, source) = match (&model, answer.get()) {
        (ModelState::Ready(local), _) => (
            local.served.version.clone(),
            Some(local.model.provenance().clone()),
            "checked",
        ),
        (_, ServerAnswer::Answered { response, .. }) => (response.model, None, "server"),
        _ => match state.production() {
            Some(served) => (served.version, None, "claimed"),
            None => {
                return view! {
                    <p class="hint">
                        <span data-testid=testids::SIGNATURE_STATE data-value=signature>"No model is known."</span>
                    </p>
                }
                .into_any();
            }
        },
    };
    let said = match source {
        "checked" => "Checked on this device: digest, format, self-test and origin.",
        "server" => "As the server's answer says; not checked on this device.",
        _ => "As the manifest says; not checked on this device.",
    };
    view! {
        <p class=format!("said {source}") data-testid=testids::PROV_STATE data-value=source>{said}</p>
        <dl class="rows">
            {plain("Model", testids::PROV_NAME, version.model_name.clone())}
            {plain("Version", testids::PROV_VERSION, version.version.to_string())}
            <div>
                <dt>"Stage"</dt>
                <dd>
                    <span
                        class="stage"
                        data-testid=testids::PROV_STAGE
                        data-stage=version.stage.as_str()
                    >
                        {version.stage.as_str()}
                    </span>
                </dd>
            </div>
            {plain("Run", testids::PROV_RUN_NAME, version.run_name.clone())}
            {code("Run id", testids::PROV_RUN_ID, version.run_id.clone())}
            {plain("Experiment", testids::PROV_EXPERIMENT, version.experiment_name.clone())}
            {code("Artifacts", testids::PROV_ARTIFACT_URI, version.artifact_uri.clone())}
            {code("Model SHA-256", testids::PROV_MODEL_SHA256, version.model_sha256.clone())}
            {code("Booster SHA-256", testids::PROV_BOOSTER_SHA256, version.booster_sha256.clone())}
            {signature_rows(&model, signature)}
            {plain("Trained on", testids::PROV_DATASET_NAME, version.dataset_name.clone())}
            {code("Data SHA-256", testids::PROV_DATASET_DIGEST, version.dataset_digest.clone())}
            {file.as_ref().map(training_rows)}
            <div>
                <dt>"Trained"</dt>
                <dd data-testid=testids::PROV_TRAINED_AT data-value=version.trained_at_ms.to_string()>
                    {local_time(version.trained_at_ms)}
                    <span class="aside">{iso_utc(version.trained_at_ms)}</span>
                </dd>
            </div>
            {plain("File size", testids::PROV_MODEL_BYTES, size(version.model_bytes))}
        </dl>
        {metrics(&version)}
    }
    .into_any()
}

fn plain(label: &'static str, testid: &'static str, value: String) -> AnyView {
    view! {
        <div>
            <dt>{label}</dt>
            <dd data-testid=testid>{value}</dd>
        </div>
    }
    .into_any()
}

fn code(label: &'static str, testid: &'static str, value: String) -> AnyView {
    view! {
        <div class="long">
            <dt>{label}</dt>
            <dd>
                <code data-testid=testid>{value.clone()}</code>
                <CopyButton what=label value=value />
            </dd>
        </div>
    }
    .into_any()
}

fn signature_rows(model: &ModelState, signature: &'static str) -> AnyView {
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
    let fingerprint = local.and_then(|local| local.key_fingerprint.clone());
    view! {
        <div class="long">
            <dt>"Signature"</dt>
            <dd class="signature" data-testid=testids::SIGNATURE_STATE data-value=signature>{text}</dd>
        </div>
        {fingerprint
            .map(|key| {
                view! {
                    {code("Signing key", testids::KEY_FINGERPRINT, key.clone())}
                    {usable
                        .then(|| {
                            view! {
                                <div class="long">
                                    <details>
                                        <summary>"Compare the key with one you expect"</summary>
                                        <FingerprintCheck fingerprint=key />
                                    </details>
                                </div>
                            }
                        })}
                }
            })}
    }
    .into_any()
}

fn training_rows(file: &Provenance) -> AnyView {
    view! {
        <div>
            <dt>"Rows"</dt>
            <dd data-testid=testids::PROV_TRAINING_ROWS data-value=file.training_rows.to_string()>
                {grouped(i64::try_from(file.training_rows).unwrap_or(i64::MAX))}
            </dd>
        </div>
        {plain("Engine", testids::PROV_ENGINE, file.engine.clone())}
    }
    .into_any()
}

fn metrics(version: &ModelVersion) -> AnyView {
    let found: Vec<_> = METRICS
        .iter()
        .filter_map(|(key, name, digits)| metric(version, key).map(|value| (*key, *name, *digits, value)))
        .collect();
    if found.is_empty() {
        return ().into_any();
    }
    view! {
        <h3>"On the test split"</h3>
        <dl class="rows">
            {found
                .into_iter()
                .map(|(key, name, digits, value)| {
                    view! {
                        <div>
                            <dt>{name}</dt>
                            <dd data-testid=testids::metric(key) data-value=exact(value)>{fixed(value, digits)}</dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
    }
    .into_any()
}

/// A version's metric by key.
pub(crate) fn metric(version: &ModelVersion, key: &str) -> Option<f64> {
    version
        .metrics
        .iter()
        .find(|metric| metric.key == key)
        .map(|metric| metric.value)
}
