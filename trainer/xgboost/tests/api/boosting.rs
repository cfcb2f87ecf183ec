use xgboost::{Booster, DMatrix, Importance};

use crate::data::{COLUMNS, Data, PARAMS, trained};

#[test]
fn the_linked_library_is_the_pinned_version() {
    assert_eq!(xgboost::version(), (3, 4, 1));
}

#[test]
fn training_lowers_the_logloss_of_both_sets() {
    let (train, valid) = (Data::generate(2000, 1).matrix(), Data::generate(500, 2).matrix());
    let mut booster = Booster::new(&PARAMS, &[&train, &valid]).unwrap();
    let mut history = Vec::new();
    for round in 0..20 {
        booster.update(round, &train).unwrap();
        history.push(
            booster
                .evaluate(round, &[(&train, "train"), (&valid, "valid")])
                .unwrap(),
        );
    }
    let names: Vec<&str> = history[0].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["train-logloss", "valid-logloss"]);
    for (first, last) in history[0].iter().zip(&history[19]) {
        assert!(last.1 < first.1 * 0.7, "{first:?} to {last:?}");
    }
}

#[test]
fn the_reported_logloss_is_that_of_the_predictions() {
    let data = Data::generate(1000, 3);
    let matrix = data.matrix();
    let mut booster = trained(&matrix, 5);
    let reported = booster.evaluate(4, &[(&matrix, "train")]).unwrap()[0].1;
    let loss = |(probability, label): (f32, &f32)| {
        -f64::ln(f64::from(if *label == 1.0 {
            probability
        } else {
            1.0 - probability
        }))
    };
    let sum: f64 = booster
        .predict(&matrix)
        .unwrap()
        .into_iter()
        .zip(&data.labels)
        .map(loss)
        .sum();
    assert!((sum / 1000.0 - reported).abs() < 1e-6);
}

#[test]
fn a_probability_is_the_sigmoid_of_its_margin() {
    let matrix = Data::generate(300, 4).matrix();
    let booster = trained(&matrix, 5);
    let (margins, probabilities) = (
        booster.predict_margins(&matrix).unwrap(),
        booster.predict(&matrix).unwrap(),
    );
    assert_eq!((margins.len(), probabilities.len()), (300, 300));
    for (margin, probability) in margins.into_iter().zip(probabilities) {
        let expected = 1.0 / (1.0 + f64::exp(-f64::from(margin)));
        assert!((f64::from(probability) - expected).abs() < 1e-6);
    }
}

#[test]
fn leaves_are_one_node_per_row_and_tree() {
    let matrix = Data::generate(100, 5).matrix();
    let booster = trained(&matrix, 3);
    let leaves = booster.predict_leaves(&matrix).unwrap();
    assert_eq!(leaves.len(), 100 * 3);
    let dumps = booster.dump_json().unwrap();
    for (index, leaf) in leaves.iter().enumerate() {
        let text = format!("\"nodeid\": {leaf}, \"leaf\"");
        assert!(
            dumps[index % 3].contains(&text),
            "tree {} has no leaf {leaf}",
            index % 3
        );
    }
}

#[test]
fn contributions_and_bias_sum_to_the_margin() {
    let matrix = Data::generate(100, 13).matrix();
    let booster = trained(&matrix, 4);
    let contributions = booster.predict_contributions(&matrix).unwrap();
    assert_eq!(contributions.len(), 100 * (COLUMNS + 1));
    let margins = booster.predict_margins(&matrix).unwrap();
    for (row, margin) in contributions.chunks_exact(COLUMNS + 1).zip(margins) {
        assert!(
            (row.iter().sum::<f32>() - margin).abs() < 1e-5,
            "{row:?}, {margin}"
        );
        assert_eq!(
            row[COLUMNS], contributions[COLUMNS],
            "the bias is the same for all rows"
        );
    }
    assert!(
        contributions
            .chunks_exact(COLUMNS + 1)
            .any(|row| row[0].abs() > 0.1)
    );
}

#[test]
fn matrices_may_be_dropped_before_and_after_their_booster() {
    let matrix = Data::generate(200, 6).matrix();
    let booster = trained(&matrix, 2);
    let bytes = booster.save_ubj().unwrap();
    drop(matrix);
    assert_eq!(booster.save_ubj().unwrap(), bytes);
    let other = Data::generate(50, 7).matrix();
    let before = booster.predict_margins(&other).unwrap();
    drop(booster);
    assert_eq!(other.rows(), 50);
    assert_eq!(
        Booster::load(&bytes).unwrap().predict_margins(&other).unwrap(),
        before
    );
}

#[test]
fn a_booster_and_its_matrix_work_on_another_thread() {
    let matrix = Data::generate(200, 8).matrix();
    let booster = trained(&matrix, 2);
    let here = booster.predict_margins(&matrix).unwrap();
    let there = std::thread::spawn(move || {
        let mut booster = booster;
        let margins = booster.predict_margins(&matrix).unwrap();
        booster.update(2, &matrix).unwrap();
        assert_eq!(booster.rounds().unwrap(), 3);
        margins
    });
    assert_eq!(there.join().unwrap(), here);
}

#[test]
fn an_empty_matrix_predicts_nothing() {
    let booster = trained(&Data::generate(100, 9).matrix(), 1);
    let empty = DMatrix::from_dense(&[], 0, COLUMNS).unwrap();
    assert_eq!(booster.predict_margins(&empty).unwrap(), Vec::<f32>::new());
}

#[test]
fn a_bad_parameter_value_is_reported_in_xgboosts_words() {
    let matrix = Data::generate(50, 10).matrix();
    let failure = Booster::new(&[("max_depth", "deep")], &[&matrix])
        .and_then(|mut booster| booster.update(0, &matrix))
        .unwrap_err();
    let text = failure.to_string();
    assert!(text.contains("max_depth") && text.contains("deep"), "{text}");
    assert!(!text.contains("Stack trace"), "{text}");
}

#[test]
fn shapes_that_disagree_are_refused() {
    let text = |result: Result<DMatrix, xgboost::XGBoostError>| result.unwrap_err().to_string();
    assert_eq!(
        text(DMatrix::from_dense(&[1.0; 5], 2, 3)),
        "5 values for 2 rows of 3 columns"
    );
    let huge = DMatrix::from_dense(&[1.0; 5], usize::MAX, 6);
    assert!(text(huge).starts_with("5 values"));
    let mut matrix = DMatrix::from_dense(&[1.0; 6], 2, 3).unwrap();
    assert_eq!(
        matrix.set_labels(&[1.0]).unwrap_err().to_string(),
        "1 labels for 2 rows"
    );
    assert!(matrix.set_feature_names(&["a".into()]).is_err());
    assert!(
        matrix
            .set_feature_names(&["a".into(), "b\0".into(), "c".into()])
            .is_err()
    );
    let booster = trained(&Data::generate(100, 11).matrix(), 1);
    let wide = DMatrix::from_dense(&[1.0; 2 * (COLUMNS + 1)], 2, COLUMNS + 1).unwrap();
    let refused = booster.predict(&wide).unwrap_err().to_string();
    assert!(
        refused.contains("feature") || refused.contains("column"),
        "{refused}"
    );
}

#[test]
fn infinite_features_are_refused_by_xgboost() {
    let refused = DMatrix::from_dense(&[1.0, f32::INFINITY], 2, 1)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("inf"), "{refused}");
}

#[test]
fn feature_names_show_in_the_dump_and_indices_on_request() {
    let mut matrix = Data::generate(500, 12).matrix();
    let names: Vec<String> = (0..COLUMNS).map(|column| format!("C{column}_rate")).collect();
    matrix.set_feature_names(&names).unwrap();
    let booster = trained(&matrix, 2);
    let dump = booster.dump_json().unwrap();
    assert_eq!(dump.len(), 2);
    assert!(dump[0].contains("\"split\": \"C0_rate\""), "{}", dump[0]);
    let by_index = booster.dump_json_by_index().unwrap();
    assert!(
        by_index[0].contains("\"split\": \"f0\"") && !by_index[0].contains("rate"),
        "{}",
        by_index[0]
    );
    let renamed = dump.iter().map(|tree| {
        (0..COLUMNS).fold(tree.clone(), |tree, column| {
            tree.replace(&names[column], &format!("f{column}"))
        })
    });
    assert_eq!(renamed.collect::<Vec<_>>(), by_index);
}

#[test]
fn feature_scores_are_those_of_the_dumped_trees() {
    let matrix = Data::generate(1000, 5).matrix();
    let booster = trained(&matrix, 8);
    let (mut splits, mut gains, mut covers) = ([0.0; COLUMNS], [0.0; COLUMNS], [0.0; COLUMNS]);
    for tree in booster.dump_json_by_index().unwrap() {
        let mut nodes: Vec<serde_json::Value> = vec![serde_json::from_str(&tree).unwrap()];
        while let Some(node) = nodes.pop() {
            let Some(children) = node["children"].as_array() else {
                continue;
            };
            nodes.extend(children.iter().cloned());
            let column: usize = node["split"].as_str().unwrap()[1..].parse().unwrap();
            splits[column] += 1.0;
            gains[column] += node["gain"].as_f64().unwrap();
            covers[column] += node["cover"].as_f64().unwrap();
        }
    }
    let weights = booster.feature_scores(Importance::Weight).unwrap();
    assert_eq!(weights, splits.map(|splits: f64| splits as f32));
    assert!(
        splits.iter().filter(|splits| **splits > 0.0).count() >= 2,
        "{splits:?}"
    );
    for (importance, sums) in [(Importance::Gain, gains), (Importance::Cover, covers)] {
        let scores = booster.feature_scores(importance).unwrap();
        assert_eq!(scores.len(), COLUMNS);
        for (column, score) in scores.into_iter().enumerate() {
            let mean = match splits[column] {
                0.0 => 0.0,
                splits => sums[column] / splits,
            };
            assert!(
                (f64::from(score) - mean).abs() <= 1e-5 * mean,
                "{importance:?} of {column}: {score} {mean}"
            );
        }
    }
}
