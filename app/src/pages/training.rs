use std::time::Duration;

use api_types::{Engine, TrainingRun, TrainingRunEvent, TrainingRunRequest, TrainingRunState};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use crate::browser::{self, local_time};
use crate::client::Api;
use crate::components::token_input;
use crate::element::{Part, classed, element, follow};
use crate::route::Route;
use crate::state::AppState;
use crate::testids;
use crate::text::{grouped, iso_utc};
use crate::wire;

/// How often the list is fetched, for runs that others queue.
const REFRESH: Duration = Duration::from_secs(5);

/// A browser opens six connections to a server at most; further runs are followed by the list alone.
const STREAMS: usize = 3;

/// The training runs on show, and the event streams of those that are under way.
#[derive(Clone, Copy)]
struct Runs {
    state: AppState,
    list: RwSignal<Vec<TrainingRun>>,
    /// Why the list can't be fetched.
    error: RwSignal<Option<String>>,
    streams: StoredValue<Vec<(String, Stream)>, LocalStorage>,
}

/// An open event stream; closed when dropped.
struct Stream {
    source: EventSource,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// Queues training runs and shows how they come along.
pub(super) fn training(state: AppState) -> Vec<Part> {
    let runs = Runs {
        state,
        list: RwSignal::default(),
        error: RwSignal::default(),
        streams: StoredValue::new_local(Vec::new()),
    };
    // The view may be entered before the manifest is here.
    let api = Memo::new(move |_| state.api());
    follow(move || {
        if let Some(api) = api.get() {
            runs.follow(api);
        }
    });
    let below = classed("div", "stack").parts_with(move || match api.get() {
        None => vec![
            classed("p", "hint").text("Training needs a server, and this page was published without one."),
        ],
        Some(api) => vec![
            queue_form(runs, api),
            element("h2").text("Training runs"),
            classed("p", "field-error").message(runs.error),
            run_list(runs),
        ],
    });
    vec![element("h1").text("Training"), below]
}

impl Runs {
    /// Fetches the list now and then, and listens to every run that is under way, until the view is left.
    fn follow(self, api: Api) {
        spawn_local(async move {
            loop {
                let fetched = api.training_runs().await;
                if self.list.is_disposed() {
                    return;
                }
                match fetched {
                    Ok(runs) => {
                        self.error.set(None);
                        for run in runs.iter().filter(|run| under_way(run)) {
                            self.listen(&api, &run.training_run_id);
                        }
                        self.list.set(runs);
                    }
                    Err(error) => self
                        .error
                        .set(Some(format!("The list can't be fetched: {error}."))),
                }
                browser::sleep(REFRESH).await;
                if self.list.is_disposed() {
                    return;
                }
            }
        });
    }

    /// Opens the run's event stream, unless one is open. The browser connects again by itself after a break and
    /// says which event it saw last.
    fn listen(self, api: &Api, id: &str) {
        self.streams.update_value(|streams| {
            streams.retain(|(_, stream)| stream.source.ready_state() != EventSource::CLOSED);
            if streams.len() >= STREAMS || streams.iter().any(|(open, _)| open == id) {
                return;
            }
            let Ok(source) = EventSource::new(&api.events_url(id)) else {
                return;
            };
            let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let text = event.data().as_string().unwrap_or_default();
                if let Ok(event) = wire::read::<TrainingRunEvent>(&text) {
                    self.put(event.run);
                }
            });
            source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
            streams.push((
                id.to_owned(),
                Stream {
                    source,
                    _on_message: on_message,
                },
            ));
        });
    }

    /// Takes a run's new state; once it has ended its stream is closed, so that the browser doesn't open it again.
    fn put(self, run: TrainingRun) {
        if self.list.is_disposed() {
            return;
        }
        if !under_way(&run) {
            let id = run.training_run_id.clone();
            spawn_local(async move {
                // Not from inside the stream's own callback.
                let _ = self
                    .streams
                    .try_update_value(|streams| streams.retain(|(open, _)| *open != id));
                self.state.refresh().await;
            });
        }
        self.list.update(|runs| {
            match runs
                .iter_mut()
                .find(|known| known.training_run_id == run.training_run_id)
            {
                Some(known) => *known = run,
                None => runs.insert(0, run),
            }
        });
    }
}

fn under_way(run: &TrainingRun) -> bool {
    matches!(run.state, TrainingRunState::Queued | TrainingRunState::Running)
}

fn queue_form(runs: Runs, api: Api) -> Part {
    let [rows, seed, rounds, bytes] = ["100000", "1", "200", ""].map(|start| RwSignal::new(start.to_owned()));
    let engine = RwSignal::new("xgboost".to_owned());
    let promote = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let queue = move || {
        let request = || {
            Ok(TrainingRunRequest {
                data: Vec::new(),
                generate_rows: whole_number("Generated rows", &rows.get_untracked())?,
                seed: whole_number("Seed", &seed.get_untracked())?,
                engine: Some(if engine.get_untracked() == "gbdt" {
                    Engine::Gbdt
                } else {
                    Engine::Xgboost
                }),
                max_rounds: whole_number("Rounds", &rounds.get_untracked())?
                    .map(|rounds| u32::try_from(rounds).map_err(|_| "Rounds: that is too many.".to_owned()))
                    .transpose()?,
                max_bytes: whole_number("Bytes", &bytes.get_untracked())?,
                promote: promote.get_untracked(),
            })
        };
        let request = match request() {
            Ok(request) => request,
            Err(wrong) => return error.set(Some(wrong)),
        };
        error.set(None);
        busy.set(true);
        let api = api.clone();
        spawn_local(async move {
            let queued = api.queue(&request, &runs.state.token.get_untracked()).await;
            if busy.is_disposed() {
                return;
            }
            busy.set(false);
            match queued {
                Ok(run) => {
                    runs.listen(&api, &run.training_run_id);
                    runs.put(run);
                }
                Err(refused) => error.set(Some(format!("The run was not queued: {refused}."))),
            }
        });
    };
    let option = |value: &str, text: &str| element("option").attr("value", value).text(text);
    let engine_field = classed("div", "field")
        .part(element("label").attr("for", "train-engine").text("Engine"))
        .part(
            element("select")
                .attr("id", "train-engine")
                .testid(testids::TRAIN_ENGINE)
                .on_input(move |chosen| engine.set(chosen))
                .part(option("xgboost", "XGBoost"))
                .part(option("gbdt", "gbdt (pure Rust)")),
        );
    let fields = classed("div", "queue-fields")
        .part(number(
            testids::TRAIN_ROWS,
            "Generated rows",
            "Empty: the worker's own data.",
            rows,
        ))
        .part(number(
            testids::TRAIN_SEED,
            "Seed",
            "Of rows, folds and trees.",
            seed,
        ))
        .part(number(
            testids::TRAIN_ROUNDS,
            "Rounds at most",
            "Stops early by itself.",
            rounds,
        ))
        .part(number(
            testids::TRAIN_BYTES,
            "Bytes at most",
            "As served. Empty: no limit.",
            bytes,
        ))
        .part(engine_field)
        .part(token_input(runs.state));
    let promote_switch = element("input")
        .attr("type", "checkbox")
        .testid(testids::TRAIN_PROMOTE)
        .on_checked(move |checked| promote.set(checked));
    let submit = classed("button", "primary")
        .attr("type", "submit")
        .testid(testids::QUEUE_TRAINING)
        .attr_with("disabled", move || busy.get().then(String::new))
        .text("Queue a training run");
    classed("form", "card queue")
        .attr("aria-label", "A new training run")
        .on_submit(queue)
        .part(fields)
        .part(
            classed("label", "switch")
                .part(promote_switch)
                .text("Put the new version into Production"),
        )
        .part(
            classed("p", "field-error")
                .attr("role", "alert")
                .testid(testids::TRAINING_ERROR)
                .message(error),
        )
        .part(submit)
}

/// A field for a number, whose test id is its id too.
fn number(id: &str, label: &str, hint: &str, value: RwSignal<String>) -> Part {
    let hint_id = format!("{id}-hint");
    let input = element("input")
        .attrs(&[
            ("id", id),
            ("inputmode", "numeric"),
            ("autocomplete", "off"),
            ("aria-describedby", &hint_id),
        ])
        .testid(id)
        .value_with(move || value.get())
        .on_input(move |text| value.set(text));
    classed("div", "field")
        .part(element("label").attr("for", id).text(label))
        .part(input)
        .part(classed("p", "hint").attr("id", &hint_id).text(hint))
}

fn whole_number(name: &str, text: &str) -> Result<Option<u64>, String> {
    match text.trim() {
        "" => Ok(None),
        digits => digits
            .parse()
            .map(Some)
            .map_err(|_| format!("{name}: a whole number is expected.")),
    }
}

fn run_list(runs: Runs) -> Part {
    let ids = Memo::new(move |_| {
        runs.list.with(|list| {
            list.iter()
                .map(|run| run.training_run_id.clone())
                .collect::<Vec<_>>()
        })
    });
    let none = move || ids.with(Vec::is_empty);
    element("div")
        .part(
            classed("ul", "runs")
                .testid(testids::TRAINING_RUNS)
                .parts_with(move || ids.get().into_iter().map(|id| item(runs, id)).collect()),
        )
        .part(
            classed("p", "hint")
                .text_with(move || if none() { "None was queued yet." } else { "" }.to_owned()),
        )
}

fn item(runs: Runs, id: String) -> Part {
    let testid = testids::training_run(&id);
    let run = Memo::new(move |_| {
        runs.list
            .with(|list| list.iter().find(|run| run.training_run_id == id).cloned())
    });
    classed("li", "card")
        .testid(&testid)
        .parts_with(move || run.with(|run| run.as_ref().map_or_else(Vec::new, details)))
}

fn details(run: &TrainingRun) -> Vec<Part> {
    let (word, label) = match run.state {
        TrainingRunState::Queued => ("queued", "Queued"),
        TrainingRunState::Running => ("running", "Running"),
        TrainingRunState::Succeeded => ("succeeded", "Succeeded"),
        TrainingRunState::Failed => ("failed", "Failed"),
    };
    let state = classed("span", "stage")
        .attrs(&[("data-stage", label), ("data-value", word)])
        .testid(testids::RUN_STATE)
        .text(label);
    let queued_at = classed("time", "aside")
        .attr("datetime", &iso_utc(run.queued_at_ms))
        .text(&local_time(run.queued_at_ms));
    let mut head = classed("p", "run-head")
        .part(state)
        .part(classed("span", "run-about").text(&about(&run.request)))
        .part(queued_at);
    if run.attempts > 1 {
        head = head.part(classed("span", "aside").text(&format!("attempt {}", run.attempts)));
    }
    let mut parts = vec![head];
    if under_way(run) {
        let bar = element("progress")
            .testid(testids::RUN_PROGRESS)
            .attr("aria-label", "Progress of this step");
        let fraction = run
            .progress
            .as_ref()
            .and_then(|progress| progress.total.map(|total| (progress.done, total)))
            .filter(|(_, total)| *total > 0);
        parts.push(match fraction {
            Some((done, total)) => bar.attrs(&[("max", &total.to_string()), ("value", &done.to_string())]),
            None => bar,
        });
    }
    if let Some(progress) = &run.progress {
        let step = element("span").testid(testids::RUN_STEP).text(&progress.step);
        let message = classed("span", "aside")
            .testid(testids::RUN_MESSAGE)
            .text(&progress.message);
        parts.push(classed("p", "run-progress").part(step).part(message));
    }
    if let Some(error) = &run.error {
        parts.push(classed("p", "field-error").text(error));
    }
    if let Some(version) = run.version {
        let link = element("a")
            .attr("href", Route::Versions.href())
            .testid(testids::RUN_VERSION)
            .attr("data-value", &version.to_string())
            .text(&format!("Registered as version {version}"));
        parts.push(element("p").part(link));
    }
    parts
}

fn about(request: &TrainingRunRequest) -> String {
    let data = match (request.generate_rows, request.data.as_slice()) {
        (Some(rows), _) => format!(
            "{} generated rows",
            grouped(i64::try_from(rows).unwrap_or(i64::MAX))
        ),
        (None, []) => "the worker's own data".to_owned(),
        (None, sources) => sources.join(", "),
    };
    let engine = match request.engine.unwrap_or_default() {
        Engine::Xgboost => "XGBoost",
        Engine::Gbdt => "gbdt",
    };
    let promote = if request.promote { ", to be promoted" } else { "" };
    format!("{engine} on {data}{promote}")
}
