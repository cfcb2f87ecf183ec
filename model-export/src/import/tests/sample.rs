//! A small model as JSON, to be changed by tests.

use serde_json::{Value as Json, json};

use super::super::*;

pub(super) const TREE: &str = "/learner/gradient_booster/model/trees/0";
pub(super) const MODEL: &str = "/learner/gradient_booster/model";
pub(super) const PARAMETERS: &str = "/learner/learner_model_param";

/// A regression on two features: one tree that splits on a number and on categories, then a stump.
pub(super) fn model() -> Json {
    json!({
        "version": [3, 4, 1],
        "learner": {
            "attributes": {},
            "feature_names": ["age", "town"],
            "feature_types": ["float", "c"],
            "objective": {"name": "reg:squarederror"},
            "learner_model_param": {
                "base_score": "[5E-1]", "num_class": "0", "num_feature": "2", "num_target": "1",
            },
            "gradient_booster": {
                "name": "gbtree",
                "model": {
                    "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "2"},
                    "iteration_indptr": [0, 1, 2],
                    "tree_info": [0, 0],
                    "cats": {"enc": []},
                    "trees": [tree(), {
                        "tree_param": {"num_nodes": "1", "size_leaf_vector": "1"},
                        "left_children": [-1], "right_children": [-1], "split_indices": [0],
                        "split_conditions": [0.25], "default_left": [0], "sum_hessian": [9.0], "split_type": [0],
                        "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": [],
                    }],
                },
            },
        },
    })
}

/// Nodes 3 and 6 were deleted by pruning.
pub(super) fn tree() -> Json {
    json!({
        "tree_param": {"num_nodes": "7", "size_leaf_vector": "1"},
        "left_children": [1, 4, -1, -1, -1, -1, -1],
        "right_children": [2, 5, -1, -1, -1, -1, -1],
        "split_indices": [0, 1, 0, 2147483647, 0, 0, 2147483647],
        "split_conditions": [1.5, 1e-45, 1.0, 7.0, 2.0, 4.0, 7.0],
        "default_left": [1, 0, 0, 0, 0, 0, 0],
        "sum_hessian": [9, 6, 3, 0, 2, 4, 0],
        "split_type": [0, 1, 0, 0, 0, 0, 0],
        "categories": [3, 0],
        "categories_nodes": [1],
        "categories_segments": [0],
        "categories_sizes": [2],
    })
}

pub(super) fn import(model: &Json) -> Result<XgboostModel, ImportError> {
    import_xgboost_model(model.to_string().as_bytes(), ImportOptions::default())
}

/// The model with the value at `path` replaced.
pub(super) fn with(path: &str, value: Json) -> Json {
    let mut changed = model();
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = changed.pointer_mut(parent).unwrap();
    match parent {
        Json::Array(elements) => elements[name.parse::<usize>().unwrap()] = value,
        _ => parent[name] = value,
    }
    changed
}
