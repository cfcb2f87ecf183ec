use leptos::prelude::*;

use crate::element::{Part, classed, element};
use crate::testids;
use crate::trust::parse_fingerprint;

/// A field to compare the signing key's fingerprint with one from another source; `on_match` runs if they are equal.
pub(crate) fn fingerprint_check(fingerprint: String, on_match: impl Fn() + 'static) -> Part {
    let typed = RwSignal::new(String::new());
    let result = RwSignal::new(None::<(&'static str, &'static str)>);
    let check = move || {
        let outcome = match parse_fingerprint(&typed.get_untracked()) {
            None => (
                "unreadable",
                "That is no SHA-256 fingerprint: 64 hexadecimal digits are expected.",
            ),
            Some(expected) if expected == fingerprint => ("match", "It matches: this is the key you expect."),
            Some(_) => ("mismatch", "It does not match. Do not trust this model."),
        };
        result.set(Some(outcome));
        if outcome.0 == "match" {
            on_match();
        }
    };
    let input = classed("input", "code")
        .attrs(&[
            ("id", "expected-fingerprint"),
            ("autocomplete", "off"),
            ("spellcheck", "false"),
            ("placeholder", "Paste it from a source you trust"),
        ])
        .testid(testids::EXPECTED_FINGERPRINT)
        .on_input(move |text| typed.set(text));
    let compare = element("button")
        .attr("type", "submit")
        .testid(testids::CHECK_FINGERPRINT)
        .text("Compare");
    classed("form", "inline-form")
        .attr("novalidate", "")
        .on_submit(check)
        .part(
            element("label")
                .attr("for", "expected-fingerprint")
                .text("Fingerprint you expect"),
        )
        .part(classed("div", "field-with-button").part(input).part(compare))
        .part(
            classed("p", "hint")
                .attr("role", "status")
                .testid(testids::FINGERPRINT_RESULT)
                .attr_with("data-value", move || {
                    result.get().map(|(word, _)| word.to_owned())
                })
                .text_with(move || result.get().map_or("", |(_, sentence)| sentence).to_owned()),
        )
}
