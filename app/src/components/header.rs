use leptos::prelude::*;

use crate::browser;
use crate::route::Route;
use crate::state::{AppState, Connection, ModelState};
use crate::testids;

/// Skip link, name, navigation and connection.
#[component]
pub(crate) fn Header(state: AppState) -> impl IntoView {
    let skip = |event: web_sys::MouseEvent| {
        // The hash names the view, so the link must not change it.
        event.prevent_default();
        browser::focus("main");
    };
    view! {
        <a class="skip" href="#main" on:click=skip>"Skip to content"</a>
        <header class="top">
            <a class="brand" href=Route::Predict.href()>
                <svg viewBox="0 0 32 32" aria-hidden="true">
                    <path class="leaf" d="M27 4C14 4 5 9 5 19c0 4 2 7 5 9C10 19 15 13 22 10 15 15 12 21 12 28c10 1 16-9 15-24z" />
                </svg>
                <span>"ClickLeaf"</span>
            </a>
            <nav aria-label="Views">
                {Route::ALL
                    .into_iter()
                    .map(|route| {
                        view! {
                            <a
                                href=route.href()
                                data-testid=testids::nav(route.label())
                                aria-current=move || (state.route.get() == route).then_some("page")
                            >
                                {route.label()}
                            </a>
                        }
                    })
                    .collect_view()}
            </nav>
            {move || status(state)}
        </header>
    }
}

fn status(state: AppState) -> impl IntoView {
    let (value, text) = match state.connection.get() {
        Connection::Connecting => ("none", "Connecting"),
        Connection::NoManifest(_) => ("none", "No manifest"),
        Connection::Offline => ("offline", "Offline"),
        Connection::Online if state.api().is_some() => ("online", "Online"),
        Connection::Online => ("online", "Static site"),
    };
    let version = match state.model.get() {
        ModelState::Ready(model) => Some(format!("version {}", model.served.version.version)),
        _ => None,
    };
    view! {
        <p class="status" data-testid=testids::CONNECTION data-value=value>
            <span class="dot" aria-hidden="true"></span>
            {text}
            {version.map(|version| view! { <span class="status-version">" · " {version}</span> })}
        </p>
    }
}

/// Changes worth telling: a new version in Production, a new release of the page.
#[component]
pub(crate) fn Notices(state: AppState, release: RwSignal<bool>) -> impl IntoView {
    let reload = |_| {
        let _ = browser::window().location().reload();
    };
    view! {
        <div class="notices" role="status" aria-live="polite">
            {move || {
                state
                    .notice
                    .get()
                    .map(|text| {
                        view! {
                            <div class="notice">
                                <p data-testid=testids::NOTICE>{text}</p>
                                <button type="button" on:click=move |_| state.notice.set(None)>"Dismiss"</button>
                            </div>
                        }
                    })
            }}
            {move || {
                release
                    .get()
                    .then(|| {
                        view! {
                            <div class="notice">
                                <p>"A new release of this page is ready."</p>
                                <button type="button" on:click=reload>"Reload"</button>
                            </div>
                        }
                    })
            }}
        </div>
    }
}
