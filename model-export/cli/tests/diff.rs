//! `diff`: exit codes, and what it says of models that differ in one thing.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use model_export::{Ensemble, Model, Node, Provenance};
use serde_json::{Value, json};
use support::{
    Folder, converted, golden, golden_rows, library, line, predicted, printed, refusal, run, text,
};

fn golden_model() -> Model {
    Model::from_bytes(&std::fs::read(golden()).unwrap()).unwrap()
}

/// The golden model with other trees or another provenance, and no self-test rows.
fn changed(trees: impl FnOnce(&mut Vec<Vec<Node>>), provenance: impl FnOnce(&mut Provenance)) -> Model {
    let model = golden_model();
    let ensemble = model.ensemble();
    let mut nodes: Vec<Vec<Node>> = (0..ensemble.trees())
        .map(|tree| ensemble.tree(tree).unwrap().nodes)
        .collect();
    trees(&mut nodes);
    let ensemble = Ensemble::from_trees(ensemble.base_margin(), ensemble.features(), nodes)
        .unwrap()
        .without_covers();
    let mut lineage = model.provenance().clone();
    provenance(&mut lineage);
    Model::new(model.encoder().clone(), ensemble, lineage, Vec::new()).unwrap()
}

fn diff(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = run(&[&["diff"], arguments, &["--json"]].concat());
    (
        output.status.code(),
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr))),
    )
}

#[test]
fn a_model_is_the_same_as_itself() {
    let folder = Folder::new();
    // Written anew it may have other bytes; it is the same model all the same.
    let again = folder.write("again.leaf", golden_model().to_bytes());
    let (code, found) = diff(&[&golden(), &again]);
    assert_eq!((code, &found["same"]), (Some(0), &json!(true)));
    assert_eq!(
        (&found["provenance"], &found["encoder"], &found["model"]),
        (&json!({}), &json!({}), &json!({}))
    );
    assert_eq!(
        (&found["trees"]["equal"], &found["trees"]["margin_bound"]),
        (&json!(6), &json!(0.0))
    );
    let plain = printed(run(&["diff", &golden(), &again]));
    assert!(plain.contains("the models are the same"), "{plain}");
    assert!(plain.contains("6 of 6 are equal"), "{plain}");
}

#[test]
fn other_leaves_are_named_and_bounded() {
    let folder = Folder::new();
    let bare = folder.write("bare.leaf", changed(|_| {}, |_| {}).to_bytes());
    let change = |trees: &mut Vec<Vec<Node>>| {
        for (tree, by) in [(2, 0.125), (4, -0.25)] {
            for node in trees[tree].iter_mut().step_by(2) {
                if let Node::Leaf { value, .. } = node {
                    *value += by;
                }
            }
        }
    };
    let other = folder.write("other.leaf", changed(change, |_| {}).to_bytes());
    let (rows, _) = golden_rows();
    let input = folder.write("rows.tsv", rows.join("\n"));
    let (code, found) = diff(&[&bare, &other, "--input", &input, "--threads", "2"]);
    assert_eq!((code, &found["same"]), (Some(1), &json!(false)));
    let trees = &found["trees"];
    assert_eq!((&trees["equal"], &trees["same_splits"]), (&json!(4), &json!(2)));
    assert_eq!(
        trees["first_difference"],
        json!({ "tree": 2, "node": 16, "field": "leaf value" })
    );
    let bound = trees["margin_bound"].as_f64().unwrap();
    assert!((bound - 0.375).abs() < 1e-6, "{bound}");

    // Beside the predictions of each model alone.
    let margins = |model: &str| -> Vec<f32> {
        let output = printed(run(&["predict", model, "--input", &input, "--values", "margins"]));
        output.lines().map(|line| line.parse().unwrap()).collect()
    };
    let apart: Vec<f64> = margins(&bare)
        .iter()
        .zip(margins(&other))
        .map(|(first, second)| f64::from(first - second).abs())
        .collect();
    let found = &found["predictions"];
    assert_eq!(found["rows"], rows.len());
    let largest = apart.iter().copied().fold(0.0, f64::max);
    let at = apart.iter().position(|apart| *apart == largest).unwrap() + 1;
    assert!(largest > 0.1 && largest <= bound + 1e-6);
    assert_eq!(
        (
            found["margins"]["max"].as_f64(),
            found["margins"]["max_at"].as_u64()
        ),
        (Some(largest), Some(at as u64))
    );
    let mean = apart.iter().sum::<f64>() / apart.len() as f64;
    assert!((found["margins"]["mean"].as_f64().unwrap() - mean).abs() < 1e-9);
    let share = apart.iter().filter(|apart| **apart > 0.0).count() as f64 / apart.len() as f64;
    assert_eq!(found["margins"]["share_changed"].as_f64(), Some(share));
    let mut sorted = apart;
    sorted.sort_by(f64::total_cmp);
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        let exact = sorted[((share * sorted.len() as f64).ceil() as usize).max(1) - 1];
        let found = found["margins"]["quantiles"][name].as_f64().unwrap();
        assert!(
            found >= exact && found <= exact * 1.0005,
            "{name}: {found}, {exact}"
        );
    }
}

#[test]
fn provenance_is_compared_field_by_field() {
    let folder = Folder::new();
    let first = folder.write("first.leaf", changed(|_| {}, |_| {}).to_bytes());
    let change = |provenance: &mut Provenance| {
        "quiet-heron-3".clone_into(&mut provenance.run_name);
        provenance.params.insert("max_depth".to_owned(), "4".to_owned());
        provenance.metrics.clear();
    };
    let second = folder.write(
        "second.leaf",
        changed(|trees| drop(trees.pop()), change).to_bytes(),
    );
    let (code, found) = diff(&[&first, &second]);
    assert_eq!(code, Some(1));
    assert_eq!(
        found["provenance"],
        json!({
            "run_name": { "first": "calm-otter-12", "second": "quiet-heron-3" },
            "params.max_depth": { "first": null, "second": "4" },
            "metrics.logloss": { "first": 0.4862, "second": null },
        })
    );
    assert_eq!(found["model"]["trees"], json!({ "first": 6, "second": 5 }));
    assert_eq!(
        (&found["trees"]["equal"], &found["trees"]["first_difference"]),
        (&json!(5), &json!(null))
    );
    let plain = run(&["diff", &first, &second]);
    assert_eq!(plain.status.code(), Some(1));
    for line in [
        "provenance.run_name  \"calm-otter-12\" → \"quiet-heron-3\"",
        "model.trees  6 → 5",
        "section     trees",
    ] {
        assert!(text(&plain.stdout).contains(line), "{}", text(&plain.stdout));
    }
}

#[test]
fn trouble_is_told_from_a_difference() {
    let folder = Folder::new();
    assert_eq!(
        run(&["diff", &golden(), &folder.path("absent.leaf")])
            .status
            .code(),
        Some(2)
    );
    assert_eq!(run(&["diff", &golden()]).status.code(), Some(2));
    let classes = converted(&folder, "xgboost_3_2_softprob.ubj", &[]);
    let rows = folder.write("none.tsv", "");
    let output = run(&["diff", &golden(), &classes, "--input", &rows]);
    assert!(
        refusal(&output).contains("different numbers of outputs"),
        "{}",
        refusal(&output)
    );
    let damaged = folder.write("damaged.leaf", b"CLICKLEAF");
    assert!(refusal(&run(&["diff", &golden(), &damaged])).contains("damaged.leaf: "));
    let rows = folder.write("rows.tsv", "\t".repeat(38) + "\n1\t2\n");
    let output = run(&["diff", &golden(), &golden(), "--input", &rows]);
    assert!(
        refusal(&output).contains("rows.tsv: line 2: expected 39 or 40 columns, found 2"),
        "{}",
        refusal(&output)
    );
}

#[test]
fn features_are_found_by_each_models_own_names() {
    let folder = Folder::new();
    let first = converted(&folder, "xgboost_3_2_softprob.ubj", &["--rounds", "1"]);
    let second = folder.path("second.leaf");
    printed(run(&[
        "convert",
        &library("fixtures/xgboost_3_2_softprob.ubj"),
        "-o",
        &second,
    ]));
    let rows = predicted("xgboost_3_2_softprob");
    let csv: String = rows.iter().map(|row| line(&row.features, ",")).collect();
    let input = folder.write("rows.csv", format!("f0,f1,f2,f3\n{csv}"));
    let (code, found) = diff(&[&first, &second, "--input", &input]);
    assert_eq!(
        (code, &found["predictions"]["rows"]),
        (Some(1), &json!(rows.len()))
    );
    assert_eq!(found["trees"]["equal"], 3);
    assert!(found["predictions"]["outputs"]["max"].as_f64().unwrap() > 0.0);
    assert_eq!(found["provenance"]["params.num_boost_round"]["first"], "1");
}
