use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser;

/// A button that copies a value; `what` names it for those who can't see where the button stands.
#[component]
pub(crate) fn CopyButton(what: &'static str, value: String) -> impl IntoView {
    let label = RwSignal::new("Copy");
    let copy = move |_| {
        let value = value.clone();
        spawn_local(async move {
            label.set(if browser::copy(value).await {
                "Copied"
            } else {
                "Not allowed"
            });
            browser::sleep(Duration::from_secs(2)).await;
            // The panel may be gone by now.
            let _ = label.try_set("Copy");
        });
    };
    view! {
        <button type="button" class="copy" on:click=copy>
            {label}
            <span class="unseen">" " {what}</span>
        </button>
    }
}
