use leptos::prelude::*;
use model_export::{Contributions, INTEGER_COLUMNS, Model, Row, column_names};

use crate::browser::{exact, fixed, percent};
use crate::element::{Part, button, classed, element, svg};
use crate::row_form::RowForm;
use crate::state::{AppState, ModelState};
use crate::testids;

/// Columns shown at first.
const SHOWN: usize = 10;
/// From the middle of a bar to its end, in units of its view box.
const REACH: f64 = 100.0;

/// What each column of the row adds to the margin.
pub(crate) fn explanation_card(state: AppState, form: RowForm) -> Part {
    let all = RwSignal::new(false);
    classed("section", "card why")
        .attr("aria-labelledby", "why-title")
        .testid(testids::EXPLANATION)
        .part(element("h2").attr("id", "why-title").text("Why this prediction"))
        .parts_with(move || match explain(state, form, all.get()) {
            Ok(parts) => parts,
            Err(reason) => vec![
                classed("p", "hint")
                    .testid(testids::EXPLANATION_MESSAGE)
                    .text(reason),
            ],
        })
        .part(
            button("", testids::EXPLAIN_ALL, move || all.update(|all| *all = !*all))
                .attr("aria-controls", "why-columns")
                .attr_with("aria-expanded", move || Some(all.get().to_string()))
                .text_with(move || {
                    if all.get() {
                        "Show fewer columns"
                    } else {
                        "Show all columns"
                    }
                    .to_owned()
                }),
        )
}

fn explain(state: AppState, form: RowForm, all: bool) -> Result<Vec<Part>, &'static str> {
    let ModelState::Ready(local) = state.model.get() else {
        return Err("Only a model on this device is explained, and none is here.");
    };
    if form.errors.get() > 0 {
        return Err("Nothing is explained while an input is not right.");
    }
    let row = form.row.get();
    match local.model.contributions(&row) {
        Ok(contributions) => Ok(shown(&local.model, &contributions, &row, all)),
        Err(_) => Err("This model file has no covers, which explanations need."),
    }
}

fn shown(model: &Model, contributions: &Contributions, row: &Row, all: bool) -> Vec<Part> {
    let Contributions { columns, bias } = contributions;
    let order = contributions.by_magnitude();
    let (first, others) = order.split_at(if all { order.len() } else { SHOWN });
    let longest = columns[order[0]].abs();
    let sum = |columns: &mut dyn Iterator<Item = f32>| columns.map(f64::from).sum::<f64>();
    let margin = sum(&mut columns.iter().copied().chain([*bias]));

    let mut rows = vec![line(
        "Base rate",
        element("td").text(&percent(model.probability(*bias))),
        f64::from(*bias),
        testids::CONTRIBUTION_BIAS,
    )];
    rows.extend(first.iter().map(|&column| {
        let name = column_names()[column];
        let value = match value(row, column) {
            Some(value) => element("td").part(element("code").text(&value)),
            None => classed("td", "aside").text("missing"),
        };
        let contribution = columns[column];
        line(
            name,
            value.part(bar(contribution, longest)),
            f64::from(contribution),
            &testids::contribution(name),
        )
    }));
    if !others.is_empty() {
        rows.push(line(
            "Others",
            element("td").text(&format!("{} columns", others.len())),
            sum(&mut others.iter().map(|&column| columns[column])),
            testids::CONTRIBUTION_OTHERS,
        ));
    }
    let total = line(
        "Margin",
        element("td").text(&percent(model.probability(margin as f32))),
        margin,
        testids::CONTRIBUTION_SUM,
    );
    let head = |name: &str| element("th").attr("scope", "col").text(name);
    let heads = element("tr")
        .part(head("Column"))
        .part(head("Value"))
        .part(head("Adds").attr("class", "number"));
    vec![
        classed("p", "hint").text(
            "In log-odds: +0.69 doubles the odds of a click, −0.69 halves them. The base rate is the model’s mean, \
             and what the columns add to it gives the margin.",
        ),
        element("table")
            .attr("id", "why-columns")
            .part(classed("caption", "unseen").text("What each column adds to the margin, largest first"))
            .part(element("thead").part(heads))
            .part(element("tbody").parts(rows))
            .part(element("tfoot").part(total)),
    ]
}

fn line(name: &str, value: Part, contribution: f64, testid: &str) -> Part {
    element("tr")
        .part(element("th").attr("scope", "row").text(name))
        .part(value)
        .part(
            classed("td", "number")
                .testid(testid)
                .attr("data-value", &exact(contribution))
                .text(&signed(contribution)),
        )
}

/// Decorative: the number beside it says the same.
fn bar(contribution: f32, longest: f32) -> Part {
    let share = if longest > 0.0 {
        contribution / longest
    } else {
        0.0
    };
    let length = REACH * f64::from(share.abs());
    let (class, start) = if share < 0.0 {
        ("less", REACH - length)
    } else {
        ("more", REACH)
    };
    let rectangle = svg("rect").attrs(&[
        ("class", class),
        ("x", &fixed(start, 2)),
        ("width", &fixed(length, 2)),
        ("y", "9"),
        ("height", "10"),
    ]);
    let middle = svg("path").attrs(&[("class", "axis"), ("d", "M100 0V28")]);
    svg("svg")
        .attrs(&[
            ("viewBox", "0 0 200 28"),
            ("preserveAspectRatio", "none"),
            ("aria-hidden", "true"),
        ])
        .part(rectangle)
        .part(middle)
}

/// With its sign and three decimals.
fn signed(value: f64) -> String {
    let text = fixed(value.abs(), 3);
    match text.trim_matches(['0', '.']) {
        "" => text,
        _ if value < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

fn value(row: &Row, column: usize) -> Option<String> {
    match column.checked_sub(INTEGER_COLUMNS) {
        None => row.integers[column].map(|value| value.to_string()),
        Some(category) => row.categories[category].map(|value| format!("{value:08x}")),
    }
}
