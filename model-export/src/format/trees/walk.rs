//! The trees themselves, node after node in breadth-first order, each by its ancestors and its sibling.

use super::splits::{Drawn, Splits, TableSet};
use crate::ensemble::{Ensemble, FlatNode};
use crate::format::coder::{Bit, Coder};
use crate::format::values::{SIZES, Sibling, Values};

/// Depths that are told apart.
const DEPTHS: usize = 32;
/// Half octaves of a node's share of the rows that are told apart.
const SHARES: usize = 64;
/// The part of rows that is taken to have no value of a feature.
const MISSING: f64 = 0.125;

/// What is known of a node of the tree that is coded.
#[derive(Clone, Copy)]
pub(super) struct Known {
    /// In the tree.
    pub(super) parent: u32,
    /// Of a split.
    pub(super) split: Option<Drawn>,
    /// The tables of its ancestors' splits.
    pub(super) above: TableSet,
    /// The estimated share of the rows that reach the node.
    share: f64,
    /// Of a leaf.
    sibling: Sibling,
}

impl Known {
    fn new(parent: usize, above: TableSet, share: f64) -> Self {
        Self {
            parent: parent as u32,
            split: None,
            above,
            share,
            sibling: Sibling::default(),
        }
    }
}

/// Nodes as [`Walk`] gives them out.
pub(super) struct Nodes {
    pub(super) nodes: Vec<FlatNode>,
    pub(super) category_sets: Vec<Box<[u32]>>,
}

/// What the encoder is given of a tree; the decoder has none of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Given<'trees> {
    nodes: &'trees [FlatNode],
    category_sets: &'trees [Box<[u32]>],
}

impl<'trees> Given<'trees> {
    pub(super) fn of(ensemble: &'trees Ensemble, tree: usize) -> Self {
        let (nodes, roots) = (ensemble.flat_nodes(), ensemble.roots());
        let end = roots.get(tree + 1).map_or(nodes.len(), |root| *root as usize);
        Self {
            nodes: &nodes[roots[tree] as usize..end],
            category_sets: ensemble.category_sets(),
        }
    }

    fn category_set(&self, node: Option<&FlatNode>) -> &'trees [u32] {
        let node = node.filter(|node| node.categorical);
        node.map_or(&[], |node| &self.category_sets[node.category_set()])
    }
}

/// Codes trees by the trees before them.
pub(super) struct Walk<'tables> {
    splits: Splits<'tables>,
    leaves: Values,
    /// Whether nodes split, by depth and share of the rows.
    structure: Vec<Bit>,
    /// Of all trees.
    nodes: usize,
    /// Splits above the deepest leaf, as announced and as found.
    depth: usize,
    deepest: usize,
    known: Vec<Known>,
}

impl<'tables> Walk<'tables> {
    pub(super) fn new(splits: Splits<'tables>, leaves: Values, nodes: usize, depth: usize) -> Self {
        Self {
            splits,
            leaves,
            structure: vec![Bit::default(); DEPTHS * SHARES],
            nodes,
            depth,
            deepest: 0,
            known: Vec::new(),
        }
    }

    pub(super) fn leaves(&self) -> &Values {
        &self.leaves
    }

    /// Whether all that was announced has come.
    pub(super) fn is_complete(&self) -> bool {
        self.splits.is_complete() && self.deepest == self.depth
    }

    /// Codes a tree and appends it to `out`.
    #[inline(never)]
    pub(super) fn tree<C: Coder>(
        &mut self,
        coder: &mut C,
        given: Given<'_>,
        out: &mut Nodes,
    ) -> Result<(), &'static str> {
        let root = out.nodes.len();
        if root == self.nodes {
            return Err("there are more trees than nodes");
        }
        self.known.clear();
        self.known.push(Known::new(0, TableSet::default(), 1.0));
        let (mut depth, mut level_end, mut at) = (0, 1, 0);
        while at < self.known.len() {
            if at == level_end {
                depth += 1;
                level_end = self.known.len();
            }
            let node = given.nodes.get(at).filter(|_| C::GIVEN);
            let size = half_octaves(self.known[at].share);
            let structure = &mut self.structure[depth.min(DEPTHS - 1) * SHARES + size.min(SHARES - 1)];
            let splits = node.is_some_and(|node| !node.is_leaf());
            if depth < self.depth && coder.bit(structure, splits) {
                let left = root + self.known.len();
                if left + 2 > self.nodes {
                    return Err("the trees have more nodes than there are");
                }
                let set = given.category_set(node);
                let drawn = self
                    .splits
                    .code(coder, &self.known, at, (node, set), left as u32, out)?;
                self.grow(at, drawn);
            } else {
                let value = self.leaf(coder, at, size / 2, node);
                out.nodes.push(FlatNode::leaf(value));
            }
            at += 1;
        }
        self.deepest = self.deepest.max(depth);
        Ok(())
    }

    fn leaf(&mut self, coder: &mut impl Coder, at: usize, size: usize, given: Option<&FlatNode>) -> f32 {
        let left = if is_right(at) {
            self.known[at - 1].sibling
        } else {
            Sibling::default()
        };
        let given = given.map(|node| node.value);
        let (value, sibling) = self.leaves.code(coder, left, size.min(SIZES - 1), given);
        self.known[at].sibling = sibling;
        value
    }

    /// Makes a split and its children known.
    fn grow(&mut self, at: usize, drawn: Drawn) {
        let rows = self.known[at].share;
        self.known[at].split = Some(drawn);
        let above = self.known[at].above.with(drawn.table);
        let present = rows * (1.0 - MISSING);
        let missing = if drawn.default_left {
            [rows * MISSING, 0.0]
        } else {
            [0.0, rows * MISSING]
        };
        let shares = [drawn.share, 1.0 - drawn.share];
        for (share, missing) in shares.into_iter().zip(missing) {
            self.known.push(Known::new(at, above, present * share + missing));
        }
    }
}

/// Whether a node is a right child, by its place in its tree.
pub(super) fn is_right(at: usize) -> bool {
    at > 0 && at.is_multiple_of(2)
}

/// How far a share is below 1, in half octaves.
fn half_octaves(share: f64) -> usize {
    2 * 1023 - (share.to_bits() >> 51) as usize
}
