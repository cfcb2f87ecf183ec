use leptos::prelude::*;
use model_export::Row;
use web_sys::KeyboardEvent;

use crate::components::{
    ServerAnswer, category_inputs, explanation_card, integer_inputs, line_paste, provenance_panel,
    result_card,
};
use crate::element::{Part, button, classed, element};
use crate::row_form::RowForm;
use crate::state::{AppState, ModelState};
use crate::testids;

/// One row in, its click-through rate out.
pub(super) fn predict(state: AppState) -> Vec<Part> {
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
    let load_sample = move || {
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
    let clear = move || {
        form.fill(Row::default());
        pasted.update(|pasted| *pasted += 1);
    };
    let predict = move || announce.update(|times| *times += 1);
    let shortcut = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            predict();
        }
    };
    let load = button("Load sample", testids::LOAD_SAMPLE, load_sample)
        .attr_with("disabled", move || (samples() == 0).then(String::new));
    let submit = classed("button", "primary")
        .attr("type", "submit")
        .testid(testids::PREDICT)
        .text("Predict");
    let keys = classed("p", "hint keys")
        .part(element("kbd").text("Enter"))
        .text(" reads out the result, which follows every keystroke.");
    let tools = classed("div", "tools")
        .part(load)
        .part(button("Clear", testids::CLEAR, clear))
        .part(submit)
        .part(keys);
    let row_form = classed("form", "row-form")
        .attrs(&[("novalidate", ""), ("aria-label", "Features of one row")])
        .on_submit(predict)
        .on_key(shortcut)
        .part(tools)
        .parts_with(move || {
            pasted.track();
            vec![line_paste(form)]
        })
        .part(integer_inputs(form))
        .part(category_inputs(form));
    vec![
        classed("h1", "unseen").text("Predict a click-through rate"),
        classed("div", "predict")
            .part(row_form)
            .part(result_card(state, form, answer, announce))
            .part(explanation_card(state, form))
            .part(provenance_panel(state, answer)),
    ]
}
