//! Nodes as trees are given, and why trees are refused.

use thiserror::Error;

/// A node of a tree as it is given to [`Ensemble::from_trees`](crate::Ensemble::from_trees).
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Goes left when `x < threshold`, and in the default direction when `x` is missing.
    Split {
        /// Index of the feature.
        feature: u32,
        /// A number; may be infinite.
        threshold: f32,
        /// Where a missing value goes.
        default_left: bool,
        /// Index of the left child in the tree.
        left: u32,
        /// Index of the right child in the tree.
        right: u32,
        /// Loss reduction of the split; not kept.
        gain: f32,
        /// Sum of hessians.
        cover: f32,
    },
    /// Goes right when `x`, cut to an integer, is one of the categories; left when it is none, negative or 2^24 and
    /// above; in the default direction when `x` is missing.
    CategorySplit {
        /// Index of the feature.
        feature: u32,
        /// Strictly ascending, below 2^24.
        categories: Vec<u32>,
        /// Where a missing value goes.
        default_left: bool,
        /// Index of the left child in the tree.
        left: u32,
        /// Index of the right child in the tree.
        right: u32,
        /// Loss reduction of the split; not kept.
        gain: f32,
        /// Sum of hessians.
        cover: f32,
    },
    /// Adds its value to the margin.
    Leaf {
        /// Finite.
        value: f32,
        /// Sum of hessians.
        cover: f32,
    },
}

impl Node {
    /// Sum of hessians of the training rows that reached the node.
    pub fn cover(&self) -> f32 {
        match self {
            Self::Split { cover, .. } | Self::CategorySplit { cover, .. } | Self::Leaf { cover, .. } => {
                *cover
            }
        }
    }
}

/// A tree and the group whose margin it adds to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// 0 in models with one margin; the class in models with several.
    pub group: u32,
    /// The root first.
    pub nodes: Vec<Node>,
}

/// Why trees are refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnsembleError {
    /// The base margin is infinite or not a number.
    #[error("the base margin is not finite")]
    BaseMargin,
    /// No margin, or more than a model may have.
    #[error("{0} groups; a model has 1 to 65536")]
    Groups(usize),
    /// More features than a model may have, or none.
    #[error("{0} features; a model has 1 to 65536")]
    Features(usize),
    /// More nodes than can be counted.
    #[error("the ensemble has too many nodes")]
    TooManyNodes,
    /// A tree of a group that the model does not have.
    #[error("tree {tree} is of group {group}; the model has {groups}")]
    Group {
        /// Index of the tree.
        tree: usize,
        /// Its group.
        group: u32,
        /// Groups of the model.
        groups: usize,
    },
    /// A number of bits that leaves can't be rounded to.
    #[error("leaves can be rounded to 4 to 24 bits, not to {0}")]
    LeafBits(u8),
    /// A leaf that can't be rounded.
    #[error("a leaf of 2^127 or more can't be rounded")]
    LeafTooLarge,
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
