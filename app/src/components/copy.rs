use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser;
use crate::element::{Part, classed};

/// A button that copies a value; `what` names it for those who can't see where the button stands.
pub(crate) fn copy_button(what: &str, value: String) -> Part {
    let label = RwSignal::new("Copy");
    let copy = move || {
        let value = value.clone();
        spawn_local(async move {
            let copied = browser::copy(value).await;
            // The panel may be gone by now.
            let _ = label.try_set(if copied { "Copied" } else { "Not allowed" });
            browser::sleep(Duration::from_secs(2)).await;
            let _ = label.try_set("Copy");
        });
    };
    classed("button", "copy")
        .attr("type", "button")
        .text_with(move || label.get().to_owned())
        .part(classed("span", "unseen").text(" ").text(what))
        .on_click(copy)
}
