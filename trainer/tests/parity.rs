//! An exported model is the trained model: for any row, XGBoost, the imported ensemble and the independent
//! crate `gbdt` give the same margin, bit for bit, and the first two the same leaf of every tree.
#![cfg(feature = "xgboost")]
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "parity/hostile_rows.rs"]
mod hostile_rows;

use std::collections::HashMap;

use model_export::{
    EncoderConfig, EncoderFit, Ensemble, Model, Provenance, Row, import_xgboost, probability,
};
use serde_json::Value;
use trainer::gbdt_engine::reference_margins;
use trainer::generate::Generator;
use xgboost::{Booster, DMatrix};

use hostile_rows::{COLUMNS, Random, training_rows, unseen_rows};

const ROWS: usize = 20_000;
/// How far our probability may be from XGBoost's, in units in the last place. The margins are equal, so this
/// is the difference between two implementations of `exp` alone.
const PROBABILITY_ULPS: u32 = 2;

#[test]
fn every_depth() {
    let mut nodes = 0;
    for depth in 1..=10 {
        let params = [("max_depth", depth.to_string())];
        let ensemble = check(&train(&params, depth), depth);
        // Deeper trees than the last, so every depth is really tried.
        assert!(ensemble.nodes() > nodes, "depth {depth}");
        nodes = ensemble.nodes();
    }
}

#[test]
fn class_weights_and_base_scores() {
    for (seed, weight, base_score) in [
        (21, "1", Some("0.03")),
        (22, "3.7", None),
        (23, "0.2", Some("0.9")),
    ] {
        let mut params = vec![("scale_pos_weight", weight.to_owned())];
        params.extend(base_score.map(|score| ("base_score", score.to_owned())));
        check(&train(&params, seed), seed);
    }
}

#[test]
fn pruned_and_lossguided_and_sampled_trees() {
    for (seed, params) in [
        (31, vec![("gamma", "2"), ("max_depth", "8")]),
        (
            32,
            vec![
                ("grow_policy", "lossguide"),
                ("max_leaves", "40"),
                ("max_depth", "0"),
            ],
        ),
        (
            33,
            vec![("subsample", "0.5"), ("colsample_bynode", "0.5"), ("seed", "7")],
        ),
        (34, vec![("tree_method", "exact"), ("max_depth", "7")]),
        (35, vec![("max_delta_step", "0.5"), ("alpha", "3"), ("eta", "1")]),
    ] {
        let params: Vec<_> = params
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        check(&train(&params, seed), seed);
    }
}

#[test]
fn a_slice_and_a_model_of_stumps_without_a_split() {
    let booster = train(&[("max_depth", "5".to_owned())], 41);
    check(&booster.slice(0, 5).unwrap(), 42);
    let unsplit = train(&[("gamma", "1000000".to_owned())], 43);
    let ensemble = check(&unsplit, 44);
    assert_eq!(ensemble.nodes(), ensemble.trees());
}

#[test]
fn rows_with_crosses() {
    let crosses = ["C6xC14", "C23xC17", "I11xC17", "I2xC26", "C9xC25"];
    let mut fit = EncoderFit::new(EncoderConfig {
        crosses: crosses.map(|cross| cross.parse().unwrap()).into(),
        ..EncoderConfig::default()
    });
    let training: Vec<Row> = Generator::new(3).take(6000).collect();
    for (index, row) in (0..).zip(&training) {
        fit.observe(index, row).unwrap();
    }
    let fitted = fit.finish().unwrap();
    let width = fitted.encoder().width();
    assert_eq!(width, 75);
    let mut features = vec![0.0; training.len() * width];
    for ((index, row), out) in (0..).zip(&training).zip(features.chunks_exact_mut(width)) {
        fitted.encode_training_row(index, row, out);
    }
    let labels: Vec<f32> = training
        .iter()
        .map(|row| f32::from(u8::from(row.label == Some(true))))
        .collect();
    let mut matrix = DMatrix::from_dense(&features, labels.len(), width).unwrap();
    matrix.set_labels(&labels).unwrap();
    let params = [
        ("objective", "binary:logistic"),
        ("max_depth", "6"),
        ("nthread", "1"),
        ("verbosity", "0"),
    ];
    let mut booster = Booster::new(&params, &[&matrix]).unwrap();
    for round in 0..30 {
        booster.update(round, &matrix).unwrap();
    }
    let ensemble = import_xgboost(&booster.save_ubj().unwrap()).unwrap();
    let crossed: usize = ensemble.summary().splits_by_feature[65..].iter().sum();
    assert!(crossed > 30, "{crossed} splits on crosses");

    // Rows that were trained on, others, and of those some with values that nobody has seen or with none.
    let mut rows: Vec<Row> = training
        .iter()
        .cloned()
        .chain(Generator::new(4).take(6000))
        .collect();
    for (index, row) in rows.iter_mut().enumerate().skip(8000).step_by(3) {
        row.categories[index % 26] = (index % 2 == 0).then_some(0xdead_0000 + index as u32);
        row.integers[index % 13] = (index % 4 == 0).then_some(i64::MIN + index as i64);
    }
    rows.push(Row::default());
    let mut encoded = vec![0.0; rows.len() * width];
    for (row, out) in rows.iter().zip(encoded.chunks_exact_mut(width)) {
        fitted.encoder().encode(row, out);
    }
    let matrix = DMatrix::from_dense(&encoded, rows.len(), width).unwrap();
    let margins = booster.predict_margins(&matrix).unwrap();
    let hashed = fitted.encoder().pruned(&ensemble).hashed(8, &fitted);
    for encoder in [fitted.encoder(), &hashed] {
        let model = Model::new(
            encoder.clone(),
            ensemble.clone(),
            Provenance::default(),
            Vec::new(),
        )
        .unwrap();
        let model = Model::from_bytes(&model.to_bytes()).unwrap();
        let batch = model.predict_batch(&rows);
        // Keys that nobody has seen may be taken for others by their fingerprints.
        let compared = if *encoder == hashed {
            training.len()
        } else {
            rows.len()
        };
        for (index, row) in rows.iter().enumerate() {
            let margin = model.predict(row).margin.to_bits();
            assert_eq!(batch[index].margin.to_bits(), margin, "row {index}");
            assert!(
                index >= compared || margin == margins[index].to_bits(),
                "row {index}: {row:?}"
            );
        }
    }
}

fn train(params: &[(&str, String)], seed: u64) -> Booster {
    let (features, labels) = training_rows(3000, seed);
    let mut matrix = DMatrix::from_dense(&features, labels.len(), COLUMNS).unwrap();
    matrix.set_labels(&labels).unwrap();
    let mut all = vec![
        ("objective", "binary:logistic"),
        ("eta", "0.3"),
        ("tree_method", "hist"),
        ("nthread", "1"),
        ("verbosity", "0"),
    ];
    for (name, value) in params {
        all.retain(|(given, _)| given != name);
        all.push((name, value));
    }
    let mut booster = Booster::new(&all, &[&matrix]).unwrap();
    for round in 0..12 {
        booster.update(round, &matrix).unwrap();
    }
    booster
}

/// Compares the three readings of a booster on rows it has not seen.
fn check(booster: &Booster, seed: u64) -> Ensemble {
    let ensemble = import_xgboost(&booster.save_ubj().unwrap()).unwrap();
    assert_eq!(
        import_xgboost(&booster.save_json().unwrap()).unwrap(),
        ensemble,
        "UBJSON and JSON"
    );
    assert_eq!(
        (ensemble.trees() as u32, ensemble.features()),
        (booster.rounds().unwrap(), COLUMNS)
    );

    let dumps = booster.dump_json_by_index().unwrap();
    let trees: Vec<Value> = dumps
        .iter()
        .map(|dump| serde_json::from_str(dump).unwrap())
        .collect();
    let rows = unseen_rows(ROWS, &mut Random::new(seed ^ 0xFFFF), &thresholds(&trees));
    let matrix = DMatrix::from_dense(&rows, ROWS, COLUMNS).unwrap();
    let margins = booster.predict_margins(&matrix).unwrap();
    let probabilities = booster.predict(&matrix).unwrap();
    let reference = reference_margins(&dumps, ensemble.base_margin(), &rows, COLUMNS).unwrap();
    for (index, row) in rows.chunks_exact(COLUMNS).enumerate() {
        let margin = ensemble.margin(row);
        assert_eq!(
            margin.to_bits(),
            margins[index].to_bits(),
            "XGBoost, row {index}: {row:?}"
        );
        assert_eq!(
            margin.to_bits(),
            reference[index].to_bits(),
            "gbdt, row {index}: {row:?}"
        );
        let (ours, theirs) = (probability(margin), probabilities[index]);
        let distance = ours.to_bits().abs_diff(theirs.to_bits());
        assert!(
            distance <= PROBABILITY_ULPS,
            "row {index}: {ours} and {theirs}, {distance} apart"
        );
    }
    check_leaves(booster, &ensemble, &trees, &matrix, &rows);
    ensemble
}

/// XGBoost numbers nodes as they grew, we in breadth-first order: so each of its leaves must always be the
/// same one of ours, no two of them the same one, with the same value.
fn check_leaves(booster: &Booster, ensemble: &Ensemble, trees: &[Value], matrix: &DMatrix, rows: &[f32]) {
    let theirs = booster.predict_leaves(matrix).unwrap();
    let values: Vec<HashMap<u32, f32>> = trees.iter().map(leaf_values).collect();
    let (mut to_ours, mut to_theirs) = (HashMap::new(), HashMap::new());
    let mut ours = vec![0; trees.len()];
    for (index, row) in rows.chunks_exact(COLUMNS).enumerate() {
        ensemble.leaves(row, &mut ours);
        for (tree, our_leaf) in ours.iter().enumerate() {
            let their_leaf = theirs[index * trees.len() + tree];
            assert_eq!(
                to_ours.entry((tree, their_leaf)).or_insert(*our_leaf),
                our_leaf,
                "row {index}"
            );
            assert_eq!(
                *to_theirs.entry((tree, *our_leaf)).or_insert(their_leaf),
                their_leaf,
                "row {index}"
            );
        }
    }
    for ((tree, our_leaf), their_leaf) in to_theirs {
        let value = ensemble.leaf_value(tree, our_leaf).unwrap();
        assert_eq!(
            value.to_bits(),
            values[tree][&their_leaf].to_bits(),
            "tree {tree}, leaf {their_leaf}"
        );
    }
}

/// Value by node number.
fn leaf_values(node: &Value) -> HashMap<u32, f32> {
    let mut values = HashMap::new();
    visit(node, &mut |node| {
        if let Some(value) = node["leaf"].as_f64() {
            values.insert(node["nodeid"].as_u64().unwrap() as u32, value as f32);
        }
    });
    values
}

/// Column and threshold of every split.
fn thresholds(trees: &[Value]) -> Vec<(usize, f32)> {
    let mut thresholds = Vec::new();
    for tree in trees {
        visit(tree, &mut |node| {
            if let Some(split) = node["split"].as_str() {
                let threshold = node["split_condition"].as_f64().unwrap() as f32;
                thresholds.push((split[1..].parse().unwrap(), threshold));
            }
        });
    }
    thresholds
}

fn visit(node: &Value, on_node: &mut dyn FnMut(&Value)) {
    on_node(node);
    for child in node["children"].as_array().into_iter().flatten() {
        visit(child, on_node);
    }
}
