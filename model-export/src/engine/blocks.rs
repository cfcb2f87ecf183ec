//! Trees as blocks of four levels, all fifteen nodes of which are compared with a row at a time.
//!
//! Invariant: the turns through a block are those that its conditions give one by one; place 15 of a block is never met.

#![allow(
    unsafe_code,
    reason = "tables indexed by no more bits than they have entries for"
)]

mod linked;
mod turns;

pub(super) use linked::{Exit, LinkedBlock};
pub(super) use turns::{LEVELS, NODES, turns};

use super::column::{Column, ColumnKind};
use super::layout::{ABREAST, Layout, Trees};

/// Bytes that a row may have.
pub(super) const SLOTS: usize = 128;

/// What a row is compared by. Of each column of numbers 0 where it is missing, else one more than its count of thresholds
/// at or below; of each set 1 where it has the value, else 0. Slot 0 is 0.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Slots(pub(super) [u8; SLOTS]);

/// Comparisons of nodes with a row's bytes.
///
/// A node is met when the byte in its slot, less `less` (0 wrapping to 255), is at least `least`: one more than a rank
/// where missing values go left; the rank where they go right, `less` being 1.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Comparisons<const NODES: usize> {
    pub(super) slots: [u8; NODES],
    pub(super) less: [u8; NODES],
    pub(super) least: [u8; NODES],
}

/// Four levels of one tree.
pub(super) type Block = Comparisons<NODES>;
/// The upper blocks of trees side by side.
pub(super) type Tops = Comparisons<{ NODES * ABREAST }>;

/// The trees of a part as blocks.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    /// By run of heaps: upper blocks of all trees, several side by side.
    ///
    /// Those of a heap of more than four levels have as many levels as are above the lower four. The levels of the block
    /// above them are never met, so that its turns count from the root of the tree on.
    pub(super) tops: Vec<Tops>,
    /// By run of heaps of more than four levels: lower blocks of each tree in turn, from left to right.
    pub(super) lower: Vec<Block>,
    /// Blocks of trees that aren't heaps.
    pub(super) linked: Vec<LinkedBlock>,
    /// Where the blocks of each run are.
    pub(super) starts: Vec<Start>,
    /// Slots in use.
    pub(super) used: usize,
}

/// Of heaps: where their upper and their lower blocks begin. Of a tree that isn't a heap: its first block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) tops: usize,
    pub(super) lower: usize,
    pub(super) linked: usize,
}

/// Slot, `less` and `least` of a condition.
type Comparison = [u8; 3];

impl Blocks {
    /// `None` where a row would have more bytes than there are slots.
    pub(super) fn new(columns: &[Column], trees: &Trees) -> Option<Self> {
        let (comparisons, used) = comparisons(columns)?;
        let mut blocks = Self {
            tops: Vec::new(),
            lower: Vec::new(),
            linked: Vec::new(),
            starts: Vec::with_capacity(trees.runs.len()),
            used,
        };
        let mut highest = 0;
        for run in &trees.runs {
            blocks.starts.push(Start {
                tops: blocks.tops.len(),
                lower: blocks.lower.len(),
                linked: blocks.linked.len(),
            });
            match run.layout {
                Layout::Heaps { height, .. } => {
                    for (index, heap) in trees.heaps(run).enumerate() {
                        blocks.push_heap(index, heap, height, &comparisons);
                    }
                    highest = highest.max(height);
                }
                Layout::Linked { root } => linked::push(&mut blocks.linked, &trees.nodes, root, &comparisons),
            }
        }
        // As trees have it: room for reading two times as many as are side by side.
        blocks.tops.extend([Tops::NEVER; 2]);
        let end = blocks.lower.len() + ((2 * ABREAST) << upper_levels(highest));
        blocks.lower.resize(end, Block::NEVER);
        Some(blocks)
    }

    fn push_heap(&mut self, index: usize, heap: &[u16], height: usize, comparisons: &[Comparison]) {
        let side = index % ABREAST;
        if side == 0 {
            self.tops.push(Tops::NEVER);
        }
        let upper = upper_levels(height);
        let levels = if upper == 0 { height } else { upper };
        if let Some(tops) = self.tops.last_mut() {
            for node in 1_usize..1 << levels {
                // The root of the tree is the leftmost node of its level of the block.
                let level = node.ilog2() as usize;
                let place = node + (1 << (LEVELS - levels + level)) - (1 << level);
                tops.set(side * NODES + place - 1, comparisons[usize::from(heap[node])]);
            }
        }
        if upper == 0 {
            return;
        }
        for root in 1 << upper..2_usize << upper {
            let mut block = Block::NEVER;
            for place in 1..NODES {
                let level = place.ilog2();
                let node = (root << level) + place - (1 << level);
                block.set(place - 1, comparisons[usize::from(heap[node])]);
            }
            self.lower.push(block);
        }
    }
}

impl<const NODES: usize> Comparisons<NODES> {
    /// None of them met by any row.
    const NEVER: Self = Self {
        slots: [0; NODES],
        less: [0; NODES],
        least: [1; NODES],
    };

    fn set(&mut self, place: usize, [slot, less, least]: Comparison) {
        self.slots[place] = slot;
        self.less[place] = less;
        self.least[place] = least;
    }
}

/// Levels of a heap above its lower blocks.
pub(super) fn upper_levels(height: usize) -> usize {
    height.saturating_sub(LEVELS)
}

/// By condition of the part; and the number of slots.
fn comparisons(columns: &[Column]) -> Option<(Vec<Comparison>, usize)> {
    // Those that are the same of every row.
    let mut comparisons = vec![[0, 0, 1], [0, 0, 0]];
    let mut used = 1;
    for column in columns {
        match &column.kind {
            ColumnKind::Numbers(numbers) => {
                for (index, rank) in numbers.ranks.iter().enumerate() {
                    let less = u8::from(index >= numbers.missing_left);
                    comparisons.push([used as u8, less, rank + 1 - less]);
                }
                used += 1;
            }
            ColumnKind::Sets(sets) => {
                for slot in used..used + sets.count {
                    comparisons.push([slot as u8, 0, 1]);
                }
                used += sets.count;
            }
        }
        if used > SLOTS {
            return None;
        }
    }
    Some((comparisons, used))
}
