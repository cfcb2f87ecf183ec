use std::sync::Arc;

use api_types::{ModelVersion, RunDetail, Stage};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser::{exact, fixed, local_time};
use crate::components::{Curves, METRICS, TokenInput, metric};
use crate::state::AppState;
use crate::testids;
use crate::text::{iso_utc, size};

/// What the form above the table is about to do.
#[derive(Clone, Copy, PartialEq)]
enum Action {
    Promote(i64),
    RollBack,
}

/// Whose learning curves are shown, and the run once it is here.
type Shown = Option<(i64, Option<Result<RunDetail, String>>)>;

/// All versions with stages and metrics; with a server also their promotion and learning curves.
#[component]
pub(super) fn Versions(state: AppState) -> impl IntoView {
    let action = RwSignal::new(None::<Action>);
    let shown = RwSignal::new(None);
    let versions = move || {
        state
            .manifest
            .get()
            .map(|manifest| manifest.versions.clone())
            .unwrap_or_default()
    };
    view! {
        <div class="page-title">
            <h1>"Versions"</h1>
            {move || {
                state
                    .api()
                    .is_some()
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                data-testid=testids::ROLLBACK
                                on:click=move |_| action.set(Some(Action::RollBack))
                            >
                                "Roll back"
                            </button>
                        }
                    })
            }}
        </div>
        {move || action.get().map(|asked| view! { <ActionForm state asked action /> })}
        {move || shown.get().map(curves_panel)}
        {move || {
            let versions = versions();
            if versions.is_empty() {
                view! { <p class="hint">"No version is registered yet."</p> }.into_any()
            } else {
                table(state, versions, action, shown)
            }
        }}
    }
}

fn table(
    state: AppState,
    versions: Vec<ModelVersion>,
    action: RwSignal<Option<Action>>,
    shown: RwSignal<Shown>,
) -> AnyView {
    let server = state.api().is_some();
    let head = |name: &'static str| view! { <th role="columnheader" scope="col">{name}</th> };
    view! {
        <table role="table" class="versions card" data-testid=testids::VERSIONS_TABLE>
            <caption class="unseen">"Versions, newest first, with metrics on the test split"</caption>
            <thead role="rowgroup">
                <tr role="row">
                    {["Version", "Stage", "Run", "Trained"].map(head).into_iter().collect_view()}
                    {METRICS
                        .iter()
                        .map(|(_, name, _)| view! { <th role="columnheader" scope="col" class="number">{*name}</th> })
                        .collect_view()}
                    <th role="columnheader" scope="col" class="number">"Size"</th>
                    {server.then(|| view! { <th role="columnheader" scope="col"><span class="unseen">"Actions"</span></th> })}
                </tr>
            </thead>
            <tbody role="rowgroup">
                {versions.into_iter().map(|version| row(state, &version, action, shown)).collect_view()}
            </tbody>
        </table>
    }
    .into_any()
}

fn row(
    state: AppState,
    version: &ModelVersion,
    action: RwSignal<Option<Action>>,
    shown: RwSignal<Shown>,
) -> AnyView {
    let number = version.version;
    let stage = version.stage.as_str();
    let in_production = version.stage == Stage::Production;
    let run_id = version.run_id.clone();
    let show_curves = move |_| toggle_curves(state, shown, number, &run_id);
    view! {
        <tr role="row" data-testid=testids::version_row(number) data-stage=stage>
            <th role="rowheader" scope="row" data-label="Version">{number}</th>
            <td role="cell" data-label="Stage">
                <span class="stage" data-stage=stage>{stage}</span>
            </td>
            <td role="cell" data-label="Run">
                <span class="run-name">{version.run_name.clone()}</span>
            </td>
            <td role="cell" data-label="Trained">
                <time datetime=iso_utc(version.trained_at_ms)>{local_time(version.trained_at_ms)}</time>
            </td>
            {METRICS
                .iter()
                .map(|(key, name, digits)| {
                    let value = metric(version, key);
                    view! {
                        <td role="cell" class="number" data-label=*name data-value=value.map(exact)>
                            {value.map_or_else(|| "—".to_owned(), |value| fixed(value, *digits))}
                        </td>
                    }
                })
                .collect_view()}
            <td role="cell" class="number" data-label="Size">{size(version.model_bytes)}</td>
            {state
                .api()
                .is_some()
                .then(|| {
                    view! {
                        <td role="cell" class="actions">
                            <button
                                type="button"
                                data-testid=testids::curves(number)
                                aria-pressed=move || shown.with(|shown| shows(shown, number)).to_string()
                                on:click=show_curves
                            >
                                "Curves"
                                <span class="unseen">" of version " {number}</span>
                            </button>
                            <button
                                type="button"
                                data-testid=testids::promote(number)
                                disabled=in_production
                                on:click=move |_| action.set(Some(Action::Promote(number)))
                            >
                                "Promote"
                                <span class="unseen">" version " {number}</span>
                            </button>
                        </td>
                    }
                })}
        </tr>
    }
    .into_any()
}

fn shows(shown: &Shown, version: i64) -> bool {
    shown.as_ref().is_some_and(|(of, _)| *of == version)
}

fn toggle_curves(state: AppState, shown: RwSignal<Shown>, version: i64, run_id: &str) {
    let Some(api) = state.api() else { return };
    if shown.with_untracked(|shown| shows(shown, version)) {
        return shown.set(None);
    }
    shown.set(Some((version, None)));
    let run_id = run_id.to_owned();
    spawn_local(async move {
        let run = api.run(&run_id).await.map_err(|error| error.to_string());
        // Another version may have been asked for by now, or the view left.
        if shown.try_with_untracked(|shown| shows(shown, version)) == Some(true) {
            shown.set(Some((version, Some(run))));
        }
    });
}

fn curves_panel((version, run): (i64, Option<Result<RunDetail, String>>)) -> AnyView {
    view! {
        <section class="card" data-testid=testids::CURVES_PANEL aria-live="polite">
            <h2>"Learning curves of version " {version}</h2>
            {match run {
                None => view! { <p class="hint">"Fetching."</p> }.into_any(),
                Some(Ok(run)) => view! { <Curves run /> }.into_any(),
                Some(Err(reason)) => view! { <p class="field-error">{format!("They can't be fetched: {reason}.")}</p> }.into_any(),
            }}
        </section>
    }
    .into_any()
}

#[component]
fn ActionForm(state: AppState, asked: Action, action: RwSignal<Option<Action>>) -> impl IntoView {
    let reason = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let title = match asked {
        Action::Promote(version) => format!("Promote version {version} to Production"),
        Action::RollBack => "Roll back to the version that was in Production before".to_owned(),
    };
    let act = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(api), Some(model)) = (state.api(), model_name(state)) else {
            return;
        };
        busy.set(true);
        error.set(None);
        spawn_local(async move {
            let (token, reason) = (state.token.get_untracked(), reason.get_untracked());
            let done = match asked {
                Action::Promote(version) => api.promote(&model, version, reason, &token).await,
                Action::RollBack => api.rollback(&model, reason, &token).await,
            };
            match done {
                Ok(()) => {
                    action.set(None);
                    state.refresh().await;
                }
                Err(refused) => {
                    error.set(Some(format!("That did not work: {refused}.")));
                    busy.set(false);
                }
            }
        });
    };
    view! {
        <form class="card action" data-testid=testids::ACTION_FORM on:submit=act aria-labelledby="action-title">
            <h2 id="action-title">{title}</h2>
            <div class="action-fields">
                <TokenInput state />
                <div class="field">
                    <label for="reason">"Reason"</label>
                    <input
                        id="reason"
                        data-testid=testids::REASON_INPUT
                        autocomplete="off"
                        aria-describedby="reason-hint"
                        on:input:target=move |event| reason.set(event.target().value())
                    />
                    <p id="reason-hint" class="hint">"Kept in the registry with the change."</p>
                </div>
            </div>
            <p class="field-error" role="alert" data-testid=testids::ACTION_ERROR>{move || error.get()}</p>
            <div class="tools">
                <button type="submit" class="primary" data-testid=testids::CONFIRM_ACTION disabled=move || busy.get()>
                    {if asked == Action::RollBack { "Roll back" } else { "Promote" }}
                </button>
                <button type="button" data-testid=testids::CANCEL_ACTION on:click=move |_| action.set(None)>
                    "Cancel"
                </button>
            </div>
        </form>
    }
}

fn model_name(state: AppState) -> Option<String> {
    let manifest: Arc<_> = state.manifest.get_untracked()?;
    manifest
        .versions
        .first()
        .map(|version| version.model_name.clone())
}
