use leptos::prelude::*;

use super::fingerprint::FingerprintCheck;
use crate::local_model::LocalModel;
use crate::state::{AppState, Connection, ModelState};
use crate::testids;
use crate::trust::Trust;

/// What is wrong with the model and what can be done; nothing while all is well.
#[component]
pub(crate) fn Banner(state: AppState) -> impl IntoView {
    move || {
        if let Connection::NoManifest(reason) = state.connection.get() {
            let text = format!("The manifest can't be read, so it is unknown which model to use: {reason}.");
            return message(state, "error", "No manifest", text, true);
        }
        let fallback = if state.api().is_some() {
            "Predictions come from the server instead."
        } else {
            "There is no server to ask, so there are no predictions."
        };
        match state.model.get() {
            ModelState::Loading | ModelState::Ready(_) => ().into_any(),
            ModelState::Absent => {
                let text = "Nothing predicts until a version is promoted.".to_owned();
                message(state, "info", "No version is in Production", text, false)
            }
            ModelState::Refused(reason) => {
                let text = format!("It was not used on this device: {reason}. {fallback}");
                message(state, "error", "The model file was refused", text, true)
            }
            ModelState::Unreachable(reason) => {
                let text = format!("It could not be fetched: {reason}. {fallback}");
                message(state, "warning", "The model is not on this device", text, true)
            }
            ModelState::Held(model) => held(state, &model, fallback),
        }
    }
}

fn message(state: AppState, kind: &'static str, title: &'static str, text: String, retry: bool) -> AnyView {
    let role = if kind == "error" { "alert" } else { "status" };
    view! {
        <section class=format!("banner {kind}") role=role data-testid=testids::MODEL_MESSAGE>
            <h2>{title}</h2>
            <p>{text}</p>
            {retry
                .then(|| {
                    view! {
                        <button type="button" data-testid=testids::RETRY on:click=move |_| state.retry()>
                            "Try again"
                        </button>
                    }
                })}
        </section>
    }
    .into_any()
}

fn held(state: AppState, model: &LocalModel, fallback: &'static str) -> AnyView {
    let version = model.served.version.version;
    let (title, pinned) = match &model.trust {
        Trust::Changed { pinned } => ("The signing key has changed", pinned.clone()),
        Trust::Missing { pinned } => ("The signature is missing", pinned.clone()),
        Trust::Known | Trust::FirstUse | Trust::Unsigned => return ().into_any(),
    };
    let presented = model.key_fingerprint.clone();
    let accept = if presented.is_some() {
        "Trust the new key"
    } else {
        "Use it unsigned"
    };
    view! {
        <section class="banner warning" role="alert" data-testid=testids::MODEL_MESSAGE>
            <h2>{title}</h2>
            <p>
                {format!("Version {version} is held back. {fallback} Models here used to be signed by the key ")}
                <code>{pinned}</code>
                {match &presented {
                    Some(_) => "; this one is signed by ",
                    None => "; this one is not signed at all",
                }}
                {presented.clone().map(|key| view! { <code>{key}</code> })}
                ". If nobody told you to expect that, do not accept it."
            </p>
            {presented
                .map(|key| view! { <FingerprintCheck fingerprint=key on_match=move |()| state.accept_key() /> })}
            <button type="button" data-testid=testids::ACCEPT_KEY on:click=move |_| state.accept_key()>
                {accept}
            </button>
        </section>
    }
    .into_any()
}
