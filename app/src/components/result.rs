use std::time::Duration;

use api_types::PredictResponse;
use leptos::prelude::*;
use leptos::task::spawn_local;
use model_export::Row;

use crate::browser::{self, fixed, significant};
use crate::element::{Part, classed, element, follow};
use crate::local_model::{Timed, predict_timed};
use crate::row_form::{RowForm, filled};
use crate::state::{AppState, ModelState};
use crate::testids;
use crate::text::{bits, grouped};

/// How long typing must pause before the server is asked.
const PAUSE: Duration = Duration::from_millis(250);

/// What the server said of the row.
#[derive(Clone)]
pub(crate) enum ServerAnswer {
    /// It isn't asked.
    Unasked,
    /// It is being asked.
    Asking,
    /// It answered.
    Answered {
        /// The answer.
        response: PredictResponse,
        /// From asking to reading.
        milliseconds: f64,
    },
    /// It didn't.
    Failed(String),
}

#[derive(Clone, PartialEq)]
enum Outcome {
    Nothing(String),
    Device(Timed),
    Server {
        probability: f32,
        margin: f32,
        milliseconds: f64,
    },
}

/// The click-through rate, where it was computed, and the server's answer beside it.
///
/// `announce` changes whenever the result is to be read out.
pub(crate) fn result_card(
    state: AppState,
    form: RowForm,
    answer: RwSignal<ServerAnswer>,
    announce: RwSignal<u32>,
) -> Part {
    let ask = RwSignal::new(false);
    ask_server(state, form, ask, answer);
    let outcome = Memo::new(move |_| outcome(state, form, answer));
    let spoken = RwSignal::new(None);
    follow(move || {
        if announce.get() > 0 {
            spoken.set(Some(outcome.with_untracked(sentence)));
        }
    });
    let probability = move || outcome.with(|outcome| numbers(outcome).map(|(p, _)| p));
    let given = element("span")
        .testid(testids::FILLED)
        .text_with(move || form.row.with(filled).to_string());
    classed("section", "card result")
        .attr("aria-labelledby", "result-title")
        .part(
            element("h2")
                .attr("id", "result-title")
                .text("Click-through rate"),
        )
        .part(
            classed("p", "ctr")
                .testid(testids::CTR)
                .attr_with("data-value", move || {
                    probability().map(|p| browser::exact(p.into()))
                })
                .text_with(move || probability().map_or("—".to_owned(), browser::percent)),
        )
        .parts_with(move || vec![outcome.with(details)])
        .part(classed("p", "hint").part(given).text(" of 39 features given"))
        .part(classed("p", "unseen").attr("role", "status").message(spoken))
        .parts_with(move || {
            let server = state.api().is_some();
            server
                .then(|| comparison(ask, answer, outcome))
                .into_iter()
                .collect()
        })
}

fn numbers(outcome: &Outcome) -> Option<(f32, f32)> {
    match outcome {
        Outcome::Nothing(_) => None,
        Outcome::Device(timed) => Some((timed.prediction.probability, timed.prediction.margin)),
        Outcome::Server {
            probability, margin, ..
        } => Some((*probability, *margin)),
    }
}

fn sentence(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Nothing(reason) => reason.clone(),
        Outcome::Device(timed) => {
            format!(
                "Click-through rate {}, predicted on this device",
                browser::percent(timed.prediction.probability)
            )
        }
        Outcome::Server { probability, .. } => {
            format!(
                "Click-through rate {}, predicted by the server",
                browser::percent(*probability)
            )
        }
    }
}

fn details(outcome: &Outcome) -> Part {
    let (place, value, took, how) = match outcome {
        Outcome::Nothing(reason) => {
            return classed("p", "result-message")
                .testid(testids::RESULT_MESSAGE)
                .text(reason);
        }
        Outcome::Device(timed) => (
            "This device",
            "device",
            format!("{} µs", significant(timed.microseconds)),
            format!("mean of {} calls", grouped(timed.calls.into())),
        ),
        Outcome::Server { milliseconds, .. } => (
            "The server",
            "server",
            format!("{} ms", fixed(*milliseconds, 0)),
            "there and back".to_owned(),
        ),
    };
    let (probability, margin) = numbers(outcome).unwrap_or_default();
    let ran_on = element("dd")
        .testid(testids::RAN_ON)
        .attr("data-value", value)
        .text(place);
    let took = element("dd")
        .testid(testids::TOOK)
        .text(&took)
        .text(" ")
        .part(classed("span", "aside").text(&how));
    let margin_shown = element("span")
        .testid(testids::MARGIN)
        .text(&fixed(margin.into(), 6));
    classed("dl", "facts")
        .part(fact("Ran on", ran_on))
        .part(fact("Took", took))
        .part(fact(
            "Margin",
            element("dd")
                .part(margin_shown)
                .part(bits_shown(margin, testids::MARGIN_BITS).attr("title", "The margin's 32 bits")),
        ))
        .part(fact(
            "Probability",
            element("dd").text(&fixed(probability.into(), 8)).part(
                bits_shown(probability, testids::PROBABILITY_BITS).attr("title", "The probability's 32 bits"),
            ),
        ))
}

fn fact(label: &str, value: Part) -> Part {
    element("div").part(element("dt").text(label)).part(value)
}

fn bits_shown(value: f32, testid: &str) -> Part {
    classed("code", "aside").testid(testid).text(&bits(value))
}

fn outcome(state: AppState, form: RowForm, answer: RwSignal<ServerAnswer>) -> Outcome {
    match form.errors.get() {
        0 => {}
        1 => return Outcome::Nothing("One input is not right.".to_owned()),
        errors => return Outcome::Nothing(format!("{errors} inputs are not right.")),
    }
    match state.model.get() {
        ModelState::Ready(local) => form
            .row
            .with(|row| Outcome::Device(predict_timed(&local.model, row))),
        ModelState::Loading => Outcome::Nothing("Fetching and checking the model.".to_owned()),
        _ => match answer.get() {
            ServerAnswer::Answered {
                response,
                milliseconds,
            } => match response.predictions.first() {
                Some(said) => Outcome::Server {
                    probability: said.probability,
                    margin: said.margin,
                    milliseconds,
                },
                None => Outcome::Nothing("The server's answer is empty.".to_owned()),
            },
            ServerAnswer::Asking => Outcome::Nothing("Asking the server.".to_owned()),
            ServerAnswer::Failed(reason) => {
                Outcome::Nothing(format!("The server has no prediction: {reason}."))
            }
            ServerAnswer::Unasked => Outcome::Nothing("There is no model to predict with.".to_owned()),
        },
    }
}

/// Keeps `answer` in step with the row while the server is wanted: by the switch, or because no model is here.
fn ask_server(state: AppState, form: RowForm, ask: RwSignal<bool>, answer: RwSignal<ServerAnswer>) {
    let needed = move || {
        !matches!(
            state.model.get(),
            ModelState::Ready(_) | ModelState::Loading | ModelState::Absent
        )
    };
    let latest = StoredValue::new(0_u32);
    follow(move || {
        let row: Row = form.row.get();
        let wanted = form.errors.get() == 0 && (ask.get() || needed());
        let api = if wanted { state.api() } else { None };
        latest.update_value(|latest| *latest += 1);
        let Some(api) = api else {
            return answer.set(ServerAnswer::Unasked);
        };
        let this = latest.get_value();
        let current = move || latest.try_get_value() == Some(this);
        answer.set(ServerAnswer::Asking);
        spawn_local(async move {
            browser::sleep(PAUSE).await;
            if !current() {
                return;
            }
            let start = browser::now();
            let said = api.predict(&row).await;
            let milliseconds = browser::now() - start;
            if current() {
                answer.set(match said {
                    Ok(response) => ServerAnswer::Answered {
                        response,
                        milliseconds,
                    },
                    Err(error) => ServerAnswer::Failed(error.to_string()),
                });
            }
        });
    });
}

fn comparison(ask: RwSignal<bool>, answer: RwSignal<ServerAnswer>, outcome: Memo<Outcome>) -> Part {
    let switch = element("input")
        .attr("type", "checkbox")
        .testid(testids::ASK_SERVER)
        .checked_with(move || ask.get())
        .on_checked(move |checked| ask.set(checked));
    classed("div", "comparison")
        .part(classed("label", "switch").part(switch).text("Ask the server too"))
        .parts_with(move || match (ask.get(), answer.get()) {
            (
                true,
                ServerAnswer::Answered {
                    response,
                    milliseconds,
                },
            ) => compared(&response, milliseconds, outcome).into_iter().collect(),
            (true, ServerAnswer::Failed(reason)) => vec![
                classed("p", "hint")
                    .testid(testids::SERVER_ERROR)
                    .text(&format!("No answer: {reason}.")),
            ],
            (true, ServerAnswer::Asking) => vec![classed("p", "hint").text("Asking.")],
            _ => Vec::new(),
        })
}

fn compared(response: &PredictResponse, milliseconds: f64, outcome: Memo<Outcome>) -> Option<Part> {
    let said = response.predictions.first().copied()?;
    let verdict = move || {
        let (p, margin) = outcome.with(numbers)?;
        let equal = (p.to_bits(), margin.to_bits()) == (said.probability.to_bits(), said.margin.to_bits());
        Some(if equal {
            ("equal", "The same, bit for bit")
        } else {
            ("different", "Not the same")
        })
    };
    let rate = element("span")
        .testid(testids::SERVER_CTR)
        .attr("data-value", &browser::exact(said.probability.into()))
        .text(&browser::percent(said.probability));
    let version = element("span")
        .testid(testids::SERVER_VERSION)
        .text(&response.model.version.to_string());
    let took = classed("span", "aside").text(&format!("in {} ms", fixed(milliseconds, 0)));
    let verdict = classed("dd", "verdict")
        .testid(testids::SERVER_EQUAL)
        .attr_with("data-value", move || verdict().map(|(word, _)| word.to_owned()))
        .text_with(move || verdict().map_or("", |(_, text)| text).to_owned());
    let bits = bits_shown(said.margin, testids::SERVER_MARGIN_BITS);
    Some(
        classed("dl", "facts")
            .part(fact("Server", element("dd").part(rate).part(bits)))
            .part(fact("By version", element("dd").part(version).part(took)))
            .part(fact("Compared", verdict)),
    )
}
