use std::time::Duration;

use api_types::{Engine, TrainingRun, TrainingRunEvent, TrainingRunRequest, TrainingRunState};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use crate::browser::{self, local_time};
use crate::client::Api;
use crate::components::TokenInput;
use crate::route::Route;
use crate::state::AppState;
use crate::testids;
use crate::text::{grouped, iso_utc};

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
#[component]
pub(super) fn Training(state: AppState) -> impl IntoView {
    let runs = Runs {
        state,
        list: RwSignal::default(),
        error: RwSignal::default(),
        streams: StoredValue::new_local(Vec::new()),
    };
    // The view may be entered before the manifest is here.
    let api = Memo::new(move |_| state.api());
    Effect::new(move |_| {
        if let Some(api) = api.get() {
            runs.follow(api);
        }
    });
    view! {
        <h1>"Training"</h1>
        {move || match api.get() {
            None => {
                view! { <p class="hint">"Training needs a server, and this page was published without one."</p> }
                    .into_any()
            }
            Some(api) => {
                view! {
                    <QueueForm runs api />
                    <h2>"Training runs"</h2>
                    <p class="field-error">{move || runs.error.get()}</p>
                    <RunList runs />
                }
                    .into_any()
            }
        }}
    }
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
                if let Ok(event) = serde_json::from_str::<TrainingRunEvent>(&text) {
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

#[component]
fn QueueForm(runs: Runs, api: Api) -> impl IntoView {
    let [rows, seed, rounds] = ["100000", "1", "200"].map(|start| RwSignal::new(start.to_owned()));
    let engine = RwSignal::new("xgboost".to_owned());
    let promote = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let queue = move |event: SubmitEvent| {
        event.prevent_default();
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
    view! {
        <form class="card queue" on:submit=queue aria-label="A new training run">
            <div class="queue-fields">
                {number("train-rows", "Generated rows", testids::TRAIN_ROWS, "Empty: the worker's own data.", rows)}
                {number("train-seed", "Seed", testids::TRAIN_SEED, "Of rows, folds and trees.", seed)}
                {number("train-rounds", "Rounds at most", testids::TRAIN_ROUNDS, "Stops early by itself.", rounds)}
                <div class="field">
                    <label for="train-engine">"Engine"</label>
                    <select
                        id="train-engine"
                        data-testid=testids::TRAIN_ENGINE
                        on:change:target=move |event| engine.set(event.target().value())
                    >
                        <option value="xgboost">"XGBoost"</option>
                        <option value="gbdt">"gbdt (pure Rust)"</option>
                    </select>
                </div>
                <TokenInput state=runs.state />
            </div>
            <label class="switch">
                <input
                    type="checkbox"
                    data-testid=testids::TRAIN_PROMOTE
                    on:change:target=move |event| promote.set(event.target().checked())
                />
                "Put the new version into Production"
            </label>
            <p class="field-error" role="alert" data-testid=testids::TRAINING_ERROR>{move || error.get()}</p>
            <button
                type="submit"
                class="primary"
                data-testid=testids::QUEUE_TRAINING
                disabled=move || busy.get()
            >
                "Queue a training run"
            </button>
        </form>
    }
}

fn number(
    id: &'static str,
    label: &'static str,
    testid: &'static str,
    hint: &'static str,
    value: RwSignal<String>,
) -> AnyView {
    let hint_id = format!("{id}-hint");
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                inputmode="numeric"
                autocomplete="off"
                data-testid=testid
                aria-describedby=hint_id.clone()
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
            />
            <p class="hint" id=hint_id>{hint}</p>
        </div>
    }
    .into_any()
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

#[component]
fn RunList(runs: Runs) -> impl IntoView {
    let ids = Memo::new(move |_| {
        runs.list.with(|list| {
            list.iter()
                .map(|run| run.training_run_id.clone())
                .collect::<Vec<_>>()
        })
    });
    view! {
        <ul class="runs" data-testid=testids::TRAINING_RUNS>
            <For each=move || ids.get() key=String::clone let:id>
                {item(runs, id)}
            </For>
        </ul>
        {move || ids.with(Vec::is_empty).then(|| view! { <p class="hint">"None was queued yet."</p> })}
    }
}

fn item(runs: Runs, id: String) -> AnyView {
    let testid = testids::training_run(&id);
    let run = Memo::new(move |_| {
        runs.list
            .with(|list| list.iter().find(|run| run.training_run_id == id).cloned())
    });
    view! {
        <li class="card" data-testid=testid>
            {move || run.get().map(|run| details(&run))}
        </li>
    }
    .into_any()
}

fn details(run: &TrainingRun) -> AnyView {
    let (word, label) = match run.state {
        TrainingRunState::Queued => ("queued", "Queued"),
        TrainingRunState::Running => ("running", "Running"),
        TrainingRunState::Succeeded => ("succeeded", "Succeeded"),
        TrainingRunState::Failed => ("failed", "Failed"),
    };
    let about = about(&run.request);
    let attempts = (run.attempts > 1).then(|| format!("attempt {}", run.attempts));
    let progress = run.progress.clone();
    view! {
        <p class="run-head">
            <span class="stage" data-stage=label data-testid=testids::RUN_STATE data-value=word>{label}</span>
            <span class="run-about">{about}</span>
            <time class="aside" datetime=iso_utc(run.queued_at_ms)>{local_time(run.queued_at_ms)}</time>
            {attempts.map(|attempts| view! { <span class="aside">{attempts}</span> })}
        </p>
        {under_way(run)
            .then(|| {
                let fraction = progress
                    .as_ref()
                    .and_then(|progress| progress.total.map(|total| (progress.done, total)))
                    .filter(|(_, total)| *total > 0);
                view! {
                    <progress
                        data-testid=testids::RUN_PROGRESS
                        aria-label="Progress of this step"
                        max=fraction.map(|(_, total)| total.to_string())
                        value=fraction.map(|(done, _)| done.to_string())
                    ></progress>
                }
            })}
        {progress
            .map(|progress| {
                view! {
                    <p class="run-progress">
                        <span data-testid=testids::RUN_STEP>{progress.step}</span>
                        <span class="aside" data-testid=testids::RUN_MESSAGE>{progress.message}</span>
                    </p>
                }
            })}
        {run.error.clone().map(|error| view! { <p class="field-error">{error}</p> })}
        {run
            .version
            .map(|version| {
                view! {
                    <p>
                        <a
                            href=Route::Versions.href()
                            data-testid=testids::RUN_VERSION
                            data-value=version.to_string()
                        >
                            {format!("Registered as version {version}")}
                        </a>
                    </p>
                }
            })}
    }
    .into_any()
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
