//! Flat regression trees, checked once and then walked without checks that can fail.
//!
//! Invariant: every tree is a proper binary tree of finite numbers whose nodes stand in breadth-first order, so the
//! same trees have one representation. Node 0 is the root; the children of a split stand side by side.

mod evaluate;

use thiserror::Error;

/// Levels a tree may have below its root.
pub(crate) const MAX_DEPTH: usize = 512;
/// Features a model may have.
pub(crate) const MAX_FEATURES: usize = 65_536;

/// A node of a tree as it is given to [`Ensemble::from_trees`].
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Goes left when `x < threshold`, and in the default direction when `x` is missing.
    Split {
        /// Index of the feature.
        feature: u32,
        /// Finite.
        threshold: f32,
        /// Where a missing value goes.
        default_left: bool,
        /// Index of the left child in the tree.
        left: u32,
        /// Index of the right child in the tree.
        right: u32,
        /// Loss reduction of the split; not kept.
        gain: f32,
        /// Sum of hessians; not kept.
        cover: f32,
    },
    /// Adds its value to the margin.
    Leaf {
        /// Finite.
        value: f32,
        /// Sum of hessians; not kept.
        cover: f32,
    },
}

/// Why trees are refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnsembleError {
    /// The base margin is infinite or not a number.
    #[error("the base margin is not finite")]
    BaseMargin,
    /// More features than a model may have, or none.
    #[error("{0} features; a model has 1 to 65536")]
    Features(usize),
    /// More nodes than can be counted.
    #[error("the ensemble has too many nodes")]
    TooManyNodes,
    /// A tree is not a tree.
    #[error("tree {tree}, node {node}: {problem}")]
    Node {
        /// Index of the tree.
        tree: usize,
        /// Index of the node as given.
        node: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// A split or a leaf. `left` is the left child's index in the whole ensemble and 0 for a leaf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlatNode {
    /// Threshold of a split, value of a leaf.
    pub(crate) value: f32,
    pub(crate) left: u32,
    pub(crate) feature: u16,
    pub(crate) default_left: bool,
}

impl PartialEq for FlatNode {
    fn eq(&self, other: &Self) -> bool {
        let bits = |node: &Self| (node.value.to_bits(), node.left, node.feature, node.default_left);
        bits(self) == bits(other)
    }
}

/// Boosted trees that add up to a margin. Equality is of bits.
#[derive(Clone, Debug)]
pub struct Ensemble {
    base_margin: f32,
    features: usize,
    /// Where each tree's root is in `nodes`.
    roots: Vec<u32>,
    nodes: Vec<FlatNode>,
}

impl PartialEq for Ensemble {
    fn eq(&self, other: &Self) -> bool {
        self.base_margin.to_bits() == other.base_margin.to_bits()
            && self.features == other.features
            && self.roots == other.roots
            && self.nodes == other.nodes
    }
}

impl Ensemble {
    /// Checks trees and puts their nodes in breadth-first order.
    ///
    /// The root of each is node 0; every node must be reached exactly once, in at most 512 levels.
    pub fn from_trees(
        base_margin: f32,
        features: usize,
        trees: Vec<Vec<Node>>,
    ) -> Result<Self, EnsembleError> {
        if !base_margin.is_finite() {
            return Err(EnsembleError::BaseMargin);
        }
        if features == 0 || features > MAX_FEATURES {
            return Err(EnsembleError::Features(features));
        }
        let count: usize = trees.iter().map(Vec::len).sum();
        if u32::try_from(count).is_err() {
            return Err(EnsembleError::TooManyNodes);
        }
        let mut ensemble = Self {
            base_margin,
            features,
            roots: Vec::with_capacity(trees.len()),
            nodes: Vec::with_capacity(count),
        };
        for (tree, nodes) in trees.iter().enumerate() {
            ensemble
                .push_tree(nodes)
                .map_err(|(node, problem)| EnsembleError::Node { tree, node, problem })?;
        }
        Ok(ensemble)
    }

    /// From nodes that are already in order and checked by the caller, as those of a file are.
    pub(crate) fn from_parts(
        base_margin: f32,
        features: usize,
        roots: Vec<u32>,
        nodes: Vec<FlatNode>,
    ) -> Self {
        Self {
            base_margin,
            features,
            roots,
            nodes,
        }
    }

    /// Trees in the order they are added up.
    pub fn trees(&self) -> usize {
        self.roots.len()
    }

    /// Splits and leaves of all trees.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Width of a row.
    pub fn features(&self) -> usize {
        self.features
    }

    /// The margin before any tree.
    pub fn base_margin(&self) -> f32 {
        self.base_margin
    }

    pub(crate) fn flat_nodes(&self) -> &[FlatNode] {
        &self.nodes
    }

    fn push_tree(&mut self, tree: &[Node]) -> Result<(), (usize, &'static str)> {
        if tree.is_empty() {
            return Err((0, "the tree is empty"));
        }
        let root = self.nodes.len();
        self.roots.push(root as u32);
        let mut reached = vec![false; tree.len()];
        reached[0] = true;
        let (mut level, mut depth) = (vec![0], 0);
        while !level.is_empty() {
            if depth > MAX_DEPTH {
                return Err((level[0], "the tree is deeper than 512 levels"));
            }
            let mut below = Vec::new();
            let first_below = self.nodes.len() + level.len();
            for index in level {
                let flat = match &tree[index] {
                    Node::Leaf { value, .. } if value.is_finite() => FlatNode {
                        value: *value,
                        left: 0,
                        feature: 0,
                        default_left: false,
                    },
                    Node::Leaf { .. } => return Err((index, "the leaf value is not finite")),
                    Node::Split { threshold, .. } if !threshold.is_finite() => {
                        return Err((index, "the threshold is not finite"));
                    }
                    Node::Split { feature, .. } if *feature as usize >= self.features => {
                        return Err((index, "the feature does not exist"));
                    }
                    Node::Split {
                        feature,
                        threshold,
                        default_left,
                        left,
                        right,
                        ..
                    } => {
                        let place = (first_below + below.len()) as u32;
                        for child in [*left as usize, *right as usize] {
                            match reached.get_mut(child) {
                                None => return Err((index, "a child does not exist")),
                                Some(true) => return Err((index, "a child is reached twice")),
                                Some(first) => *first = true,
                            }
                            below.push(child);
                        }
                        let feature = *feature as u16;
                        FlatNode {
                            value: *threshold,
                            left: place,
                            feature,
                            default_left: *default_left,
                        }
                    }
                };
                self.nodes.push(flat);
            }
            level = below;
            depth += 1;
        }
        match reached.iter().position(|reached| !reached) {
            Some(index) => Err((index, "the node is never reached")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
