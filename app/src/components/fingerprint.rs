use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::testids;
use crate::trust::parse_fingerprint;

/// A field to compare the signing key's fingerprint with one from another source; `on_match` runs if they are equal.
#[component]
pub(crate) fn FingerprintCheck(
    fingerprint: String,
    #[prop(optional, into)] on_match: Option<Callback<()>>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let result = RwSignal::new(None::<(&'static str, &'static str)>);
    let check = move |event: SubmitEvent| {
        event.prevent_default();
        let outcome = match parse_fingerprint(&typed.get_untracked()) {
            None => (
                "unreadable",
                "That is no SHA-256 fingerprint: 64 hexadecimal digits are expected.",
            ),
            Some(expected) if expected == fingerprint => ("match", "It matches: this is the key you expect."),
            Some(_) => ("mismatch", "It does not match. Do not trust this model."),
        };
        result.set(Some(outcome));
        if let (("match", _), Some(on_match)) = (outcome, on_match) {
            on_match.run(());
        }
    };
    view! {
        <form class="inline-form" on:submit=check novalidate=true>
            <label for="expected-fingerprint">"Fingerprint you expect"</label>
            <div class="field-with-button">
                <input
                    id="expected-fingerprint"
                    data-testid=testids::EXPECTED_FINGERPRINT
                    class="code"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="Paste it from a source you trust"
                    on:input:target=move |event| typed.set(event.target().value())
                />
                <button type="submit" data-testid=testids::CHECK_FINGERPRINT>"Compare"</button>
            </div>
            <p
                role="status"
                class="hint"
                data-testid=testids::FINGERPRINT_RESULT
                data-value=move || result.get().map(|(word, _)| word)
            >
                {move || result.get().map(|(_, sentence)| sentence)}
            </p>
        </form>
    }
}
