//! One tree of XGBoost's arrays to nodes, children after their parents.
//!
//! Nodes that no branch reaches are left out: pruning deletes nodes and leaves them in the arrays. A tree whose leaves
//! are vectors becomes one tree for each target.

use super::ImportError;
use super::categories::CategorySplits;
use super::value::{Object, Value};
use crate::ensemble::{MAX_FEATURES, Node};

/// What is known of a tree besides its own fields.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Index of the tree in the file.
    pub(super) tree: usize,
    /// Which of several margins it adds to, where its leaves are numbers.
    pub(super) group: u32,
    /// Its weight of DART.
    pub(super) weight: Option<f32>,
}

/// A tree as read: its nodes for each group, and whether the sums of hessians were there.
pub(super) struct ReadTree {
    pub(super) groups: Vec<(u32, Vec<Node>)>,
    pub(super) has_covers: bool,
}

/// `budget` is how many more categories may be kept.
pub(super) fn read(place: Place, value: &Value, budget: &mut usize) -> Result<ReadTree, ImportError> {
    let object = Object::new(
        &format!("learner.gradient_booster.model.trees[{}]", place.tree),
        value,
    )?;
    let parameters = object.object("tree_param")?;
    let count = parameters.count("num_nodes")?;
    let targets = if parameters.has("size_leaf_vector") {
        parameters.count("size_leaf_vector")?.max(1)
    } else {
        1
    };
    let arrays = Arrays::read(&object, count, targets)?;
    let order = arrays.reachable(&object)?;
    arrays.check_leaves(&object, &order)?;
    let splits = CategorySplits::read(&object, count)?;
    let mut groups = Vec::new();
    for target in 0..targets {
        let group = if targets == 1 { place.group } else { target as u32 };
        let nodes = order.nodes(&object, &arrays, &splits, target, place.weight, budget)?;
        groups.push((group, nodes));
    }
    Ok(ReadTree {
        groups,
        has_covers: arrays.covers.is_some(),
    })
}

type Numbers<'value> = std::borrow::Cow<'value, [f64]>;

/// XGBoost's arrays, one element per node.
struct Arrays<'value> {
    left: Numbers<'value>,
    right: Numbers<'value>,
    features: Numbers<'value>,
    conditions: Numbers<'value>,
    default_left: Numbers<'value>,
    covers: Option<Numbers<'value>>,
    leaves: Leaves<'value>,
}

/// Where the values of leaves are.
enum Leaves<'value> {
    /// In the conditions.
    Scalar,
    /// Before 3.2: so many for each node.
    VectorByNode {
        weights: Numbers<'value>,
        targets: usize,
    },
    /// From 3.2: so many for each leaf, whose number stands in place of its right child.
    VectorByLeaf {
        weights: Numbers<'value>,
        targets: usize,
    },
}

impl<'value> Arrays<'value> {
    fn read(object: &Object<'value>, count: usize, targets: usize) -> Result<Self, ImportError> {
        let column = |name: &'static str| {
            let numbers = object.numbers(name)?;
            if numbers.len() == count {
                Ok(numbers)
            } else {
                Err(object.error(name, "expected one number per node"))
            }
        };
        let leaves = if targets == 1 {
            Leaves::Scalar
        } else if object.has("leaf_weights") {
            let weights = object.numbers("leaf_weights")?;
            Leaves::VectorByLeaf { weights, targets }
        } else {
            let weights = object.numbers("base_weights")?;
            Leaves::VectorByNode { weights, targets }
        };
        let has_covers = targets == 1 || object.has("sum_hessian");
        Ok(Self {
            left: column("left_children")?,
            right: column("right_children")?,
            features: column("split_indices")?,
            conditions: column("split_conditions")?,
            default_left: column("default_left")?,
            covers: has_covers.then(|| column("sum_hessian")).transpose()?,
            leaves,
        })
    }

    fn is_leaf(&self, node: usize) -> bool {
        self.left[node] == -1.0
    }

    /// The nodes below the root, level by level.
    fn reachable(&self, object: &Object<'_>) -> Result<Order, ImportError> {
        let count = self.left.len();
        if count == 0 {
            return Err(object.error("left_children", "the tree is empty"));
        }
        let mut order = Order {
            nodes: vec![0],
            places: vec![u32::MAX; count],
        };
        order.places[0] = 0;
        let mut next = 0;
        while let Some(&node) = order.nodes.get(next) {
            next += 1;
            if self.is_leaf(node) {
                continue;
            }
            for (name, children) in [("left_children", &self.left), ("right_children", &self.right)] {
                let child = index_below(children[node], count)
                    .ok_or_else(|| object.error(name, "expected the index of a node"))?;
                if order.places[child] != u32::MAX {
                    return Err(object.error(name, "a node is reached twice"));
                }
                order.places[child] = order.nodes.len() as u32;
                order.nodes.push(child);
            }
        }
        Ok(order)
    }

    /// The values of all leaves are there, so that a tree can't grow with the number of targets alone.
    fn check_leaves(&self, object: &Object<'_>, order: &Order) -> Result<(), ImportError> {
        let (name, weights, targets, expected) = match &self.leaves {
            Leaves::Scalar => return Ok(()),
            Leaves::VectorByNode { weights, targets } => ("base_weights", weights, targets, self.left.len()),
            Leaves::VectorByLeaf { weights, targets } => {
                let leaves = order.nodes.iter().filter(|node| self.is_leaf(**node)).count();
                ("leaf_weights", weights, targets, leaves)
            }
        };
        if Some(weights.len()) == expected.checked_mul(*targets) {
            Ok(())
        } else {
            Err(object.error(name, "expected one number per target"))
        }
    }

    fn leaf(&self, object: &Object<'_>, node: usize, target: usize) -> Result<f32, ImportError> {
        match &self.leaves {
            Leaves::Scalar => Ok(self.conditions[node] as f32),
            Leaves::VectorByNode { weights, targets } => Ok(weights[node * targets + target] as f32),
            Leaves::VectorByLeaf { weights, targets } => {
                index_below(self.right[node], weights.len() / targets)
                    .map(|leaf| weights[leaf * targets + target] as f32)
                    .ok_or_else(|| object.error("right_children", "expected the number of a leaf"))
            }
        }
    }
}

/// The nodes that are kept, in their new order, and the new place of each old one.
struct Order {
    nodes: Vec<usize>,
    places: Vec<u32>,
}

impl Order {
    fn nodes(
        &self,
        object: &Object<'_>,
        arrays: &Arrays<'_>,
        splits: &CategorySplits<'_>,
        target: usize,
        weight: Option<f32>,
        budget: &mut usize,
    ) -> Result<Vec<Node>, ImportError> {
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for &node in &self.nodes {
            let cover = arrays.covers.as_ref().map_or(0.0, |covers| covers[node] as f32);
            if arrays.is_leaf(node) {
                let value = arrays.leaf(object, node, target)?;
                // XGBoost multiplies in `f32` before it adds to the margin.
                let value = weight.map_or(value, |weight| value * weight);
                nodes.push(Node::Leaf { value, cover });
                continue;
            }
            let feature = index_below(arrays.features[node], MAX_FEATURES)
                .ok_or_else(|| object.error("split_indices", "expected the index of a feature"))?
                as u32;
            let default_left = arrays.default_left[node] == 1.0;
            let [left, right] =
                [&arrays.left, &arrays.right].map(|children| self.places[children[node] as usize]);
            nodes.push(match splits.categories(object, node, budget)? {
                Some(categories) => Node::CategorySplit {
                    feature,
                    categories,
                    default_left,
                    left,
                    right,
                    gain: 0.0,
                    cover,
                },
                None => Node::Split {
                    feature,
                    threshold: arrays.conditions[node] as f32,
                    default_left,
                    left,
                    right,
                    gain: 0.0,
                    cover,
                },
            });
        }
        Ok(nodes)
    }
}

/// The number as an index, if it is a whole one below `limit`.
pub(super) fn index_below(number: f64, limit: usize) -> Option<usize> {
    let index = number as usize;
    (index as f64 == number && index < limit).then_some(index)
}
