//! What is read from files that are right.

use serde_json::json;

use super::super::*;
use super::sample::{MODEL, PARAMETERS, TREE, import, model, with};

#[test]
fn what_a_file_says_is_kept() {
    let imported = import(&model()).unwrap();
    assert_eq!(imported.feature_names, ["age", "town"]);
    assert_eq!(imported.feature_types, ["float", "c"]);
    assert_eq!(imported.version, [3, 4, 1]);
    assert_eq!(
        (imported.booster.as_str(), imported.rounds, imported.rounds_taken),
        ("gbtree", 2, 2)
    );
    assert_eq!(
        (imported.best_iteration, imported.category_names.len()),
        (None, 0)
    );
    let ensemble = imported.ensemble;
    assert_eq!((ensemble.trees(), ensemble.nodes()), (2, 6));
    assert!(ensemble.has_covers());
    for (row, margin) in [
        ([2.0, 3.0], 1.75),
        ([1.0, 3.0], 4.75),
        ([f32::NAN, 0.5], 4.75),
        ([1.0, 1.0], 2.75),
        ([1.0, f32::NAN], 4.75),
    ] {
        assert_eq!(ensemble.margin(&row), margin, "{row:?}");
    }
}

#[test]
fn base_scores_become_margins_as_xgboost_has_them() {
    // Objective, score, version, bits that this version of XGBoost gives.
    for (objective, score, version, bits) in [
        ("reg:squarederror", "5E-1", [1, 7, 6], 0x3f00_0000),
        ("binary:logistic", "3E-1", [1, 7, 6], 0xbf58_e883),
        ("binary:logistic", "[3E-1]", [3, 4, 1], 0xbf58_e883),
        ("binary:logitraw", "3E-1", [2, 1, 4], 0x3e99_999a),
        ("binary:hinge", "[1E0]", [3, 4, 1], 0x3f80_0000),
        ("count:poisson", "[3E-1]", [3, 4, 1], 0xbf9a_1bc8),
        ("survival:cox", "2.6936822E0", [2, 0, 3], 0x3f7d_ac38),
        ("binary:logistic", "[9.9999994E-1]", [3, 1, 3], 0x417f_1402),
        ("binary:logistic", "[9.9999994E-1]", [3, 2, 0], 0x415b_ec2d),
        ("binary:logistic", "[0E0]", [3, 4, 1], 0xc15d_0c54),
        ("binary:logistic", "[1E0]", [3, 4, 1], 0x415b_ec2d),
    ] {
        let mut changed = with("/learner/objective/name", json!(objective));
        changed["version"] = json!(version);
        *changed.pointer_mut(&format!("{PARAMETERS}/base_score")).unwrap() = json!(score);
        let margin = import(&changed).unwrap().ensemble.base_margin();
        assert_eq!(
            margin.to_bits(),
            bits,
            "{objective} {score}: {margin} {:x}",
            margin.to_bits()
        );
    }
}

#[test]
fn a_base_score_is_one_number_or_one_for_each_group() {
    let margins = |objective: &str, classes: &str, score: &str| {
        let mut changed = with("/learner/objective/name", json!(objective));
        let parameters = changed.pointer_mut(PARAMETERS).unwrap();
        parameters["num_class"] = json!(classes);
        parameters["base_score"] = json!(score);
        import(&changed)
            .map(|model| model.ensemble.base_margins().to_vec())
            .map_err(|error| error.to_string())
    };
    let softprob = |score| margins("multi:softprob", "3", score);
    assert_eq!(softprob("5E-1"), Ok(vec![0.5; 3]));
    assert_eq!(softprob("[1,2E0,-3]"), Ok(vec![1.0, 2.0, -3.0]));
    let field = "learner.learner_model_param.base_score";
    for score in ["[1,2]", "[]", "", "[1,2,3", "NaN", "[inf,0,0]", "1e39", "x"] {
        assert!(softprob(score).unwrap_err().starts_with(field), "{score}");
    }
    for score in ["0", "1", "1.5", "-0.5"] {
        assert_eq!(
            margins("count:poisson", "0", score).is_ok(),
            score.parse::<f32>().unwrap() > 0.0
        );
        assert_eq!(
            margins("binary:logistic", "0", score).is_ok(),
            ["0", "1"].contains(&score)
        );
    }
}

#[test]
fn weights_of_dart_are_folded_into_the_leaves() {
    let mut wrapped = model();
    let inner = wrapped["learner"]["gradient_booster"].take();
    wrapped["learner"]["gradient_booster"] =
        json!({"name": "dart", "gbtree": inner, "weight_drop": [0.5, 0.1]});
    let mut beside = model();
    beside["learner"]["gradient_booster"]["weight_drop"] = json!([0.5, 0.1]);
    let inside = with(&format!("{MODEL}/weight_drop"), json!([0.5, 0.1]));
    for changed in [&wrapped, &beside, &inside] {
        let imported = import(changed).unwrap();
        assert_eq!(imported.booster, "dart");
        assert_eq!(
            imported.ensemble.margin(&[2.0, 0.0]),
            (0.5 + 0.5) + 0.25 * 0.1_f32
        );
    }
    for weights in [json!([0.5]), json!([0.5, "x"]), json!(1)] {
        let error = import(&with(&format!("{MODEL}/weight_drop"), weights)).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("learner.gradient_booster.model.weight_drop: ")
        );
    }
}

#[test]
fn names_of_categories_are_read() {
    let cats = json!({"enc": [
        {"offsets": [], "values": []},
        {"offsets": [0, 4, 9], "values": [98, 108, -61, -68, 103, 114, 101, 101, 110]},
    ]});
    let imported = import(&with(&format!("{MODEL}/cats"), cats)).unwrap();
    assert_eq!(
        imported.category_names,
        [vec![], vec!["blü".to_owned(), "green".to_owned()]]
    );
    let cats =
        json!({"enc": [{"type": 15, "values": [3, -4]}, {"offsets": [0, 3], "values": [98, 108, -61]}]});
    let imported = import(&with(&format!("{MODEL}/cats"), cats)).unwrap();
    assert_eq!(imported.category_names, [vec!["3", "-4"], vec!["bl\u{fffd}"]]);
    for enc in [
        json!([{"offsets": [], "values": []}]),
        json!([{}, {}]),
        json!([{"offsets": [0, 9], "values": [1]}, {"offsets": [], "values": []}]),
        json!([{"offsets": [1, 0], "values": [1]}, {"offsets": [], "values": []}]),
        json!([{"offsets": [-1, 0], "values": [1]}, {"offsets": [], "values": []}]),
    ] {
        assert!(
            import(&with(&format!("{MODEL}/cats"), json!({"enc": enc}))).is_err(),
            "{enc}"
        );
    }
}

#[test]
fn leaves_of_vectors_become_a_tree_for_each_target() {
    let mut changed = with(&format!("{PARAMETERS}/num_target"), json!("2"));
    let tree = changed.pointer_mut(TREE).unwrap();
    tree["tree_param"]["size_leaf_vector"] = json!("2");
    tree["base_weights"] = json!((0..14).collect::<Vec<_>>());
    let mut by_node = changed.clone();
    by_node
        .pointer_mut(TREE)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .remove("sum_hessian");
    let ensemble = import(&by_node).unwrap().ensemble;
    assert!(!ensemble.has_covers());
    assert_eq!((ensemble.trees(), ensemble.groups()), (3, 2));
    let mut margins = [0.0; 2];
    ensemble.margins(&[1.0, 3.0], &mut margins);
    assert_eq!(margins, [0.5 + 10.0 + 0.25, 0.5 + 11.0]);
    let tree = changed.pointer_mut(TREE).unwrap();
    tree["leaf_weights"] = json!([1, 2, 3, 4, 5, 6]);
    tree["right_children"] = json!([2, 5, 0, -1, 2, 1, -1]);
    let ensemble = import(&changed).unwrap().ensemble;
    assert!(ensemble.has_covers());
    ensemble.margins(&[1.0, 3.0], &mut margins);
    assert_eq!(margins, [0.5 + 3.0 + 0.25, 0.5 + 4.0]);
    for (name, value) in [
        ("leaf_weights", json!([1, 2, 3, 4])),
        ("leaf_weights", json!([])),
        ("right_children", json!([2, 5, 3, -1, 2, 1, -1])),
        ("right_children", json!([2, 5, -1, -1, 2, 1, -1])),
        ("tree_param", json!({"num_nodes": "7", "size_leaf_vector": "3"})),
        (
            "tree_param",
            json!({"num_nodes": "7", "size_leaf_vector": "18446744073709551615"}),
        ),
    ] {
        let mut changed = changed.clone();
        changed.pointer_mut(TREE).unwrap()[name] = value.clone();
        assert!(import(&changed).is_err(), "{name} {value}");
    }
}

#[test]
fn no_trees_leave_the_base_margin() {
    let mut changed = model();
    let inner = changed.pointer_mut(MODEL).unwrap();
    (inner["trees"], inner["tree_info"], inner["iteration_indptr"]) = (json!([]), json!([]), json!([0]));
    let imported = import(&changed).unwrap();
    assert_eq!((imported.rounds, imported.ensemble.trees()), (0, 0));
    assert_eq!(imported.ensemble.margin(&[0.0, 0.0]), 0.5);
}

#[test]
fn the_last_of_equal_names_counts() {
    let text = model().to_string();
    let twice = text.replacen(
        "\"name\":\"gbtree\"",
        "\"name\":\"gblinear\",\"name\":\"gbtree\"",
        1,
    );
    assert_ne!(twice, text);
    assert_eq!(
        import_xgboost(twice.as_bytes()).unwrap(),
        import_xgboost(text.as_bytes()).unwrap()
    );
}
