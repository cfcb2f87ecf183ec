use leptos::prelude::*;

use crate::element::{Part, classed, element};
use crate::state::AppState;
use crate::store;
use crate::testids;

/// The bearer token; remembered until the tab is closed.
pub(crate) fn token_input(state: AppState) -> Part {
    let remember = move |token: String| {
        let token = token.trim().to_owned();
        store::set_token(&token);
        state.token.set(token);
    };
    let input = element("input")
        .attrs(&[
            ("id", "token"),
            ("type", "password"),
            ("required", ""),
            ("autocomplete", "off"),
            ("aria-describedby", "token-hint"),
        ])
        .testid(testids::TOKEN_INPUT)
        .value_with(move || state.token.get())
        .on_input(remember);
    classed("div", "field")
        .part(element("label").attr("for", "token").text("Token"))
        .part(input)
        .part(
            classed("p", "hint")
                .attr("id", "token-hint")
                .text("The server's bearer token. Forgotten when this tab is closed."),
        )
}
