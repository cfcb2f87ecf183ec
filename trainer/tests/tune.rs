//! The search: what it finds, and that an interruption changes nothing of it.
#![cfg(all(unix, feature = "xgboost"))]
#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use registry::{Registry, Run, RunStatus};
use serde_json::Value;
use support::program::{ok, refused, trainer};
use trainer::tune::{SEARCH_TAG, TRIAL_TAG};

/// Rungs of 4, 12 and 36 rounds for 9, 3 and 1 trials.
const RECIPE: &str = r#"
[data]
generate = 3000
[booster]
rounds = 36
nthread = 1
[search]
trials = 9
min_rounds = 4
[search.ranges]
"booster.eta" = { log = [0.05, 0.5] }
"booster.max_depth" = { integers = [2, 5] }
"booster.other.gamma" = { choices = [0, 0.5] }
"encoder.min_count" = { choices = [2, 6] }
"#;
const FILES: [&str; 3] = ["tune.json", "best-recipe.toml", "tune.svg"];
const TUNE: [&str; 6] = ["tune", "--recipe", "r.toml", "--work-dir", "w", "--json"];

fn home(recipe: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("r.toml"), recipe).unwrap();
    home
}

fn result(home: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(home.join("w/tune.json")).unwrap()).unwrap()
}

/// The runs of the registry in this folder: parents, children by trial.
fn runs(home: &Path) -> (Registry, Vec<Run>, Vec<(u32, Run)>) {
    let options = registry::StoreOptions {
        database_url: Some(support::database_url(home).into()),
        store_url: Some(support::store_url(home)),
        ..registry::StoreOptions::default()
    };
    let registry = wait(Registry::connect(&options.resolve().unwrap())).unwrap();
    let (mut parents, mut children) = (Vec::new(), Vec::new());
    for run in wait(registry.runs("1", 1000)).unwrap() {
        match tag(&run, TRIAL_TAG) {
            Some(trial) => children.push((trial.parse().unwrap(), run)),
            None => parents.push(run),
        }
    }
    children.sort_by_key(|(trial, _)| *trial);
    (registry, parents, children)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    use std::sync::LazyLock;
    static RUNTIME: LazyLock<tokio::runtime::Runtime> =
        LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());
    RUNTIME.block_on(future)
}

fn tag(run: &Run, name: &str) -> Option<String> {
    let mut tags = run.tags.iter();
    tags.find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

fn trials_done(home: &Path) -> usize {
    std::fs::read_dir(home.join("w/trials")).map_or(0, |files| files.count())
}

/// Starts the search and sends the signal when so many trials are noted. How it ended; `None` when it came to its end by
/// itself before the signal.
fn interrupted(home: &Path, signal: &str, after: usize) -> Option<ExitStatus> {
    let mut child = trainer(home, &TUNE)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while trials_done(home) < after && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let status = child.wait().unwrap();
    (!status.success()).then_some(status)
}

/// Interrupts a search again and again, until little of it is left; false when it was over too soon for that.
fn disturb(home: &Path) -> bool {
    let Some(killed) = interrupted(home, "-KILL", 2) else {
        return false;
    };
    assert_eq!(killed.signal(), Some(9));
    assert_eq!(runs(home).1[0].status, RunStatus::Running);

    let Some(stopped) = interrupted(home, "-INT", 4) else {
        return false;
    };
    assert_eq!(stopped.code(), Some(130));
    let (_, parents, children) = runs(home);
    assert_eq!(parents[0].status, RunStatus::Killed);
    assert!(children.iter().all(|(_, run)| run.status != RunStatus::Running));
    assert!(!home.join("w/tune.json").exists());

    interrupted(home, "-KILL", 7).is_some()
}

#[test]
fn an_interrupted_search_ends_as_an_undisturbed_one() {
    let calm = home(RECIPE);
    let calm = calm.path();
    let outcome: Value = serde_json::from_str(&ok(calm, &TUNE)).unwrap();
    let mut homes = std::iter::repeat_with(|| home(RECIPE)).take(10);
    let disturbed = homes.find(|home| disturb(home.path())).unwrap();
    let disturbed = disturbed.path();
    let written = |trial: usize| {
        let file = disturbed.join(format!("w/trials/{trial}.json"));
        std::fs::metadata(file).and_then(|file| file.modified()).ok()
    };
    let before: Vec<_> = (0..9).map(written).collect();
    let again: Value = serde_json::from_str(&ok(disturbed, &TUNE)).unwrap();

    for file in FILES {
        let read = |home: &Path| std::fs::read(home.join("w").join(file)).unwrap();
        assert!(read(calm) == read(disturbed), "{file} differs");
    }
    for key in ["best_trial", "values", "best_iteration", "validation_logloss"] {
        assert_eq!(outcome[key], again[key], "{key}");
    }
    // What was over after the first rung was not touched again.
    let trials = &result(calm)["trials"];
    let over = |trial: &usize| trials[*trial]["rungs"].as_array().unwrap().len() == 1;
    for trial in (0..9).filter(over).filter(|trial| before[*trial].is_some()) {
        assert_eq!(written(trial), before[trial], "trial {trial} was done again");
    }
    assert!(before.iter().filter(|time| time.is_some()).count() >= 7);
    check_runs(calm);
    check_runs(disturbed);

    // A search that is over says the same again and starts nothing.
    let third: Value = serde_json::from_str(&ok(disturbed, &TUNE)).unwrap();
    assert_eq!(third, again);
    assert_eq!(runs(disturbed).2.len(), 9);
}

/// One parent and nine children, all ended; every point of a curve once; artifacts as in the folder.
fn check_runs(home: &Path) {
    let result = result(home);
    let (registry, parents, children) = runs(home);
    let [parent] = &parents[..] else {
        panic!("{} parents", parents.len());
    };
    assert_eq!(parent.status, RunStatus::Finished);
    let trials: Vec<u32> = children.iter().map(|(trial, _)| *trial).collect();
    assert_eq!(trials, (0..9).collect::<Vec<_>>());
    for (trial, run) in &children {
        assert_eq!(run.status, RunStatus::Finished, "trial {trial}");
        assert_eq!(tag(run, "mlflow.parentRunId").as_ref(), Some(&parent.run_id));
        assert_eq!(tag(run, SEARCH_TAG), tag(parent, SEARCH_TAG));
        let known = &result["trials"][*trial as usize];
        let rungs = known["rungs"].as_array().unwrap();
        let trained = rungs.last().unwrap()["trained_rounds"].as_i64().unwrap();
        for key in ["train_logloss", "validation_logloss"] {
            let curve = wait(registry.metric_history(&run.run_id, key)).unwrap();
            let steps: Vec<i64> = curve.iter().map(|point| point.step).collect();
            assert_eq!(steps, (0..trained).collect::<Vec<_>>(), "trial {trial}, {key}");
        }
        let best = wait(registry.metric_history(&run.run_id, "best_validation_logloss")).unwrap();
        let values: Vec<Value> = best.iter().map(|point| point.value.into()).collect();
        let expected: Vec<Value> = rungs
            .iter()
            .map(|rung| rung["validation_logloss"].clone())
            .collect();
        assert_eq!(values, expected, "trial {trial}");
        if let Some(eta) = known["values"]["booster.eta"].as_f64() {
            let param = run.params.iter().find(|(key, _)| key == "eta").unwrap();
            assert_eq!(param.1, eta.to_string());
        }
    }
    let best = wait(registry.metric_history(&parent.run_id, "best_validation_logloss")).unwrap();
    assert_eq!(best.len(), 1);
    assert_eq!(Value::from(best[0].value), result["best"]["validation_logloss"]);
    for file in FILES {
        let uri = format!("{}/{file}", parent.artifact_uri);
        let stored = wait(registry.artifacts().get_uri(&uri)).unwrap().unwrap();
        assert!(
            stored == std::fs::read(home.join("w").join(file)).unwrap(),
            "{file}"
        );
    }
}

#[test]
fn the_best_recipe_trains_what_the_best_trial_was() {
    // Crosses are chosen once for all trials, and a run chooses the same.
    let home = home(&format!("{RECIPE}\"encoder.crosses\" = {{ choices = [0, 2] }}\n"));
    let home = home.path();
    let outcome: Value = serde_json::from_str(&ok(home, &TUNE)).unwrap();
    let result = result(home);
    let rungs: Vec<(u64, u64)> = result["rungs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rung| (rung["rounds"].as_u64().unwrap(), rung["trials"].as_u64().unwrap()))
        .collect();
    assert_eq!(rungs, [(4, 9), (12, 3), (36, 1)]);

    // Who goes on are the best of each rung, whatever the rows of the test say.
    let trials = result["trials"].as_array().unwrap();
    let mut entrants: BTreeSet<usize> = (0..9).collect();
    for (rung, next) in [(0, 3), (1, 1)] {
        let mut order: Vec<usize> = entrants.into_iter().collect();
        let loss = |trial: &usize| {
            trials[*trial]["rungs"][rung]["validation_logloss"]
                .as_f64()
                .unwrap()
        };
        order.sort_by(|a, b| loss(a).total_cmp(&loss(b)).then(a.cmp(b)));
        entrants = order.into_iter().take(next).collect();
        let went_on = |trial: &usize| !trials[*trial]["rungs"][rung + 1].is_null();
        assert_eq!(
            (0..9).filter(went_on).collect::<BTreeSet<_>>(),
            entrants,
            "rung {rung}"
        );
    }
    assert_eq!(
        outcome["best_trial"].as_u64(),
        entrants.first().map(|trial| *trial as u64)
    );

    let run: Value =
        serde_json::from_str(&ok(home, &["run", "--recipe", "w/best-recipe.toml", "--json"])).unwrap();
    assert_eq!(
        run["metrics"]["best_validation_logloss"],
        outcome["validation_logloss"]
    );
    assert_eq!(
        run["metrics"]["best_iteration"].as_f64(),
        outcome["best_iteration"].as_f64()
    );
}

#[test]
fn the_test_rows_decide_nothing() {
    let home = home(&RECIPE.replace("generate = 3000", "sources = [\"rows.tsv\"]"));
    let home = home.path();
    let rows = ok(home, &["generate", "--rows", "3000"]);
    // Both labels stay in the test rows, so that they can be judged; nothing else of them stays.
    let spoilt: String = rows
        .lines()
        .enumerate()
        .map(|(index, line)| match (index, line.split_once('\t')) {
            (2700.., Some((label, rest))) => {
                let label = if label == "1" { "0" } else { "1" };
                let rest: String = rest
                    .chars()
                    .map(|letter| if letter == '\t' { '\t' } else { '1' })
                    .collect();
                format!("{label}\t{}\n", rest.replace("11111111", "00000001"))
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let mut found = Vec::new();
    for rows in [&rows, &spoilt] {
        std::fs::write(home.join("rows.tsv"), rows).unwrap();
        ok(home, &TUNE);
        let result = result(home);
        found.push((
            result["trials"].clone(),
            result["best"].clone(),
            result["dataset"]["digest"].clone(),
        ));
        std::fs::remove_dir_all(home.join("w")).unwrap();
    }
    assert_ne!(found[0].2, found[1].2);
    assert_eq!(found[0].0, found[1].0);
    assert_eq!(found[0].1, found[1].1);
}

#[test]
fn a_folder_holds_one_search() {
    let home = home(&RECIPE.replace("trials = 9", "trials = 2"));
    let home = home.path();
    ok(home, &TUNE);
    std::fs::write(home.join("r.toml"), RECIPE).unwrap();
    let stderr = refused(home, &TUNE, 2);
    assert!(
        stderr.contains("w holds a search with another recipe"),
        "{stderr}"
    );
    std::fs::create_dir(home.join("other")).unwrap();
    let lock = std::fs::File::create(home.join("other/search.lock")).unwrap();
    lock.lock().unwrap();
    let stderr = refused(home, &["tune", "--recipe", "r.toml", "--work-dir", "other"], 2);
    assert!(stderr.contains("another search is at work in other"), "{stderr}");
}

#[test]
fn a_trial_that_cannot_be_trained_fails_alone() {
    let recipe = RECIPE.replace("trials = 9", "trials = 4").replace(
        "\"booster.other.gamma\" = { choices = [0, 0.5] }",
        "\"booster.other.grow_policy\" = { choices = [\"sideways\"] }",
    );
    let home = home(&recipe);
    let outcome: Value = serde_json::from_str(&ok(home.path(), &TUNE)).unwrap();
    assert_eq!(outcome["best_trial"], 0);
    let trials = result(home.path())["trials"].clone();
    assert!(
        trials[1]["failure"].as_str().unwrap().contains("sideways"),
        "{trials}"
    );
    let (_, parents, children) = runs(home.path());
    assert_eq!(parents[0].status, RunStatus::Finished);
    let statuses: Vec<RunStatus> = children.iter().map(|(_, run)| run.status).collect();
    assert_eq!(statuses[0], RunStatus::Finished);
    assert!(statuses[1..].iter().all(|status| *status == RunStatus::Failed));
}
