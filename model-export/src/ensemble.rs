//! Flat regression trees, checked once and then walked without checks that can fail.
//!
//! Invariant: every tree is a proper binary tree of numbers whose nodes stand in breadth-first order, so the same trees
//! have one representation; leaves are finite. Node 0 is the root; the children of a split stand side by side.

mod build;
mod difference;
mod evaluate;
mod leaf_bits;
mod node;
mod summary;

pub use difference::{DifferingField, EnsembleDifference, FirstDifference};
pub use node::{EnsembleError, Node, Tree};
pub use summary::EnsembleSummary;

use crate::objective::Objective;

/// Levels a tree may have below its root.
pub(crate) const MAX_DEPTH: usize = 512;
/// Features a model may have.
pub(crate) const MAX_FEATURES: usize = 65_536;
/// Margins a row may have.
pub(crate) const MAX_GROUPS: usize = 65_536;
/// Categories are below this, the last integer that `f32` tells from the next.
pub(crate) const MAX_CATEGORY: u32 = 1 << 24;

/// A split or a leaf. `left` is the left child's index in the whole ensemble and 0 for a leaf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlatNode {
    /// Threshold of a split, value of a leaf; for a categorical split the bits of its index in `category_sets`.
    pub(crate) value: f32,
    pub(crate) left: u32,
    pub(crate) feature: u16,
    pub(crate) default_left: bool,
    pub(crate) categorical: bool,
}

impl FlatNode {
    pub(crate) fn leaf(value: f32) -> Self {
        Self {
            value,
            left: 0,
            feature: 0,
            default_left: false,
            categorical: false,
        }
    }

    pub(crate) fn is_leaf(&self) -> bool {
        self.left == 0
    }

    /// Of a categorical split: the index of the set of categories that go right.
    pub(crate) fn category_set(&self) -> usize {
        self.value.to_bits() as usize
    }

    fn bits(&self) -> (u32, u32, u16, bool, bool) {
        (
            self.value.to_bits(),
            self.left,
            self.feature,
            self.default_left,
            self.categorical,
        )
    }
}

impl PartialEq for FlatNode {
    fn eq(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }
}

/// Boosted trees that add up to one margin or, in models of several classes, one for each group. Equality is of bits.
#[derive(Clone, Debug)]
pub struct Ensemble {
    objective: Objective,
    /// Of each group.
    base_margins: Vec<f32>,
    features: usize,
    /// Where each tree's root is in `nodes`.
    roots: Vec<u32>,
    /// Which group each tree adds to.
    tree_groups: Vec<u16>,
    nodes: Vec<FlatNode>,
    /// Categories that go right, one set for each categorical split in the order of nodes.
    category_sets: Vec<Box<[u32]>>,
    /// Sum of hessians of each node; empty where they were left out.
    covers: Vec<f32>,
}

impl PartialEq for Ensemble {
    fn eq(&self, other: &Self) -> bool {
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        self.objective == other.objective
            && bits(&self.base_margins) == bits(&other.base_margins)
            && self.features == other.features
            && self.roots == other.roots
            && self.tree_groups == other.tree_groups
            && self.nodes == other.nodes
            && self.category_sets == other.category_sets
            && bits(&self.covers) == bits(&other.covers)
    }
}

/// The fields of an [`Ensemble`] that its caller has checked, as the reader of a file does.
pub(crate) struct EnsembleParts {
    pub(crate) objective: Objective,
    pub(crate) base_margins: Vec<f32>,
    pub(crate) features: usize,
    pub(crate) roots: Vec<u32>,
    pub(crate) tree_groups: Vec<u16>,
    pub(crate) nodes: Vec<FlatNode>,
    pub(crate) category_sets: Vec<Box<[u32]>>,
    pub(crate) covers: Vec<f32>,
}

impl Ensemble {
    /// A `binary:logistic` model of one margin. As [`Ensemble::grouped`] otherwise.
    pub fn from_trees(
        base_margin: f32,
        features: usize,
        trees: Vec<Vec<Node>>,
    ) -> Result<Self, EnsembleError> {
        let trees: Vec<Tree> = trees.into_iter().map(|nodes| Tree { group: 0, nodes }).collect();
        Self::grouped(Objective::BINARY_LOGISTIC, &[base_margin], features, &trees)
    }

    /// Checks trees and puts their nodes in breadth-first order.
    ///
    /// There is a base margin for each group. The root of each tree is node 0; every node must be reached exactly
    /// once, in at most 512 levels. Covers are kept.
    pub fn grouped(
        objective: Objective,
        base_margins: &[f32],
        features: usize,
        trees: &[Tree],
    ) -> Result<Self, EnsembleError> {
        if base_margins.is_empty() || base_margins.len() > MAX_GROUPS {
            return Err(EnsembleError::Groups(base_margins.len()));
        }
        if base_margins.iter().any(|margin| !margin.is_finite()) {
            return Err(EnsembleError::BaseMargin);
        }
        if features == 0 || features > MAX_FEATURES {
            return Err(EnsembleError::Features(features));
        }
        let count: usize = trees.iter().map(|tree| tree.nodes.len()).sum();
        if u32::try_from(count).is_err() {
            return Err(EnsembleError::TooManyNodes);
        }
        let mut ensemble = Self {
            objective,
            base_margins: base_margins.to_vec(),
            features,
            roots: Vec::with_capacity(trees.len()),
            tree_groups: Vec::with_capacity(trees.len()),
            nodes: Vec::with_capacity(count),
            category_sets: Vec::new(),
            covers: Vec::with_capacity(count),
        };
        for (index, tree) in trees.iter().enumerate() {
            ensemble.push_tree(index, tree)?;
        }
        Ok(ensemble)
    }

    /// From parts that are already in order and checked by the caller.
    pub(crate) fn from_parts(parts: EnsembleParts) -> Self {
        Self {
            objective: parts.objective,
            base_margins: parts.base_margins,
            features: parts.features,
            roots: parts.roots,
            tree_groups: parts.tree_groups,
            nodes: parts.nodes,
            category_sets: parts.category_sets,
            covers: parts.covers,
        }
    }

    /// `covers` has one for each node.
    pub(crate) fn with_covers(mut self, covers: Vec<f32>) -> Self {
        self.covers = covers;
        self
    }

    /// The same trees without covers, which only explanations need.
    pub fn without_covers(mut self) -> Self {
        self.covers = Vec::new();
        self
    }

    /// The model that these trees were before all but the first `trees` of them were added.
    pub fn first_trees(mut self, trees: usize) -> Self {
        let Some(end) = self.roots.get(trees).map(|root| *root as usize) else {
            return self;
        };
        let categorical = |node: &&FlatNode| !node.is_leaf() && node.categorical;
        let sets = self.nodes[..end].iter().filter(categorical).count();
        self.roots.truncate(trees);
        self.tree_groups.truncate(trees);
        self.nodes.truncate(end);
        self.category_sets.truncate(sets);
        self.covers.truncate(end);
        self
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

    /// Margins of a row: 1, or the number of classes.
    pub fn groups(&self) -> usize {
        self.base_margins.len()
    }

    /// What it was trained for.
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// The margin of the first group before any tree.
    pub fn base_margin(&self) -> f32 {
        self.base_margins[0]
    }

    /// The margin of each group before any tree.
    pub fn base_margins(&self) -> &[f32] {
        &self.base_margins
    }

    /// Whether the sum of hessians of every node is known.
    pub fn has_covers(&self) -> bool {
        !self.covers.is_empty()
    }

    pub(crate) fn flat_nodes(&self) -> &[FlatNode] {
        &self.nodes
    }

    /// Where each tree begins in [`Ensemble::flat_nodes`].
    pub(crate) fn roots(&self) -> &[u32] {
        &self.roots
    }

    /// The place of a tree in [`Ensemble::flat_nodes`].
    pub(crate) fn tree_nodes(&self, tree: usize) -> std::ops::Range<usize> {
        let end = self
            .roots
            .get(tree + 1)
            .map_or(self.nodes.len(), |next| *next as usize);
        self.roots[tree] as usize..end
    }

    pub(crate) fn tree_groups(&self) -> &[u16] {
        &self.tree_groups
    }

    /// By [`FlatNode::category_set`]: the categories that go right, strictly ascending.
    pub(crate) fn category_sets(&self) -> &[Box<[u32]>] {
        &self.category_sets
    }

    /// Of each node; empty where they were left out.
    pub(crate) fn covers(&self) -> &[f32] {
        &self.covers
    }
}

#[cfg(test)]
mod tests;
