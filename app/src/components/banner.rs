use super::fingerprint::fingerprint_check;
use crate::element::{Part, button, classed, element};
use crate::local_model::LocalModel;
use crate::state::{AppState, Connection, ModelState};
use crate::testids;
use crate::trust::Trust;
use leptos::prelude::*;

/// What is wrong with the model and what can be done; nothing while all is well.
pub(crate) fn banner(state: AppState) -> Option<Part> {
    if let Connection::NoManifest(reason) = state.connection.get() {
        let text = format!("The manifest can't be read, so it is unknown which model to use: {reason}.");
        return Some(message(state, "error", "No manifest", &text, true));
    }
    let fallback = if state.api().is_some() {
        "Predictions come from the server instead."
    } else {
        "There is no server to ask, so there are no predictions."
    };
    let (kind, title, text, retry) = match state.model.get() {
        ModelState::Loading | ModelState::Ready(_) => return None,
        ModelState::Absent => (
            "info",
            "No version is in Production",
            "Nothing predicts until a version is promoted.".to_owned(),
            false,
        ),
        ModelState::Refused(reason) => (
            "error",
            "The model file was refused",
            format!("It was not used on this device: {reason}. {fallback}"),
            true,
        ),
        ModelState::Unreachable(reason) => (
            "warning",
            "The model is not on this device",
            format!("It could not be fetched: {reason}. {fallback}"),
            true,
        ),
        ModelState::Held(model) => return held(state, &model, fallback),
    };
    Some(message(state, kind, title, &text, retry))
}

fn section(kind: &str, role: &str, title: &str) -> Part {
    classed("section", &format!("banner {kind}"))
        .attr("role", role)
        .testid(testids::MODEL_MESSAGE)
        .part(element("h2").text(title))
}

fn message(state: AppState, kind: &str, title: &str, text: &str, retry: bool) -> Part {
    let role = if kind == "error" { "alert" } else { "status" };
    section(kind, role, title)
        .part(element("p").text(text))
        .parts(retry.then(|| button("Try again", testids::RETRY, move || state.retry())))
}

fn held(state: AppState, model: &LocalModel, fallback: &str) -> Option<Part> {
    let version = model.served.version.version;
    let (title, pinned) = match &model.trust {
        Trust::Changed { pinned } => ("The signing key has changed", pinned),
        Trust::Missing { pinned } => ("The signature is missing", pinned),
        Trust::Known | Trust::FirstUse | Trust::Unsigned => return None,
    };
    let presented = &model.key_fingerprint;
    let (signed, accept) = match presented {
        Some(_) => ("; this one is signed by ", "Trust the new key"),
        None => ("; this one is not signed at all", "Use it unsigned"),
    };
    let said = element("p")
        .text(&format!(
            "Version {version} is held back. {fallback} Models here used to be signed by the key "
        ))
        .part(element("code").text(pinned))
        .text(signed)
        .parts(presented.as_deref().map(|key| element("code").text(key)))
        .text(". If nobody told you to expect that, do not accept it.");
    let accept_key = move || state.accept_key();
    Some(
        section("warning", "alert", title)
            .part(said)
            .parts(presented.clone().map(|key| fingerprint_check(key, accept_key)))
            .part(button(accept, testids::ACCEPT_KEY, accept_key)),
    )
}
