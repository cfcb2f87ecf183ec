//! The page around the views, and its start.

mod predict;
mod training;
mod versions;

use leptos::mount::mount_to_renderer;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use crate::browser::{self, window};
use crate::components::{banner, header, notices, skip_link};
use crate::element::{Part, element, follow};
use crate::route::Route;
use crate::state::AppState;

/// Mounts the page.
pub fn start() {
    let body = window().document().and_then(|document| document.body());
    mount_to_renderer(&body.expect("the page has a body"), page).forget();
}

fn page() -> Vec<Part> {
    let state = AppState::new();
    let release = RwSignal::new(false);
    state.follow();
    serve_offline(release);
    follow_hash(state);
    let main = element("main")
        .attrs(&[("id", "main"), ("tabindex", "-1")])
        .parts_with(move || banner(state).into_iter().collect())
        .parts_with(move || match state.route.get() {
            Route::Predict => predict::predict(state),
            Route::Versions => versions::versions(state),
            Route::Training => training::training(state),
        });
    let footer = element("footer").part(element("p").text(
        "ClickLeaf predicts click-through rates with gradient-boosted trees, on the device that asks. \
         The model file is checked before it is used, and no feature leaves this page unless the server is asked.",
    ));
    vec![skip_link(), header(state), main, notices(state, release), footer]
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
    follow(move || {
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
