//! XGBoost's model files to an [`Ensemble`].

mod ubjson;
mod value;

use thiserror::Error;
use value::{Object, Value};

use crate::ensemble::{Ensemble, EnsembleError, Node};

/// Why a model file can't be imported.
#[derive(Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Neither UBJSON nor JSON.
    #[error("byte {offset}: {problem}")]
    Syntax {
        /// Where reading stopped.
        offset: usize,
        /// What is wrong.
        problem: String,
    },
    /// A field that every supported model has is absent or of another type.
    #[error("{path}: {problem}")]
    Field {
        /// Names from the outermost object on, joined by dots.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// Written by a version whose layout is not known.
    #[error("the model was saved by XGBoost {0}; 1.7 to 3.x are supported")]
    Version(String),
    /// A booster other than `gbtree`.
    #[error("booster \"{0}\" is not supported; only gbtree is")]
    Booster(String),
    /// An objective other than `binary:logistic`.
    #[error("objective \"{0}\" is not supported; only binary:logistic is")]
    Objective(String),
    /// More than one class.
    #[error("the model has {0} classes; only binary models are supported")]
    MultiClass(String),
    /// More than one target.
    #[error("the model has {0} targets; only one is supported")]
    MultiTarget(String),
    /// A split on a set of categories.
    #[error("tree {tree} has a categorical split; only numeric splits are supported")]
    CategoricalSplit {
        /// Index of the tree.
        tree: usize,
    },
    /// Trees after the best iteration of early stopping.
    #[error(
        "the model has {rounds} rounds but its best iteration is {best_iteration}; save it sliced to that one"
    )]
    NotSliced {
        /// Attribute of the model, counted from 0.
        best_iteration: usize,
        /// Rounds in the file.
        rounds: usize,
    },
    /// The trees are refused.
    #[error(transparent)]
    Ensemble(#[from] EnsembleError),
}

/// Reads a model that XGBoost 1.7 to 3.x saved as UBJSON or JSON, which is told from the bytes.
///
/// Only `binary:logistic` models of booster `gbtree` with numeric splits are accepted; all else is refused by name.
/// A model stopped early must have been saved sliced to its best iteration.
pub fn import_xgboost(bytes: &[u8]) -> Result<Ensemble, ImportError> {
    let value = value::parse(bytes)?;
    let model = Object::new("", &value)?;
    check_version(&model)?;
    let learner = model.object("learner")?;
    let objective = learner.object("objective")?.text("name")?;
    let booster = learner.object("gradient_booster")?;
    let name = booster.text("name")?;
    if name != "gbtree" {
        return Err(ImportError::Booster(name.to_owned()));
    }
    let parameters = learner.object("learner_model_param")?;
    let classes = parameters.text("num_class")?;
    if classes != "0" && classes != "1" {
        return Err(ImportError::MultiClass(classes.to_owned()));
    }
    let targets = parameters.optional_text("num_target")?.unwrap_or("1");
    if targets != "0" && targets != "1" {
        return Err(ImportError::MultiTarget(targets.to_owned()));
    }
    if objective != "binary:logistic" {
        return Err(ImportError::Objective(objective.to_owned()));
    }
    let model = booster.object("model")?;
    let trees = model.array("trees")?;
    check_sliced(&learner, &model, trees.len())?;
    let features = parameters.count("num_feature")?;
    let nodes = trees
        .iter()
        .enumerate()
        .map(|(tree, value)| read_tree(tree, value))
        .collect::<Result<_, _>>()?;
    Ok(Ensemble::from_trees(base_margin(&parameters)?, features, nodes)?)
}

fn check_version(model: &Object<'_>) -> Result<(), ImportError> {
    let version = model.integers("version")?;
    match version[..] {
        [1, minor, ..] if minor >= 7 => Ok(()),
        [2 | 3, ..] => Ok(()),
        _ => {
            let parts: Vec<String> = version.iter().take(3).map(ToString::to_string).collect();
            Err(ImportError::Version(parts.join(".")))
        }
    }
}

/// Refuses trees that early stopping would leave out: which of them count must be settled by whoever saves.
fn check_sliced(learner: &Object<'_>, model: &Object<'_>, trees: usize) -> Result<(), ImportError> {
    let Some(attributes) = learner.optional_object("attributes")? else {
        return Ok(());
    };
    let Some(best) = attributes.optional_text("best_iteration")? else {
        return Ok(());
    };
    let Ok(best_iteration) = best.parse::<usize>() else {
        return Err(attributes.error("best_iteration", "expected a number"));
    };
    let per_round = model
        .object("gbtree_model_param")?
        .count("num_parallel_tree")?
        .max(1);
    let rounds = trees / per_round;
    if rounds > best_iteration.saturating_add(1) {
        return Err(ImportError::NotSliced {
            best_iteration,
            rounds,
        });
    }
    Ok(())
}

/// XGBoost keeps the base score of a logistic model as a probability, in brackets since 3.1.
///
/// The margin is `-ln(1 / p - 1)` in `f32`, by the platform's `logf` as XGBoost has it.
fn base_margin(parameters: &Object<'_>) -> Result<f32, ImportError> {
    let text = parameters.text("base_score")?;
    let number = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    match number.parse::<f32>() {
        Ok(probability) if probability > 0.0 && probability < 1.0 => Ok(-(1.0 / probability - 1.0).ln()),
        _ => Err(parameters.error("base_score", "expected one probability between 0 and 1")),
    }
}

/// Split index of nodes that pruning deleted. They stay in XGBoost's arrays and are left out here.
const DELETED: f64 = 2_147_483_647.0;

fn read_tree(tree: usize, value: &Value) -> Result<Vec<Node>, ImportError> {
    let path = format!("learner.gradient_booster.model.trees[{tree}]");
    let object = Object::new(&path, value)?;
    let parameters = object.object("tree_param")?;
    let targets = parameters.optional_text("size_leaf_vector")?.unwrap_or("1");
    if targets != "0" && targets != "1" {
        return Err(ImportError::MultiTarget(targets.to_owned()));
    }
    let count = parameters.count("num_nodes")?;
    let column = |name: &'static str| {
        let numbers = object.numbers(name)?;
        if numbers.len() == count {
            Ok(numbers)
        } else {
            Err(object.error(name, "expected one number per node"))
        }
    };
    let left = column("left_children")?;
    let right = column("right_children")?;
    let features = column("split_indices")?;
    let conditions = column("split_conditions")?;
    let default_left = column("default_left")?;
    let gains = column("loss_changes")?;
    let covers = column("sum_hessian")?;
    if column("split_type")?.iter().any(|kind| *kind != 0.0) {
        return Err(ImportError::CategoricalSplit { tree });
    }
    let mut places = Vec::with_capacity(count);
    let mut kept = 0;
    for (feature, left) in features.iter().zip(left.iter()) {
        // A deleted node looks like a leaf of a feature that no model has.
        let deleted = *feature == DELETED && *left == -1.0;
        places.push(if deleted { u32::MAX } else { kept });
        kept += u32::from(!deleted);
    }
    let mut nodes = Vec::with_capacity(count);
    for index in (0..count).filter(|index| places[*index] != u32::MAX) {
        let cover = covers[index] as f32;
        if left[index] == -1.0 {
            nodes.push(Node::Leaf {
                value: conditions[index] as f32,
                cover,
            });
            continue;
        }
        let child = |name, number: f64| match index_below(number, count) {
            Some(child) => Ok(places[child]),
            None => Err(object.error(name, "expected the index of a node")),
        };
        let feature = index_below(features[index], crate::ensemble::MAX_FEATURES);
        nodes.push(Node::Split {
            feature: feature
                .ok_or_else(|| object.error("split_indices", "expected the index of a feature"))?
                as u32,
            threshold: conditions[index] as f32,
            default_left: default_left[index] != 0.0,
            left: child("left_children", left[index])?,
            right: child("right_children", right[index])?,
            gain: gains[index] as f32,
            cover,
        });
    }
    Ok(nodes)
}

fn index_below(number: f64, limit: usize) -> Option<usize> {
    let index = number as usize;
    (index as f64 == number && index < limit).then_some(index)
}

#[cfg(test)]
mod tests;
