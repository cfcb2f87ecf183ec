//! Files that are well-formed and yet no model.

use serde_json::json;

use super::super::*;
use super::sample::{MODEL, PARAMETERS, TREE, import, model, with};

#[test]
fn fields_that_contradict_each_other_are_refused_by_name() {
    let cases = [
        (
            "trees/0/left_children",
            json!([1, 4, -1, -1, -1, -1]),
            "trees[0].left_children",
        ),
        ("trees/0/left_children", json!([]), "trees[0].left_children"),
        (
            "trees/0/left_children",
            json!([1.5, 4, -1, -1, -1, -1, -1]),
            "trees[0].left_children",
        ),
        (
            "trees/0/left_children",
            json!([7, 4, -1, -1, -1, -1, -1]),
            "trees[0].left_children",
        ),
        (
            "trees/0/left_children",
            json!([-2, 4, -1, -1, -1, -1, -1]),
            "trees[0].left_children",
        ),
        (
            "trees/0/left_children",
            json!([0, 4, -1, -1, -1, -1, -1]),
            "trees[0].left_children",
        ),
        (
            "trees/0/left_children",
            json!([1, 4, 1, -1, -1, -1, -1]),
            "trees[0].left_children",
        ),
        (
            "trees/0/right_children",
            json!([1, 5, -1, -1, -1, -1, -1]),
            "trees[0].right_children",
        ),
        (
            "trees/0/right_children",
            json!([2, 1e300, -1, -1, -1, -1, -1]),
            "trees[0].right_children",
        ),
        (
            "trees/0/split_indices",
            json!([0.5, 1, 0, 0, 0, 0, 0]),
            "trees[0].split_indices",
        ),
        (
            "trees/0/split_indices",
            json!([65536, 1, 0, 0, 0, 0, 0]),
            "trees[0].split_indices",
        ),
        (
            "trees/0/split_type",
            json!([0, 2, 0, 0, 0, 0, 0]),
            "trees[0].split_type",
        ),
        (
            "trees/0/split_type",
            json!([1, 1, 0, 0, 0, 0, 0]),
            "trees[0].categories_nodes",
        ),
        (
            "trees/0/categories",
            json!([3, 16_777_216]),
            "trees[0].categories",
        ),
        ("trees/0/categories", json!([3, -1]), "trees[0].categories"),
        ("trees/0/categories", json!([3, 0.5]), "trees[0].categories"),
        ("trees/0/categories", json!([3]), "trees[0].categories_sizes"),
        (
            "trees/0/categories_sizes",
            json!([0]),
            "trees[0].categories_sizes",
        ),
        (
            "trees/0/categories_sizes",
            json!([1e18]),
            "trees[0].categories_sizes",
        ),
        ("trees/0/categories_sizes", json!([]), "trees[0].categories_sizes"),
        (
            "trees/0/categories_segments",
            json!([-1]),
            "trees[0].categories_segments",
        ),
        (
            "trees/0/categories_segments",
            json!([2]),
            "trees[0].categories_segments",
        ),
        (
            "trees/0/categories_nodes",
            json!([7]),
            "trees[0].categories_nodes",
        ),
        (
            "trees/0/categories_nodes",
            json!([2]),
            "trees[0].categories_nodes",
        ),
        (
            "trees/0/tree_param",
            json!({"num_nodes": "0"}),
            "trees[0].left_children",
        ),
        (
            "trees/0/tree_param",
            json!({"num_nodes": "-1"}),
            "trees[0].tree_param.num_nodes",
        ),
        (
            "trees/0/tree_param",
            json!({"num_nodes": "99999999999999999999"}),
            "trees[0].tree_param.num_nodes",
        ),
        ("trees", json!([]), "tree_info"),
        ("trees", json!([[], 1]), "trees[0]"),
        ("tree_info", json!([0]), "tree_info"),
        ("tree_info", json!([0, 1]), "tree_info"),
        ("iteration_indptr", json!([0, 2, 1]), "iteration_indptr"),
        ("iteration_indptr", json!([0, 3]), "iteration_indptr"),
        ("iteration_indptr", json!([]), "iteration_indptr"),
        ("iteration_indptr", json!([0, -5, 2]), "iteration_indptr"),
    ];
    for (path, value, field) in cases {
        let error = import(&with(&format!("{MODEL}/{path}"), value.clone())).unwrap_err();
        let expected = format!("learner.gradient_booster.model.{field}: ");
        assert!(
            error.to_string().starts_with(&expected),
            "{path} {value}: {error}"
        );
    }
    for (path, value, message) in [
        ("num_feature", "1", "tree 0, node 1: the feature does not exist"),
        ("num_feature", "0", "0 features; a model has 1 to 65536"),
        ("num_feature", "70000", "70000 features; a model has 1 to 65536"),
        ("num_class", "70000", "70000 groups; a model has 1 to 65536"),
        (
            "num_target",
            "18446744073709551615",
            "18446744073709551615 groups; a model has 1 to 65536",
        ),
    ] {
        let mut changed = with(&format!("{PARAMETERS}/{path}"), json!(value));
        changed["learner"]["feature_names"] = json!([]);
        changed["learner"]["feature_types"] = json!([]);
        assert_eq!(import(&changed).unwrap_err().to_string(), message);
    }
    let mut both = with(&format!("{PARAMETERS}/num_class"), json!("3"));
    both.pointer_mut(PARAMETERS).unwrap()["num_target"] = json!("2");
    assert!(matches!(import(&both), Err(ImportError::Field { .. })));
    assert!(import(&with("/learner/feature_names", json!(["one"]))).is_err());
}

#[test]
fn category_ranges_may_not_share_categories() {
    // Else a small file could hold a large model.
    let mut changed = model();
    let tree = changed.pointer_mut(TREE).unwrap();
    tree["split_type"] = json!([1, 1, 0, 0, 0, 0, 0]);
    tree["categories_nodes"] = json!([0, 1]);
    tree["categories_segments"] = json!([0, 0]);
    tree["categories_sizes"] = json!([2, 2]);
    let error = import(&changed).unwrap_err().to_string();
    assert!(error.contains("categories_segments"), "{error}");
    // Nor may a vector of many targets repeat them.
    let (targets, categories) = (30_000, 30_000);
    let mut changed = with(&format!("{PARAMETERS}/num_target"), json!(targets.to_string()));
    let tree = changed.pointer_mut(TREE).unwrap();
    tree["tree_param"]["size_leaf_vector"] = json!(targets.to_string());
    tree["base_weights"] = json!(vec![0; 7 * targets]);
    tree["categories"] = json!((0..categories).collect::<Vec<_>>());
    tree["categories_sizes"] = json!([categories]);
    let error = import(&changed).unwrap_err().to_string();
    assert!(error.contains("too many categories"), "{error}");
}
