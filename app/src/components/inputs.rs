use leptos::prelude::*;

use crate::element::{Part, classed, element};
use crate::row_form::{Field, RowForm};
use crate::testids;

/// The integer inputs.
pub(crate) fn integer_inputs(form: RowForm) -> Part {
    let hint = classed("p", "hint")
        .attr("id", "integer-hint")
        .text("Whole numbers, negative ones too. Leave empty what is missing.");
    group("Integer features", "I1–I13", hint).part(grid(form, form.integers(), "integer-hint"))
}

/// The category inputs.
pub(crate) fn category_inputs(form: RowForm) -> Part {
    let hint = classed("p", "hint")
        .attr("id", "category-hint")
        .text("Eight hexadecimal digits, such as ")
        .part(element("code").text("68fd1e64"))
        .text(". Leave empty what is missing.");
    group("Categorical features", "C1–C26", hint).part(grid(form, form.categories(), "category-hint"))
}

fn group(title: &str, range: &str, hint: Part) -> Part {
    let legend = element("legend")
        .text(title)
        .text(" ")
        .part(classed("span", "range").text(range));
    element("fieldset").part(legend).part(hint)
}

fn grid(form: RowForm, fields: Vec<Field>, hint: &'static str) -> Part {
    classed("div", "grid").parts(fields.into_iter().map(|field| input(form, field, hint)))
}

fn input(form: RowForm, field: Field, hint: &'static str) -> Part {
    let id = testids::input(field.column);
    let error_id = testids::input_error(field.column);
    let typed = move |value: String| {
        // A whole line pasted into one input fills them all.
        if !(value.contains('\t') && form.fill_from_line(&value).is_ok()) {
            form.type_into(field, value);
        }
    };
    let described_by = format!("{error_id} {hint}");
    let input = element("input")
        .attrs(&[
            ("id", &id),
            ("data-testid", &id),
            ("autocomplete", "off"),
            ("autocapitalize", "off"),
            ("spellcheck", "false"),
        ])
        .attr_with("aria-invalid", move || invalid(field.error))
        .attr_with("aria-describedby", move || {
            let wrong = field.error.with(Option::is_some);
            Some(if wrong {
                described_by.clone()
            } else {
                hint.to_owned()
            })
        })
        .value_with(move || field.value.get())
        .on_input(typed);
    classed("div", "cell")
        .part(element("label").attr("for", &id).text(field.column))
        .part(input)
        .part(
            classed("p", "field-error")
                .attr("id", &error_id)
                .testid(&error_id)
                .message(field.error),
        )
}

fn invalid(error: RwSignal<Option<String>>) -> Option<String> {
    error.with(Option::is_some).then(|| "true".to_owned())
}

/// The box for a Criteo line, which is read as it is typed.
pub(crate) fn line_paste(form: RowForm) -> Part {
    let error = RwSignal::new(None::<String>);
    let read = move |line: String| {
        error.set(if line.trim_matches([' ', '\n', '\r']).is_empty() {
            None
        } else {
            form.fill_from_line(&line).err()
        });
    };
    let input = classed("textarea", "code")
        .attrs(&[
            ("id", "tsv"),
            ("rows", "2"),
            ("wrap", "off"),
            ("autocomplete", "off"),
            ("spellcheck", "false"),
            ("placeholder", "Paste 39 or 40 tab-separated columns"),
            ("aria-describedby", "tsv-error tsv-hint"),
        ])
        .testid(testids::TSV_INPUT)
        .attr_with("aria-invalid", move || invalid(error))
        .on_input(read);
    classed("div", "line")
        .part(element("label").attr("for", "tsv").text("Criteo line"))
        .part(input)
        .part(
            classed("p", "field-error")
                .attrs(&[("id", "tsv-error"), ("role", "alert")])
                .testid(testids::ERROR_MESSAGE)
                .message(error),
        )
        .part(classed("p", "hint").attr("id", "tsv-hint").text(
            "It fills the inputs as soon as it is right. With 40 columns the first one, the label, is left out.",
        ))
}
