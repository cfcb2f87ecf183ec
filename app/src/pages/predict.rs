use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::prelude::*;

use crate::components::{Inputs, LinePaste, ProvenancePanel, ResultCard, ServerAnswer};
use crate::row_form::RowForm;
use crate::state::{AppState, ModelState};
use crate::testids;
use model_export::Row;

/// One row in, its click-through rate out.
#[component]
pub(super) fn Predict(state: AppState) -> impl IntoView {
    let form = RowForm::new();
    let answer = RwSignal::new(ServerAnswer::Unasked);
    let announce = RwSignal::new(0_u32);
    let next_sample = StoredValue::new(0_usize);
    // Emptied along with the inputs, since it keeps its own text.
    let pasted = RwSignal::new(0_u32);

    let samples = move || match state.model.get() {
        ModelState::Ready(local) => local.model.samples().len(),
        _ => 0,
    };
    let load_sample = move |_| {
        let ModelState::Ready(local) = state.model.get_untracked() else {
            return;
        };
        let samples = local.model.samples();
        if let Some(sample) = samples.get(next_sample.get_value() % samples.len().max(1)) {
            form.fill(sample.row.clone());
            pasted.update(|pasted| *pasted += 1);
            next_sample.update_value(|next| *next += 1);
        }
    };
    let clear = move |_| {
        form.fill(Row::default());
        pasted.update(|pasted| *pasted += 1);
    };
    let predict = move |event: SubmitEvent| {
        event.prevent_default();
        announce.update(|times| *times += 1);
    };
    let shortcut = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            announce.update(|times| *times += 1);
        }
    };
    view! {
        <h1 class="unseen">"Predict a click-through rate"</h1>
        <div class="predict">
            <form class="row-form" on:submit=predict on:keydown=shortcut novalidate=true aria-label="Features of one row">
                <div class="tools">
                    <button
                        type="button"
                        data-testid=testids::LOAD_SAMPLE
                        disabled=move || samples() == 0
                        on:click=load_sample
                    >
                        "Load sample"
                    </button>
                    <button type="button" data-testid=testids::CLEAR on:click=clear>"Clear"</button>
                    <button type="submit" class="primary" data-testid=testids::PREDICT>"Predict"</button>
                    <p class="hint keys">
                        <kbd>"Enter"</kbd>
                        " reads out the result, which follows every keystroke."
                    </p>
                </div>
                {move || {
                    pasted.track();
                    view! { <LinePaste form /> }
                }}
                <Inputs form />
            </form>
            <ResultCard state form answer announce />
            <ProvenancePanel state answer />
        </div>
    }
}
