//! How the trees of a part lie in memory.
//!
//! Invariant: every condition is below the part's number of conditions, and every link leads to a node further on in the
//! same tree.

mod lines;

use std::ops::Range;

pub(super) use lines::Lines;

use super::part::NEVER;
use crate::ensemble::Ensemble;

/// Levels of a tree that is laid out as a heap.
pub(super) const MAX_HEAP_HEIGHT: usize = 8;
/// Heaps of this many levels are never too sparse.
const LOW_HEIGHT: usize = 5;
/// Places for leaves in a heap, for each leaf of its tree.
const MOST_SPREAD: usize = 24;
/// Trees that one row goes through side by side, and so are of one height.
pub(super) const ABREAST: usize = 4;

#[derive(Clone, Debug, Default)]
pub(super) struct Trees {
    pub(super) runs: Vec<Run>,
    /// Group of each tree.
    pub(super) groups: Vec<u16>,
    /// Heaps: conditions of nodes, each tree's in breadth-first order from index 1 on; index 0 is not used.
    pub(super) conditions: Vec<u16>,
    /// Heaps: leaves of each tree from left to right.
    pub(super) leaves: Lines,
    /// Trees that aren't heaps.
    pub(super) nodes: Vec<LinkedNode>,
}

/// Trees of one layout, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) trees: Range<usize>,
    pub(super) layout: Layout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// All leaves are `height` levels below the root. The first tree begins at `start` in both `conditions` and `leaves`;
    /// each has `1 << height` of either. After the last there is as much as reading two times [`ABREAST`] more needs.
    Heaps { height: usize, start: usize },
    /// A tree whose root is `nodes[root]`, and which has all nodes up to the next root.
    Linked { root: usize },
}

/// A node of a tree that is not a heap.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkedNode {
    /// Of a split: the left child in `nodes`, which its sibling follows. Of a leaf: the bits of its value.
    pub(super) link: u32,
    pub(super) condition: u16,
    pub(super) leaf: bool,
}

impl Trees {
    /// Lays out trees of an ensemble; `condition` gives the number of the condition of a split.
    pub(super) fn new(ensemble: &Ensemble, trees: Range<usize>, condition: impl Fn(usize) -> u16) -> Self {
        let shapes: Vec<Shape> = trees.clone().map(|tree| shape(ensemble, tree)).collect();
        let mut laid_out = Self {
            groups: ensemble.tree_groups()[trees.clone()].to_vec(),
            ..Self::default()
        };
        let mut leaves = Vec::new();
        let mut tree = 0;
        while tree < shapes.len() {
            let (count, height) = heaps_abreast(&shapes[tree..]);
            if count == 0 {
                laid_out.push_linked(ensemble, tree, trees.start + tree, &condition);
                tree += 1;
                continue;
            }
            let start = leaves.len().next_multiple_of((1 << height).min(Lines::LENGTH));
            laid_out.push_run(tree..tree + count, height, start);
            leaves.resize(start + (count << height), 0.0);
            laid_out.conditions.resize(start + (count << height), NEVER);
            for (index, tree) in (tree..tree + count).enumerate() {
                let start = start + (index << height);
                let heap = (&mut laid_out.conditions[start..], &mut leaves[start..]);
                fill_heap(ensemble, trees.start + tree, height, &condition, heap);
            }
            tree += count;
        }
        laid_out.pad(&mut leaves);
        laid_out
    }

    /// Conditions of each tree of a run of heaps.
    pub(super) fn heaps(&self, run: &Run) -> impl Iterator<Item = &[u16]> {
        let (height, start, count) = match run.layout {
            Layout::Heaps { height, start } => (height, start, run.trees.len()),
            Layout::Linked { .. } => (0, 0, 0),
        };
        self.conditions[start..].chunks_exact(1 << height).take(count)
    }

    /// Begins a run of heaps, or goes on with the last.
    fn push_run(&mut self, trees: Range<usize>, height: usize, start: usize) {
        if let Some(last) = self.runs.last_mut()
            && let Layout::Heaps {
                height: last_height,
                start: last_start,
            } = last.layout
            && last_height == height
            && last_start + (last.trees.len() << height) == start
        {
            last.trees.end = trees.end;
            return;
        }
        let layout = Layout::Heaps { height, start };
        self.runs.push(Run { trees, layout });
    }

    fn push_linked(
        &mut self,
        ensemble: &Ensemble,
        index: usize,
        tree: usize,
        condition: impl Fn(usize) -> u16,
    ) {
        let range = ensemble.tree_nodes(tree);
        let root = self.nodes.len();
        self.runs.push(Run {
            trees: index..index + 1,
            layout: Layout::Linked { root },
        });
        for node in range.clone() {
            let flat = &ensemble.flat_nodes()[node];
            self.nodes.push(LinkedNode {
                link: match flat.is_leaf() {
                    true => flat.value.to_bits(),
                    false => (root + flat.left as usize - range.start) as u32,
                },
                condition: condition(node),
                leaf: flat.is_leaf(),
            });
        }
    }

    fn pad(&mut self, leaves: &mut Vec<f32>) {
        let height = self.runs.iter().map(|run| match run.layout {
            Layout::Heaps { height, .. } => height,
            Layout::Linked { .. } => 0,
        });
        let padding = (2 * ABREAST) << height.max().unwrap_or(0);
        let end = leaves.len() + padding;
        self.conditions.resize(end, NEVER);
        leaves.resize(end, 0.0);
        self.leaves = Lines::new(leaves);
    }
}

#[derive(Clone, Copy)]
struct Shape {
    /// Levels below the root.
    height: usize,
    leaves: usize,
}

impl Shape {
    fn fits_heap(&self, height: usize) -> bool {
        height <= LOW_HEIGHT || height <= MAX_HEAP_HEIGHT && 1 << height <= MOST_SPREAD * self.leaves
    }
}

/// How many of the first trees make heaps side by side, and of what height.
fn heaps_abreast(shapes: &[Shape]) -> (usize, usize) {
    let (mut count, mut height) = (0, 0);
    for shape in shapes.iter().take(ABREAST) {
        let higher = shape.height.max(height);
        if !shapes[..=count].iter().all(|shape| shape.fits_heap(higher)) {
            break;
        }
        (count, height) = (count + 1, higher);
    }
    (count, height)
}

fn shape(ensemble: &Ensemble, tree: usize) -> Shape {
    let nodes = &ensemble.flat_nodes()[ensemble.tree_nodes(tree)];
    // Nodes are in breadth-first order: a level ends where the one before had its last child.
    let (mut level_end, mut seen, mut height, mut leaves) = (1, 1, 0, 0);
    for (index, node) in nodes.iter().enumerate() {
        if index == level_end {
            (level_end, height) = (seen, height + 1);
        }
        if node.is_leaf() {
            leaves += 1;
        } else {
            seen += 2;
        }
    }
    Shape { height, leaves }
}

/// Writes the conditions and leaves of a tree. A leaf higher up is repeated in all places below it.
fn fill_heap(
    ensemble: &Ensemble,
    tree: usize,
    height: usize,
    condition: impl Fn(usize) -> u16,
    (conditions, leaves): (&mut [u16], &mut [f32]),
) {
    let range = ensemble.tree_nodes(tree);
    // Of each node, its parent being before it.
    let mut places = Vec::with_capacity(range.len());
    places.push(1_usize);
    for (index, node) in range.enumerate() {
        let (flat, place) = (&ensemble.flat_nodes()[node], places[index]);
        if flat.is_leaf() {
            let below = height - place.ilog2() as usize;
            let first = (place << below) - (1 << height);
            leaves[first..first + (1 << below)].fill(flat.value);
        } else {
            conditions[place] = condition(node);
            places.extend([2 * place, 2 * place + 1]);
        }
    }
}
