//! The page around the views, and its start.

#![expect(unreachable_pub, reason = "the component macro makes its functions pub")]

mod predict;
mod training;
mod versions;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use crate::browser::{self, window};
use crate::components::{Banner, Header, Notices};
use crate::route::Route;
use crate::state::AppState;

/// Mounts the page.
pub fn start() {
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let state = AppState::new();
    let release = RwSignal::new(false);
    state.follow();
    serve_offline(release);
    follow_hash(state);
    view! {
        <Header state />
        <main id="main" tabindex="-1">
            <Banner state />
            {move || match state.route.get() {
                Route::Predict => view! { <predict::Predict state /> }.into_any(),
                Route::Versions => view! { <versions::Versions state /> }.into_any(),
                Route::Training => view! { <training::Training state /> }.into_any(),
            }}
        </main>
        <Notices state release />
        <footer>
            <p>
                "ClickLeaf predicts click-through rates with gradient-boosted trees, on the device that asks. "
                "The model file is checked before it is used, and no feature leaves this page unless the server is asked."
            </p>
        </footer>
    }
}

fn follow_hash(state: AppState) {
    let handle = window_event_listener_untyped("hashchange", move |_| {
        let route = Route::parse(&window().location().hash().unwrap_or_default());
        if state.route.get_untracked() != route {
            state.route.set(route);
            window().scroll_to_with_x_and_y(0.0, 0.0);
            browser::focus("main");
        }
    });
    on_cleanup(move || handle.remove());
    Effect::new(move |_| {
        if let Some(document) = window().document() {
            document.set_title(&format!("{} · ClickLeaf", state.route.get().label()));
        }
    });
}

/// Registers the service worker, and tells `release` when a new one has taken the place of an old one.
fn serve_offline(release: RwSignal<bool>) {
    // While the page is being worked on, a kept copy would be in the way.
    if cfg!(debug_assertions) {
        return;
    }
    // Absent outside secure contexts.
    let worker = js_sys::Reflect::get(&window().navigator(), &"serviceWorker".into()).ok();
    let Some(worker) = worker.and_then(|worker| worker.dyn_into::<web_sys::ServiceWorkerContainer>().ok())
    else {
        return;
    };
    if worker.controller().is_some() {
        let changed = Closure::<dyn FnMut()>::new(move || release.set(true));
        worker.set_oncontrollerchange(Some(changed.as_ref().unchecked_ref()));
        // Listens as long as the page lives.
        changed.forget();
    }
    let registration = worker.register("./sw.js");
    spawn_local(async move {
        // Without it the page works as long as there is a network.
        let _ = wasm_bindgen_futures::JsFuture::from(registration).await;
    });
}
