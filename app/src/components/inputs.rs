use leptos::prelude::*;

use crate::row_form::{Field, RowForm};
use crate::testids;

/// The 39 inputs in their two groups.
#[component]
pub(crate) fn Inputs(form: RowForm) -> impl IntoView {
    view! {
        <fieldset>
            <legend>"Integer features" <span class="range">"I1–I13"</span></legend>
            <p class="hint" id="integer-hint">"Whole numbers, negative ones too. Leave empty what is missing."</p>
            <div class="grid">{group(form, form.integers(), "integer-hint")}</div>
        </fieldset>
        <fieldset>
            <legend>"Categorical features" <span class="range">"C1–C26"</span></legend>
            <p class="hint" id="category-hint">
                "Eight hexadecimal digits, such as " <code>"68fd1e64"</code> ". Leave empty what is missing."
            </p>
            <div class="grid">{group(form, form.categories(), "category-hint")}</div>
        </fieldset>
    }
}

fn group(form: RowForm, fields: Vec<Field>, hint: &'static str) -> AnyView {
    fields
        .into_iter()
        .map(|field| input(form, field, hint))
        .collect_view()
        .into_any()
}

fn input(form: RowForm, field: Field, hint: &'static str) -> AnyView {
    let id = testids::input(field.column);
    let error_id = testids::input_error(field.column);
    let described_by = {
        let error_id = error_id.clone();
        move || {
            if field.error.with(Option::is_some) {
                format!("{error_id} {hint}")
            } else {
                hint.to_owned()
            }
        }
    };
    let typed = move |value: String| {
        // A whole line pasted into one input fills them all.
        if !(value.contains('\t') && form.fill_from_line(&value).is_ok()) {
            form.type_into(field, value);
        }
    };
    view! {
        <div class="cell">
            <label for=id.clone()>{field.column}</label>
            <input
                id=id.clone()
                data-testid=id
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-invalid=move || field.error.with(Option::is_some).then_some("true")
                aria-describedby=described_by
                prop:value=move || field.value.get()
                on:input:target=move |event| typed(event.target().value())
            />
            <p class="field-error" id=error_id.clone() data-testid=error_id>
                {move || field.error.get()}
            </p>
        </div>
    }
    .into_any()
}

/// The box for a Criteo line, which is read as it is typed.
#[component]
pub(crate) fn LinePaste(form: RowForm) -> impl IntoView {
    let error = RwSignal::new(None::<String>);
    let read = move |line: String| {
        error.set(if line.trim_matches([' ', '\n', '\r']).is_empty() {
            None
        } else {
            form.fill_from_line(&line).err()
        });
    };
    view! {
        <div class="line">
            <label for="tsv">"Criteo line"</label>
            <textarea
                id="tsv"
                class="code"
                rows="2"
                wrap="off"
                autocomplete="off"
                spellcheck="false"
                placeholder="Paste 39 or 40 tab-separated columns"
                data-testid=testids::TSV_INPUT
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby="tsv-error tsv-hint"
                on:input:target=move |event| read(event.target().value())
            ></textarea>
            <p class="field-error" id="tsv-error" role="alert" data-testid=testids::ERROR_MESSAGE>
                {move || error.get()}
            </p>
            <p class="hint" id="tsv-hint">
                "It fills the inputs as soon as it is right. With 40 columns the first one, the label, is left out."
            </p>
        </div>
    }
}
