//! `gbdt`'s trees as an [`Ensemble`] and as its own model file.

use gbdt::config::Config;
use gbdt::decision_tree::DecisionTree;
use gbdt::gradient_boost::GBDT;
use model_export::{Ensemble, Node};
use serde::Deserialize;
use serde_json::Value;

use super::{GbdtConfig, GbdtError, MISSING};

/// The serialized form of a tree, whose fields `gbdt` keeps private.
#[derive(Deserialize)]
struct TreeForm {
    tree: NodesForm,
}

#[derive(Deserialize)]
struct NodesForm {
    tree: Vec<NodeForm>,
}

#[derive(Deserialize)]
struct NodeForm {
    value: ValueForm,
    left: u32,
    right: u32,
}

#[derive(Deserialize)]
struct ValueForm {
    feature_index: u32,
    feature_value: f32,
    pred: f32,
    is_leaf: bool,
}

/// The trees whose margin is `2F`, without covers.
///
/// Like ours, `gbdt` goes left when `x < threshold` and adds up from the bias in tree order; it adds
/// `eta * pred` of the leaf reached. Twice each term gives exactly twice each partial sum.
pub(super) fn ensemble(
    trees: &[DecisionTree],
    bias: f32,
    eta: f32,
    columns: usize,
) -> Result<Ensemble, GbdtError> {
    let trees = trees
        .iter()
        .map(|tree| nodes(tree, eta))
        .collect::<Result<_, _>>()?;
    let ensemble = Ensemble::from_trees(2.0 * bias, columns, trees)?;
    Ok(ensemble.without_covers())
}

/// The model as `GBDT::save_model` would write it.
pub(super) fn model_json(
    trees: &[DecisionTree],
    bias: f32,
    config: &GbdtConfig,
    columns: usize,
) -> Result<Vec<u8>, GbdtError> {
    let mut conf = Config::new();
    conf.set_feature_size(columns);
    conf.set_max_depth(config.max_depth);
    conf.set_min_leaf_size(config.min_leaf);
    conf.set_shrinkage(config.eta);
    conf.set_data_sample_ratio(config.subsample);
    conf.set_iterations(trees.len());
    conf.set_loss("LogLikelyhood");
    let mut model = serde_json::to_value(GBDT::new(&conf))?;
    model["bias"] = Value::from(bias);
    model["trees"] = serde_json::to_value(trees)?;
    Ok(serde_json::to_vec(&model)?)
}

fn nodes(tree: &DecisionTree, eta: f32) -> Result<Vec<Node>, GbdtError> {
    let form: TreeForm = serde_json::from_value(serde_json::to_value(tree)?)?;
    let node = |node: NodeForm| {
        let value = node.value;
        // `gbdt` keeps neither gain nor cover, so that its models can't be explained.
        if value.is_leaf {
            return Node::Leaf {
                value: 2.0 * (eta * value.pred),
                cover: 0.0,
            };
        }
        Node::Split {
            feature: value.feature_index,
            threshold: value.feature_value,
            default_left: MISSING < value.feature_value,
            left: node.left,
            right: node.right,
            gain: 0.0,
            cover: 0.0,
        }
    };
    Ok(form.tree.tree.into_iter().map(node).collect())
}
