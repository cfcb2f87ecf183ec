//! Recipes on the command line: flags over recipe over defaults, and what a run keeps of it.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]
#![cfg_attr(
    not(feature = "xgboost"),
    allow(dead_code, reason = "a test of XGBoost's params uses it")
)]

mod support;

use std::path::{Path, PathBuf};

use registry::Engine;
use serde_json::Value;
use support::program::{ok, refused};
use trainer::recipe::Recipe;
use trainer::train::TrainParams;

const RECIPE: &str = r#"
[data]
generate = 2000
[split]
stop_from = 0.7
test_from = 0.8
[encoder]
min_count = 4
[booster]
rounds = 6
eta = 0.2
other = { gamma = 0.5 }
[register]
model_name = "ads"
"#;

fn outcome(home: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(home, arguments)).unwrap()
}

/// The artifact `recipe.toml` of a run.
fn recipe_of(outcome: &Value) -> (PathBuf, String) {
    let model = outcome["artifact_uri"]
        .as_str()
        .unwrap()
        .strip_prefix("file://")
        .unwrap();
    let path = Path::new(model).parent().unwrap().join("recipe.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

#[cfg(feature = "xgboost")]
#[test]
fn flags_win_over_the_recipe_and_the_run_keeps_what_was_done() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::write(home.join("r.toml"), RECIPE).unwrap();
    let first = outcome(
        home,
        &[
            "run", "--recipe", "r.toml", "--eta", "0.3", "--param", "alpha=1", "--seed", "3", "--json",
        ],
    );
    assert_eq!(first["model_name"], "ads");
    let (path, text) = recipe_of(&first);
    let kept: toml::Table = text.parse().unwrap();
    let value = |section: &str, key: &str| kept[section][key].clone();
    assert_eq!(value("booster", "eta").as_float(), Some(0.3));
    assert_eq!(value("booster", "rounds").as_integer(), Some(6));
    assert_eq!(value("booster", "max_depth").as_integer(), Some(5));
    assert_eq!(
        value("booster", "other").to_string(),
        r#"{ alpha = "1", gamma = "0.5" }"#
    );
    assert_eq!(value("encoder", "min_count").as_integer(), Some(4));
    assert_eq!(value("split", "stop_from").as_float(), Some(0.7));
    for section in ["data", "encoder", "booster"] {
        assert_eq!(value(section, "seed").as_integer(), Some(3), "{section}");
    }

    // What was kept does the same again, without a flag.
    let again = outcome(home, &["run", "--recipe", path.to_str().unwrap(), "--json"]);
    assert_eq!(again["metrics"], first["metrics"]);
    assert_eq!(recipe_of(&again).1, text);
    let file = ok(home, &["recipe", "check", path.to_str().unwrap()]);
    assert!(file.contains("eta = 0.3\n"), "{file}");

    // A run without a recipe keeps one too. It is another one, so its digest is.
    let flags = [
        "run",
        "--generate",
        "2000",
        "--rounds",
        "3",
        "--model",
        "ads",
        "--json",
    ];
    let plain = outcome(home, &flags);
    assert_ne!(recipe_of(&plain).1, text);
    let digests = tags(home, &[&first, &again, &plain]);
    assert_eq!(digests[0], model_export::sha256_hex(text.as_bytes()));
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
}

fn tags(home: &Path, outcomes: &[&Value]) -> Vec<String> {
    let options = registry::StoreOptions {
        database_url: Some(support::database_url(home).into()),
        store_url: Some(support::store_url(home)),
        ..registry::StoreOptions::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let registry = registry::Registry::connect(&options.resolve().unwrap())
            .await
            .unwrap();
        let mut digests = Vec::new();
        for outcome in outcomes {
            let run = registry
                .run(outcome["run_id"].as_str().unwrap())
                .await
                .unwrap()
                .unwrap();
            let tag = run
                .tags
                .into_iter()
                .find(|(key, _)| key == "clickleaf.recipe_sha256");
            digests.push(tag.unwrap().1);
        }
        digests
    })
}

#[test]
fn the_steps_take_a_recipe_each() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let engine = if cfg!(feature = "xgboost") {
        "xgboost"
    } else {
        "gbdt"
    };
    let recipe = format!("[data]\ngenerate = 2000\n[booster]\nengine = \"{engine}\"\nrounds = 5\n");
    std::fs::write(home.join("r.toml"), recipe).unwrap();
    for step in ["ingest", "process", "train"] {
        ok(home, &[step, "--recipe", "r.toml", "--work-dir", "w"]);
    }
    let registered = outcome(home, &["register", "--work-dir", "w", "--json"]);
    let whole = outcome(home, &["run", "--recipe", "r.toml", "--json"]);
    assert_eq!(registered["metrics"], whole["metrics"]);
}

#[test]
fn a_bad_recipe_is_wrong_usage() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::write(home.join("r.toml"), "[booster]\neta = 2\n").unwrap();
    let stderr = refused(home, &["run", "--recipe", "r.toml"], 2);
    assert_eq!(
        stderr,
        "error: r.toml: line 2, column 7: booster.eta must be a number above 0, at most 1\n"
    );
    refused(home, &["recipe", "check", "r.toml"], 2);
    refused(home, &["run", "--recipe", "absent.toml"], 2);
    std::fs::write(home.join("r.toml"), "seed = 2\n").unwrap();
    let stderr = refused(home, &["run", "--recipe", "r.toml"], 2);
    assert!(stderr.contains("no rows: give --data or --generate"), "{stderr}");
}

#[test]
fn the_printed_recipe_is_accepted_and_the_schema_is_json() {
    let home = tempfile::tempdir().unwrap();
    let printed = ok(home.path(), &["recipe", "print"]);
    std::fs::write(home.path().join("r.toml"), &printed).unwrap();
    let checked = ok(home.path(), &["recipe", "check", "r.toml"]);
    assert_eq!(checked, Recipe::default().resolved().unwrap().to_toml());
    let printed = ok(home.path(), &["recipe", "print", "--engine", "gbdt"]);
    let gbdt = Recipe::parse(&printed, "r.toml").unwrap();
    assert_eq!(gbdt.engine(), Some(Engine::Gbdt));
    assert_eq!(
        gbdt.params(Engine::Gbdt).unwrap(),
        TrainParams::for_engine(Engine::Gbdt)
    );
    let schema: Value = serde_json::from_str(&ok(home.path(), &["recipe", "schema"])).unwrap();
    assert!(schema["properties"]["booster"]["properties"]["eta"].is_object());
}
