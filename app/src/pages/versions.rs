use std::sync::Arc;

use api_types::{ModelVersion, Stage};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser::{exact, fixed, local_time};
use crate::client::Api;
use crate::components::{METRICS, curves, metric, token_input};
use crate::element::{Part, button, classed, element};
use crate::state::AppState;
use crate::testids;
use crate::text::{iso_utc, size};
use crate::wire::LearningCurves;

/// What the form above the table is about to do.
#[derive(Clone, Copy, PartialEq)]
enum Action {
    Promote(i64),
    RollBack,
}

/// Whose learning curves are shown, and the run once it is here.
type Shown = Option<(i64, Option<Result<LearningCurves, String>>)>;

/// All versions with stages and metrics; with a server also their promotion and learning curves.
pub(super) fn versions(state: AppState) -> Vec<Part> {
    let action = RwSignal::new(None::<Action>);
    let shown = RwSignal::new(None);
    let title = classed("div", "page-title")
        .part(element("h1").text("Versions"))
        .parts_with(move || {
            let ask = move || action.set(Some(Action::RollBack));
            let server = state.api().is_some();
            server
                .then(|| button("Roll back", testids::ROLLBACK, ask))
                .into_iter()
                .collect()
        });
    let below = classed("div", "stack")
        .parts_with(move || {
            let asked = action.get();
            asked
                .map(|asked| action_form(state, asked, action))
                .into_iter()
                .collect()
        })
        .parts_with(move || shown.get().map(curves_panel).into_iter().collect())
        .parts_with(move || {
            let manifest = state.manifest.get();
            let versions = manifest.as_ref().map_or(&[][..], |manifest| &manifest.versions);
            vec![if versions.is_empty() {
                classed("p", "hint").text("No version is registered yet.")
            } else {
                table(state, versions, action, shown)
            }]
        });
    vec![title, below]
}

fn table(
    state: AppState,
    versions: &[ModelVersion],
    action: RwSignal<Option<Action>>,
    shown: RwSignal<Shown>,
) -> Part {
    let head = |name: &str| {
        element("th")
            .attrs(&[("role", "columnheader"), ("scope", "col")])
            .text(name)
    };
    let numbers = METRICS.iter().map(|(_, name, _)| *name).chain(["Size"]);
    let actions = state
        .api()
        .map(|_| head("").part(classed("span", "unseen").text("Actions")));
    let heads = element("tr")
        .attr("role", "row")
        .parts(["Version", "Stage", "Run", "Trained"].map(head))
        .parts(numbers.map(|name| head(name).attr("class", "number")))
        .parts(actions);
    let rows = versions.iter().map(|version| row(state, version, action, shown));
    classed("table", "versions card")
        .attr("role", "table")
        .testid(testids::VERSIONS_TABLE)
        .part(classed("caption", "unseen").text("Versions, newest first, with metrics on the test split"))
        .part(element("thead").attr("role", "rowgroup").part(heads))
        .part(element("tbody").attr("role", "rowgroup").parts(rows))
}

fn row(
    state: AppState,
    version: &ModelVersion,
    action: RwSignal<Option<Action>>,
    shown: RwSignal<Shown>,
) -> Part {
    let number = version.version;
    let stage = version.stage.as_str();
    let cell = |label: &str| element("td").attrs(&[("role", "cell"), ("data-label", label)]);
    let metrics = METRICS.iter().map(|(key, name, digits)| {
        let cell = cell(name).attr("class", "number");
        match metric(version, key) {
            Some(value) => cell
                .attr("data-value", &exact(value))
                .text(&fixed(value, *digits)),
            None => cell.text("—"),
        }
    });
    element("tr")
        .attr("role", "row")
        .testid(&testids::version_row(number))
        .attr("data-stage", stage)
        .part(
            element("th")
                .attrs(&[("role", "rowheader"), ("scope", "row"), ("data-label", "Version")])
                .text(&number.to_string()),
        )
        .part(cell("Stage").part(classed("span", "stage").attr("data-stage", stage).text(stage)))
        .part(cell("Run").part(classed("span", "run-name").text(&version.run_name)))
        .part(
            cell("Trained").part(
                element("time")
                    .attr("datetime", &iso_utc(version.trained_at_ms))
                    .text(&local_time(version.trained_at_ms)),
            ),
        )
        .parts(metrics)
        .part(
            cell("Size")
                .attr("class", "number")
                .text(&size(version.model_bytes)),
        )
        .parts(
            state
                .api()
                .map(|api| actions(state, &api, version, action, shown)),
        )
}

fn actions(
    state: AppState,
    api: &Api,
    version: &ModelVersion,
    action: RwSignal<Option<Action>>,
    shown: RwSignal<Shown>,
) -> Part {
    let number = version.version;
    let run_id = version.run_id.clone();
    let of = |text: &str| classed("span", "unseen").text(text).text(&number.to_string());
    let link = |text: &str, path: String| {
        element("a")
            .attr("href", &api.url(&path))
            .text(text)
            .part(of(" of version "))
    };
    let report = link("Report", format!("runs/{run_id}/report"));
    let production = state.production().map(|served| served.version.version);
    let compare = production.filter(|other| *other != number).map(|other| {
        let path = format!("models/{}/compare?a={other}&b={number}", version.model_name);
        link("Compare", path)
    });
    let show = button("Curves", &testids::curves(number), move || {
        toggle_curves(state, shown, number, &run_id);
    })
    .attr_with("aria-pressed", move || {
        Some(shown.with(|shown| shows(shown, number)).to_string())
    })
    .part(of(" of version "));
    let mut promote = button("Promote", &testids::promote(number), move || {
        action.set(Some(Action::Promote(number)));
    })
    .part(of(" version "));
    if version.stage == Stage::Production {
        promote = promote.attr("disabled", "");
    }
    classed("td", "actions")
        .attr("role", "cell")
        .part(report)
        .parts(compare)
        .part(element("br"))
        .part(show)
        .part(promote)
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
        let run = api.curves(&run_id).await.map_err(|error| error.to_string());
        // Another version may have been asked for by now, or the view left.
        if shown.try_with_untracked(|shown| shows(shown, version)) == Some(true) {
            shown.set(Some((version, Some(run))));
        }
    });
}

fn curves_panel((version, run): (i64, Option<Result<LearningCurves, String>>)) -> Part {
    let body = match run {
        None => classed("p", "hint").text("Fetching."),
        Some(Ok(run)) => curves(&run),
        Some(Err(reason)) => classed("p", "field-error").text(&format!("They can't be fetched: {reason}.")),
    };
    classed("section", "card")
        .testid(testids::CURVES_PANEL)
        .attr("aria-live", "polite")
        .part(element("h2").text(&format!("Learning curves of version {version}")))
        .part(body)
}

fn action_form(state: AppState, asked: Action, action: RwSignal<Option<Action>>) -> Part {
    let reason = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let title = match asked {
        Action::Promote(version) => format!("Promote version {version} to Production"),
        Action::RollBack => "Roll back to the version that was in Production before".to_owned(),
    };
    let act = move || {
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
    let reason_input = element("input")
        .attrs(&[
            ("id", "reason"),
            ("autocomplete", "off"),
            ("aria-describedby", "reason-hint"),
        ])
        .testid(testids::REASON_INPUT)
        .on_input(move |text| reason.set(text));
    let reason_field = classed("div", "field")
        .part(element("label").attr("for", "reason").text("Reason"))
        .part(reason_input)
        .part(
            classed("p", "hint")
                .attr("id", "reason-hint")
                .text("Kept in the registry with the change."),
        );
    let confirm = classed("button", "primary")
        .attr("type", "submit")
        .testid(testids::CONFIRM_ACTION)
        .attr_with("disabled", move || busy.get().then(String::new))
        .text(if asked == Action::RollBack {
            "Roll back"
        } else {
            "Promote"
        });
    let cancel = button("Cancel", testids::CANCEL_ACTION, move || action.set(None));
    classed("form", "card action")
        .testid(testids::ACTION_FORM)
        .attr("aria-labelledby", "action-title")
        .on_submit(act)
        .part(element("h2").attr("id", "action-title").text(&title))
        .part(
            classed("div", "action-fields")
                .part(token_input(state))
                .part(reason_field),
        )
        .part(
            classed("p", "field-error")
                .attr("role", "alert")
                .testid(testids::ACTION_ERROR)
                .message(error),
        )
        .part(classed("div", "tools").part(confirm).part(cancel))
}

fn model_name(state: AppState) -> Option<String> {
    let manifest: Arc<_> = state.manifest.get_untracked()?;
    manifest
        .versions
        .first()
        .map(|version| version.model_name.clone())
}
