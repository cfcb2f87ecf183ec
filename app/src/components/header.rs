use leptos::prelude::*;

use crate::browser;
use crate::element::{Part, button, classed, element, svg};
use crate::route::Route;
use crate::state::{AppState, Connection, ModelState};
use crate::testids;

/// The link past the navigation.
pub(crate) fn skip_link() -> Part {
    classed("a", "skip")
        .attr("href", "#main")
        .text("Skip to content")
        // The hash names the view, so the link must not change it.
        .on_click_instead(|| browser::focus("main"))
}

/// Name, navigation and connection.
pub(crate) fn header(state: AppState) -> Part {
    let leaf = svg("path").attrs(&[
        ("class", "leaf"),
        (
            "d",
            "M27 4C14 4 5 9 5 19c0 4 2 7 5 9C10 19 15 13 22 10 15 15 12 21 12 28c10 1 16-9 15-24z",
        ),
    ]);
    let sign = svg("svg").attrs(&[("viewBox", "0 0 32 32"), ("aria-hidden", "true")]);
    let brand = classed("a", "brand")
        .attr("href", Route::Predict.href())
        .part(sign.part(leaf))
        .part(element("span").text("ClickLeaf"));
    let link = |route: Route| {
        element("a")
            .attr("href", route.href())
            .testid(&testids::nav(route.label()))
            .attr_with("aria-current", move || {
                (state.route.get() == route).then(|| "page".to_owned())
            })
            .text(route.label())
    };
    classed("header", "top")
        .part(brand)
        .part(
            element("nav")
                .attr("aria-label", "Views")
                .parts(Route::ALL.map(link)),
        )
        .parts_with(move || vec![status(state)])
}

fn status(state: AppState) -> Part {
    let (value, text) = match state.connection.get() {
        Connection::Connecting => ("none", "Connecting"),
        Connection::NoManifest(_) => ("none", "No manifest"),
        Connection::Offline => ("offline", "Offline"),
        Connection::Online if state.api().is_some() => ("online", "Online"),
        Connection::Online => ("online", "Static site"),
    };
    let version = match state.model.get() {
        ModelState::Ready(model) => Some(format!(" · version {}", model.served.version.version)),
        _ => None,
    };
    classed("p", "status")
        .testid(testids::CONNECTION)
        .attr("data-value", value)
        .part(classed("span", "dot").attr("aria-hidden", "true"))
        .text(text)
        .parts(version.map(|version| classed("span", "status-version").text(&version)))
}

/// Changes worth telling: a new version in Production, a new release of the page.
pub(crate) fn notices(state: AppState, release: RwSignal<bool>) -> Part {
    let notice = |said: Part, act: Part| classed("div", "notice").part(said).part(act);
    classed("div", "notices")
        .attrs(&[("role", "status"), ("aria-live", "polite")])
        .parts_with(move || {
            let said = state.notice.get().map(|text| {
                notice(
                    element("p").testid(testids::NOTICE).text(&text),
                    button("Dismiss", testids::DISMISS, move || state.notice.set(None)),
                )
            });
            said.into_iter().collect()
        })
        .parts_with(move || {
            let reload = || {
                let _ = browser::window().location().reload();
            };
            let said = release.get().then(|| {
                notice(
                    element("p").text("A new release of this page is ready."),
                    button("Reload", testids::RELOAD, reload),
                )
            });
            said.into_iter().collect()
        })
}
