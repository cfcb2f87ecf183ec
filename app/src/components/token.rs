use leptos::prelude::*;

use crate::state::AppState;
use crate::store;
use crate::testids;

/// The bearer token; remembered until the tab is closed.
#[component]
pub(crate) fn TokenInput(state: AppState) -> impl IntoView {
    let remember = move |token: String| {
        let token = token.trim().to_owned();
        store::set_token(&token);
        state.token.set(token);
    };
    view! {
        <div class="field">
            <label for="token">"Token"</label>
            <input
                id="token"
                type="password"
                required=true
                autocomplete="off"
                data-testid=testids::TOKEN_INPUT
                aria-describedby="token-hint"
                prop:value=move || state.token.get()
                on:input:target=move |event| remember(event.target().value())
            />
            <p id="token-hint" class="hint">"The server's bearer token. Forgotten when this tab is closed."</p>
        </div>
    }
}
