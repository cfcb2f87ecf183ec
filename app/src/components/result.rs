use std::time::Duration;

use api_types::PredictResponse;
use leptos::prelude::*;
use leptos::task::spawn_local;
use model_export::Row;

use crate::browser::{self, fixed, significant};
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
#[component]
pub(crate) fn ResultCard(
    state: AppState,
    form: RowForm,
    answer: RwSignal<ServerAnswer>,
    /// Changes whenever the result is to be read out.
    announce: RwSignal<u32>,
) -> impl IntoView {
    let ask = RwSignal::new(false);
    ask_server(state, form, ask, answer);
    let outcome = Memo::new(move |_| outcome(state, form, answer));
    let spoken = RwSignal::new(String::new());
    Effect::new(move |_| {
        if announce.get() > 0 {
            spoken.set(outcome.with_untracked(sentence));
        }
    });
    view! {
        <section class="card result" aria-labelledby="result-title">
            <h2 id="result-title">"Click-through rate"</h2>
            <p
                class="ctr"
                data-testid=testids::CTR
                data-value=move || outcome.with(|outcome| numbers(outcome).map(|(p, _)| browser::exact(p.into())))
            >
                {move || outcome.with(|outcome| numbers(outcome).map_or("—".to_owned(), |(p, _)| browser::percent(p)))}
            </p>
            {move || outcome.with(details)}
            <p class="hint">
                <span data-testid=testids::FILLED>{move || form.row.with(filled)}</span>
                " of 39 features given"
            </p>
            <p class="unseen" role="status">{spoken}</p>
            {move || state.api().is_some().then(|| comparison(ask, answer, outcome))}
        </section>
    }
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

fn details(outcome: &Outcome) -> AnyView {
    let (place, value, took) = match outcome {
        Outcome::Nothing(reason) => {
            return view! { <p class="result-message" data-testid=testids::RESULT_MESSAGE>{reason.clone()}</p> }
                .into_any();
        }
        Outcome::Device(timed) => {
            let text = format!("{} µs", significant(timed.microseconds));
            (
                "This device",
                "device",
                (text, format!("mean of {} calls", grouped(timed.calls.into()))),
            )
        }
        Outcome::Server { milliseconds, .. } => (
            "The server",
            "server",
            (
                format!("{} ms", fixed(*milliseconds, 0)),
                "there and back".to_owned(),
            ),
        ),
    };
    let (probability, margin) = numbers(outcome).unwrap_or_default();
    view! {
        <dl class="facts">
            <div>
                <dt>"Ran on"</dt>
                <dd data-testid=testids::RAN_ON data-value=value>{place}</dd>
            </div>
            <div>
                <dt>"Took"</dt>
                <dd data-testid=testids::TOOK>{took.0} <span class="aside">{took.1}</span></dd>
            </div>
            <div>
                <dt>"Margin"</dt>
                <dd>
                    <span data-testid=testids::MARGIN>{fixed(margin.into(), 6)}</span>
                    <code class="aside" title="The margin's 32 bits" data-testid=testids::MARGIN_BITS>{bits(margin)}</code>
                </dd>
            </div>
            <div>
                <dt>"Probability"</dt>
                <dd>
                    {fixed(probability.into(), 8)}
                    <code class="aside" title="The probability's 32 bits" data-testid=testids::PROBABILITY_BITS>
                        {bits(probability)}
                    </code>
                </dd>
            </div>
        </dl>
    }
    .into_any()
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
    Effect::new(move |_| {
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

fn comparison(ask: RwSignal<bool>, answer: RwSignal<ServerAnswer>, outcome: Memo<Outcome>) -> AnyView {
    view! {
        <div class="comparison">
            <label class="switch">
                <input
                    type="checkbox"
                    data-testid=testids::ASK_SERVER
                    prop:checked=move || ask.get()
                    on:change:target=move |event| ask.set(event.target().checked())
                />
                "Ask the server too"
            </label>
            {move || match (ask.get(), answer.get()) {
                (true, ServerAnswer::Answered { response, milliseconds }) => {
                    compared(&response, milliseconds, outcome)
                }
                (true, ServerAnswer::Failed(reason)) => {
                    view! { <p class="hint" data-testid=testids::SERVER_ERROR>"No answer: " {reason} "."</p> }.into_any()
                }
                (true, ServerAnswer::Asking) => view! { <p class="hint">"Asking."</p> }.into_any(),
                _ => ().into_any(),
            }}
        </div>
    }
    .into_any()
}

fn compared(response: &PredictResponse, milliseconds: f64, outcome: Memo<Outcome>) -> AnyView {
    let Some(said) = response.predictions.first().copied() else {
        return ().into_any();
    };
    let verdict = move || {
        let (p, margin) = outcome.with(numbers)?;
        let equal = (p.to_bits(), margin.to_bits()) == (said.probability.to_bits(), said.margin.to_bits());
        Some(if equal {
            ("equal", "The same, bit for bit")
        } else {
            ("different", "Not the same")
        })
    };
    view! {
        <dl class="facts">
            <div>
                <dt>"Server"</dt>
                <dd>
                    <span data-testid=testids::SERVER_CTR data-value=browser::exact(said.probability.into())>
                        {browser::percent(said.probability)}
                    </span>
                    <code class="aside" data-testid=testids::SERVER_MARGIN_BITS>{bits(said.margin)}</code>
                </dd>
            </div>
            <div>
                <dt>"By version"</dt>
                <dd>
                    <span data-testid=testids::SERVER_VERSION>{response.model.version}</span>
                    <span class="aside">"in " {fixed(milliseconds, 0)} " ms"</span>
                </dd>
            </div>
            <div>
                <dt>"Compared"</dt>
                <dd
                    class="verdict"
                    data-testid=testids::SERVER_EQUAL
                    data-value=move || verdict().map(|(word, _)| word)
                >
                    {move || verdict().map(|(_, text)| text)}
                </dd>
            </div>
        </dl>
    }
    .into_any()
}
