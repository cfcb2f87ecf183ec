//! Trees of any height as blocks that lead to one another.

use super::super::layout::LinkedNode;
use super::turns::{LEVELS, NODES};
use super::{Block, Comparison};

/// Four levels of a tree, and where each way through them leads.
#[derive(Clone, Debug)]
pub(in super::super) struct LinkedBlock {
    pub(in super::super) block: Block,
    pub(in super::super) exits: [Exit; NODES],
}

#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Exit {
    /// To a leaf of this value.
    Leaf(f32),
    /// To a block of the same tree, further on.
    Block(u32),
}

/// Appends the blocks of a tree, the root's first.
pub(super) fn push(
    blocks: &mut Vec<LinkedBlock>,
    nodes: &[LinkedNode],
    root: usize,
    comparisons: &[Comparison],
) {
    let first = blocks.len();
    // Of each block that is, or will be, there: its uppermost node.
    let mut roots = vec![root];
    let mut next = 0;
    while let Some(root) = roots.get(next).copied() {
        let mut linked = LinkedBlock {
            block: Block::NEVER,
            exits: [Exit::Leaf(0.0); NODES],
        };
        let mut reached = [None; 2 * NODES];
        reached[1] = Some(root);
        for place in 1..2 * NODES {
            let Some(index) = reached[place] else {
                continue;
            };
            let node = &nodes[index];
            if node.leaf {
                let below = LEVELS - place.ilog2() as usize;
                let exits = &mut linked.exits[(place << below) - NODES..][..1 << below];
                exits.fill(Exit::Leaf(f32::from_bits(node.link)));
            } else if place < NODES {
                linked
                    .block
                    .set(place - 1, comparisons[usize::from(node.condition)]);
                reached[2 * place] = Some(node.link as usize);
                reached[2 * place + 1] = Some(node.link as usize + 1);
            } else {
                linked.exits[place - NODES] = Exit::Block((first + roots.len()) as u32);
                roots.push(index);
            }
        }
        blocks.push(linked);
        next += 1;
    }
}
