//! `inspect` on files of every format version.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use model_export::{Ensemble, Model, Node};
use serde_json::Value;
use support::{Folder, converted, golden, json, library, printed, refusal, run, text};

#[test]
fn a_model_of_clicks_is_shown() {
    insta::assert_snapshot!("clicks", printed(run(&["inspect", &golden()])));
}

#[test]
fn a_model_of_features_is_shown() {
    let folder = Folder::new();
    let model = converted(
        &folder,
        "contributions_3_2_categorical.ubj",
        &["--covers", "--leaf-bits", "12"],
    );
    // Sizes and digests are the format's business.
    let of_the_format = |line: &&str| {
        !["sha256", "section", "size"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let shown = printed(run(&["inspect", &model]));
    let (head, rest) = shown.split_once('\n').unwrap();
    assert!(head.ends_with(" bytes, a model of features"), "{head}");
    insta::assert_snapshot!(
        "features",
        rest.lines().filter(of_the_format).collect::<Vec<_>>().join("\n")
    );
    insta::assert_snapshot!("categories", printed(run(&["inspect", &model, "--trees", "1"])));
}

#[test]
fn crosses_are_listed() {
    let crossed = library("golden/v1_crosses.leaf");
    let shown = printed(run(&["inspect", &crossed]));
    assert!(
        shown.contains("\ncrosses     C2xC1, C1xC3, I2xC1, C4xC5\n"),
        "{shown}"
    );
    let shown = json(run(&["inspect", &crossed, "--json"]));
    assert_eq!(
        shown["encoder"]["config"]["crosses"],
        Value::from(vec!["C2xC1", "C1xC3", "I2xC1", "C4xC5"])
    );
}

#[test]
fn counts_add_up() {
    let folder = Folder::new();
    let classes = converted(&folder, "xgboost_3_2_softprob.ubj", &[]);
    for model in [golden(), classes] {
        counts_of(&model);
    }
}

fn counts_of(model: &str) {
    let shown = json(run(&["inspect", model, "--json"]));
    let sum = |name: &str| {
        shown[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|count| count.as_u64().unwrap())
            .sum::<u64>()
    };
    let number = |name: &str| shown[name].as_u64().unwrap();
    assert_eq!(
        (sum("trees_by_depth"), sum("trees_by_group")),
        (number("trees"), number("trees"))
    );
    assert_eq!(sum("leaves_by_depth"), number("leaves"));
    assert_eq!(sum("splits_by_feature"), number("nodes") - number("leaves"));
    let sections = shown["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|section| section["bytes"].as_u64().unwrap());
    assert!(sections.sum::<u64>() < number("bytes"));
    let per_node = shown["bytes_per_node"].as_f64().unwrap();
    assert_eq!(per_node, number("bytes") as f64 / number("nodes") as f64);
}

#[test]
fn single_trees_are_listed() {
    insta::assert_snapshot!("tree", printed(run(&["inspect", &golden(), "--trees", "5"])));
    let shown = json(run(&["inspect", &golden(), "--trees", "5,0", "--json"]));
    let trees = shown.as_array().unwrap();
    assert_eq!(
        (&trees[0]["tree"], &trees[1]["tree"]),
        (&Value::from(5), &Value::from(0))
    );
    // What is listed is the tree: built again from the listing it is the same.
    let model = Model::from_bytes(&std::fs::read(golden()).unwrap()).unwrap();
    let names = model.encoder().feature_names();
    let number = |value: &Value| value.as_u64().unwrap() as u32;
    let node = |node: &Value| match node["leaf"].as_f64() {
        Some(value) => Node::Leaf {
            value: value as f32,
            cover: 0.0,
        },
        None => Node::Split {
            feature: names.iter().position(|name| *name == node["feature"]).unwrap() as u32,
            threshold: node["threshold"].as_f64().unwrap() as f32,
            default_left: node["missing"] == node["left"],
            left: number(&node["left"]),
            right: number(&node["right"]),
            gain: 0.0,
            cover: 0.0,
        },
    };
    let nodes = trees[0]["nodes"].as_array().unwrap().iter().map(node).collect();
    let again = Ensemble::from_trees(0.0, 65, vec![nodes]).unwrap();
    assert_eq!(again.tree(0), model.ensemble().tree(5));
    let output = run(&["inspect", &golden(), "--trees", "6"]);
    assert!(
        refusal(&output).contains("there is no tree 6: the model has 6"),
        "{}",
        text(&output.stderr)
    );
}
