//! `convert` and `verify --against`.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use model_export::{ModelFile, sha256_hex};
use serde_json::json;
use support::{Folder, converted, golden, json, library, printed, refusal, run, text};

fn model(path: &str) -> ModelFile {
    ModelFile::from_bytes(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_booster_becomes_a_model_of_features() {
    let folder = Folder::new();
    let (booster, output) = (library("fixtures/xgboost_3_2.ubj"), folder.path("model.leaf"));
    let shown = json(run(&["convert", &booster, "-o", &output, "--json"]));
    let bytes = std::fs::read(&output).unwrap();
    assert_eq!(
        (&shown["sha256"], &shown["bytes"]),
        (&json!(sha256_hex(&bytes)), &json!(bytes.len()))
    );
    assert_eq!(
        (&shown["kind"], &shown["covers"], &shown["trees"]),
        (&json!("features"), &json!(false), &json!(12))
    );
    assert_eq!(
        (&shown["leaf_bits"], &shown["margin_error_bound"]),
        (&json!(null), &json!(0.0))
    );
    let model = model(&output);
    assert!(matches!(model, ModelFile::Features(_)));
    let provenance = model.provenance();
    assert_eq!(
        (provenance.model_name.as_str(), provenance.engine.as_str()),
        ("xgboost_3_2", "xgboost 3.2.0")
    );
    assert_eq!(
        provenance.booster_sha256,
        sha256_hex(&std::fs::read(&booster).unwrap())
    );
    assert_eq!(provenance.params["objective"], "binary:logistic");
    assert_eq!(provenance.params["num_boost_round"], "12");
    // The same booster gives the same bytes, from JSON the same trees.
    let again = folder.path("again.leaf");
    printed(run(&["convert", &booster, "-o", &again]));
    assert_eq!(std::fs::read(&again).unwrap(), bytes);
    printed(run(&[
        "convert",
        &library("fixtures/xgboost_3_2.json"),
        "-o",
        &again,
    ]));
    let output = run(&["diff", &output, &again, "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&found["trees"]["equal"], &found["model"]),
        (&json!(12), &json!({}))
    );
}

#[test]
fn provenance_is_what_the_caller_says() {
    let folder = Folder::new();
    let options = [
        "--model-name",
        "churn",
        "--run-id",
        "0123456789abcdef0123456789abcdef",
        "--set",
        "dataset_name=customers",
        "--set",
        "params.eta=0.1",
        "--set",
        "metrics.auc=0.79",
        "--set",
        "trained_at_ms=1700000000000",
    ];
    let model = model(&converted(&folder, "xgboost_3_2.ubj", &options));
    let provenance = model.provenance();
    assert_eq!(
        (provenance.model_name.as_str(), provenance.dataset_name.as_str()),
        ("churn", "customers")
    );
    assert_eq!(
        (provenance.params["eta"].as_str(), provenance.metrics["auc"]),
        ("0.1", 0.79)
    );
    assert_eq!(
        (provenance.trained_at_ms, provenance.run_id.len()),
        (1_700_000_000_000, 32)
    );
    for wrong in [
        "nothing",
        "color=red",
        "training_rows=-1",
        "booster_sha256=00",
        "metrics.auc=nan",
    ] {
        let booster = library("fixtures/xgboost_3_2.ubj");
        let output = run(&[
            "convert",
            &booster,
            "-o",
            &folder.path("other.leaf"),
            "--set",
            wrong,
        ]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(!std::fs::exists(folder.path("other.leaf")).unwrap(), "{wrong}");
    }
}

#[test]
fn rounds_of_a_stopped_booster_must_be_named() {
    let folder = Folder::new();
    let booster = library("fixtures/xgboost_3_2_early_stopped.ubj");
    let output = folder.path("model.leaf");
    let refused = run(&["convert", &booster, "-o", &output]);
    assert!(
        refusal(&refused).contains("--rounds best or --rounds all"),
        "{}",
        refusal(&refused)
    );
    for (rounds, trees) in [("best", 7), ("all", 12), ("3", 3)] {
        let printed = printed(run(&["convert", &booster, "-o", &output, "--rounds", rounds]));
        assert!(printed.contains(&format!(", {trees} trees, ")), "{printed}");
        assert_eq!(
            printed.contains(&format!("rounds {trees} of 12")),
            trees < 12,
            "{printed}"
        );
        let verified = run(&["verify", &output, "--against", &booster, "--rounds", rounds]);
        assert!(verified.status.success(), "{}", text(&verified.stderr));
        let other = if rounds == "3" { "4" } else { "3" };
        let verified = run(&["verify", &output, "--against", &booster, "--rounds", other]);
        assert!(
            refusal(&verified).contains(&format!("there are {trees} trees over ")),
            "{}",
            refusal(&verified)
        );
    }
    let refused = run(&["convert", &booster, "-o", &output, "--rounds", "13"]);
    assert!(
        refusal(&refused).contains("13 rounds were asked for but the model has 12"),
        "{}",
        refusal(&refused)
    );
    assert_eq!(
        run(&["convert", &booster, "-o", &output, "--rounds", "some"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn fewer_bits_of_leaves_have_a_bound_that_holds() {
    let folder = Folder::new();
    let booster = library("fixtures/xgboost_3_4.ubj");
    let exact = converted(&folder, "xgboost_3_4.ubj", &[]);
    let rows: String = (0..500)
        .map(|row| {
            (0..5)
                .map(|column| ((row * 37 + column * 11) % 97) as f32 / 31.0 - 1.5)
                .map(|value| value.to_string())
                .collect::<Vec<_>>()
                .join("\t")
                + "\n"
        })
        .collect();
    let input = folder.write("rows.tsv", rows);
    let mut last = std::fs::metadata(&exact).unwrap().len();
    for bits in ["16", "12", "8"] {
        let output = folder.path("small.leaf");
        let shown = json(run(&[
            "convert",
            &booster,
            "-o",
            &output,
            "--leaf-bits",
            bits,
            "--json",
        ]));
        let bound = shown["margin_error_bound"].as_f64().unwrap();
        let stated = model(&exact)
            .ensemble()
            .leaf_bits_bound(bits.parse().unwrap())
            .unwrap();
        assert!(bound > 0.0 && bound <= stated, "{bits}: {bound} and {stated}");
        assert!(
            shown["bytes"].as_u64().unwrap() < last,
            "{bits}: {} of {last}",
            shown["bytes"]
        );
        last = shown["bytes"].as_u64().unwrap();
        let found = run(&["diff", &exact, &output, "--input", &input, "--json"]);
        let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
        let largest = found["predictions"]["margins"]["max"].as_f64().unwrap();
        assert!(
            largest > 0.0 && largest <= bound + 1e-6,
            "{bits}: {largest} and {bound}"
        );
        assert_eq!(found["trees"]["margin_bound"].as_f64(), Some(bound));

        let verified = json(run(&["verify", &output, "--against", &booster, "--json"]));
        assert_eq!(verified["against"]["leaf_bits"], shown["leaf_bits"], "{bits}");
        assert_eq!(
            verified["against"]["margin_error_bound"].as_f64(),
            Some(bound),
            "{bits}"
        );
        let inspected = json(run(&["inspect", &output, "--json"]));
        assert_eq!(inspected["leaf_bits"], shown["leaf_bits"], "{bits}");
    }
}

#[test]
fn covers_are_kept_where_they_are_asked_for() {
    let folder = Folder::new();
    for (options, covers) in [
        (&[][..], false),
        (&["--covers"][..], true),
        (&["--covers", "--no-covers"][..], false),
    ] {
        let output = converted(&folder, "xgboost_3_2.ubj", options);
        assert_eq!(model(&output).ensemble().has_covers(), covers, "{options:?}");
        let verified = json(run(&[
            "verify",
            &output,
            "--against",
            &library("fixtures/xgboost_3_2.ubj"),
            "--json",
        ]));
        assert_eq!(verified["against"]["covers"], covers);
        assert_eq!(verified["against"]["named_in_provenance"], true);
    }
}

#[test]
fn trees_of_another_booster_are_refused() {
    let folder = Folder::new();
    let output = converted(&folder, "xgboost_3_2.ubj", &[]);
    let verified = printed(run(&[
        "verify",
        &output,
        "--against",
        &library("fixtures/xgboost_3_2.ubj"),
    ]));
    assert!(
        verified.contains("trees      all 12 are the booster's bit for bit; the booster's file is the one"),
        "{verified}"
    );
    for (other, problem) in [
        ("xgboost_3_2_lossguide.ubj", "the base margins are ["),
        (
            "xgboost_3_2_softprob.ubj",
            "the objective is binary:logistic, not the multi:softprob",
        ),
        ("xgboost_1_7.ubj", "of "),
    ] {
        let verified = run(&[
            "verify",
            &output,
            "--against",
            &library(&format!("fixtures/{other}")),
        ]);
        assert!(
            refusal(&verified).contains(problem),
            "{other}: {}",
            refusal(&verified)
        );
    }
    // One leaf, one bit.
    let leaf = folder.write(
        "changed.json",
        changed_leaf(&std::fs::read_to_string(library("fixtures/xgboost_3_2.json")).unwrap()),
    );
    let verified = run(&["verify", &output, "--against", &leaf]);
    assert!(
        refusal(&verified).contains("tree 0, node "),
        "{}",
        refusal(&verified)
    );
    assert!(
        refusal(&verified).contains(": the leaf value differs from that"),
        "{}",
        refusal(&verified)
    );
}

/// The model with another value of the last leaf of the first tree.
fn changed_leaf(model: &str) -> String {
    let mut model: serde_json::Value = serde_json::from_str(model).unwrap();
    let tree = &mut model["learner"]["gradient_booster"]["model"]["trees"][0];
    let last = tree["left_children"]
        .as_array()
        .unwrap()
        .iter()
        .rposition(|child| *child == json!(-1))
        .unwrap();
    let value = tree["split_conditions"][last].as_f64().unwrap() as f32;
    tree["split_conditions"][last] = json!(f32::from_bits(value.to_bits() ^ 1));
    model.to_string()
}

#[test]
fn the_encoder_of_another_model_is_taken() {
    let folder = Folder::new();
    let output = converted(
        &folder,
        "wide.ubj",
        &["--like", &golden(), "--set", "run_name=tall-owl-1"],
    );
    let ModelFile::Clicks(converted) = model(&output) else {
        panic!("not a model of clicks")
    };
    assert_eq!((converted.ensemble().trees(), converted.samples().len()), (3, 7));
    assert_eq!(converted.provenance().run_name, "tall-owl-1");
    assert_eq!(converted.provenance().model_name, "criteo_ctr_model");
    assert!(!converted.ensemble().has_covers());
    let verified = printed(run(&[
        "verify",
        &output,
        "--against",
        &library("fixtures/wide.ubj"),
    ]));
    assert!(verified.contains("7 self-test rows hold"), "{verified}");
    let features = folder.path("features.leaf");
    printed(run(&["convert", &library("fixtures/wide.ubj"), "-o", &features]));
    let refused = run(&[
        "convert",
        &library("fixtures/wide.ubj"),
        "-o",
        &output,
        "--like",
        &features,
    ]);
    assert!(
        refusal(&refused).contains("the model has no encoder of Criteo rows"),
        "{}",
        refusal(&refused)
    );
}

#[test]
fn what_is_no_booster_is_refused_by_name() {
    let folder = Folder::new();
    let output = folder.path("model.leaf");
    for (name, problem) in [
        (
            "fixtures/refused_gblinear.json",
            "booster \"gblinear\" is not supported",
        ),
        ("fixtures/signing.pub", "byte 0"),
        ("golden/v0.leaf", "byte 0"),
    ] {
        let refused = run(&["convert", &library(name), "-o", &output]);
        assert!(
            refusal(&refused).contains(problem),
            "{name}: {}",
            refusal(&refused)
        );
        assert!(!std::fs::exists(&output).unwrap());
    }
    assert_eq!(
        run(&["convert", &folder.path("absent.ubj"), "-o", &output])
            .status
            .code(),
        Some(1)
    );
}
