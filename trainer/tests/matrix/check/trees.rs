//! What XGBoost's own arrays say.

use serde_json::Value;

type LeafValues = Box<dyn Fn(usize, usize) -> f32>;

/// What XGBoost's own arrays say.
pub(super) struct Trees {
    /// Column and threshold of every numeric split.
    pub(super) thresholds: Vec<(usize, f32)>,
    /// Of each tree: from a node's number and a target to the leaf's value, its tree's weight included.
    pub(super) leaf_values: Vec<LeafValues>,
}

impl Trees {
    pub(super) fn read(json: &[u8]) -> Self {
        // An infinite threshold is no JSON number; the largest one is as good for choosing rows.
        let text = str::from_utf8(json).unwrap().replace("Infinity", "3.4028235E38");
        let file: Value = serde_json::from_str(&text).unwrap();
        let model = &file["learner"]["gradient_booster"]["model"];
        let weights = numbers(&model["weight_drop"]);
        let mut read = Self {
            thresholds: Vec::new(),
            leaf_values: Vec::new(),
        };
        for (index, tree) in model["trees"].as_array().unwrap().iter().enumerate() {
            let (conditions, right) = (
                numbers(&tree["split_conditions"]),
                numbers(&tree["right_children"]),
            );
            let vectors = numbers(&tree["leaf_weights"]);
            let targets: usize = tree["tree_param"]["size_leaf_vector"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            let (kinds, columns) = (numbers(&tree["split_type"]), numbers(&tree["split_indices"]));
            for (node, left) in numbers(&tree["left_children"]).into_iter().enumerate() {
                if left >= 0.0 && kinds[node] == 0.0 {
                    read.thresholds.push((columns[node] as usize, conditions[node]));
                }
            }
            let weight = weights.get(index).copied().unwrap_or(1.0);
            read.leaf_values.push(Box::new(move |node, target| match targets {
                0 | 1 => conditions[node] * weight,
                _ => vectors[right[node] as usize * targets + target] * weight,
            }));
        }
        read
    }
}

fn numbers(array: &Value) -> Vec<f32> {
    let numbers = array.as_array().map(Vec::as_slice).unwrap_or_default();
    numbers
        .iter()
        .map(|number| number.as_f64().unwrap() as f32)
        .collect()
}
