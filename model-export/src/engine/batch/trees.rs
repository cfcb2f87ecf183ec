//! From the conditions that rows meet to the leaves they reach.

use super::super::layout::{Layout, LinkedNode, Run, Trees};
use super::super::part::Shared;
use super::answers::words;
use super::lanes::Lanes;
use super::network::{
    Height1, Height2, Height3, Height4, Height5, Height6, Height7, Height8, Network, Stacked, Whole,
};
use super::{Bits, ROWS, WORDS};

/// Adds the leaf of every tree, in their order, to the margins of its group.
///
/// # Safety
/// The processor has the instructions of `L`. `met` has the rows that meet each condition of the part, and room for
/// the registers of its programs; there are margins of all groups.
#[inline(always)]
pub(super) unsafe fn add<L: Lanes>(
    shared: &Shared,
    rows: usize,
    met: &mut [Bits],
    margins: &mut [[f32; ROWS]],
) {
    let trees = &shared.trees;
    let mut programs = shared.programs().all.iter();
    for run in &trees.runs {
        // SAFETY: as the caller promises; the height is that of the trees.
        unsafe {
            match run.layout {
                Layout::Heaps { height, start } => {
                    let heaps = Heaps {
                        trees,
                        run,
                        height,
                        start,
                        words: words::<L>(rows),
                        met,
                        margins,
                    };
                    match height {
                        0 => heaps.add_leaf(),
                        1 => heaps.add::<L, Whole<Height1>>(),
                        2 => heaps.add::<L, Whole<Height2>>(),
                        3 => heaps.add::<L, Whole<Height3>>(),
                        4 => heaps.add::<L, Whole<Height4>>(),
                        5 if L::WHOLE_TREES => heaps.add::<L, Whole<Height5>>(),
                        5 => heaps.add::<L, Stacked<Height1>>(),
                        6 if L::WHOLE_TREES => heaps.add::<L, Whole<Height6>>(),
                        6 => heaps.add::<L, Stacked<Height2>>(),
                        7 if L::WHOLE_TREES => heaps.add::<L, Whole<Height7>>(),
                        7 => heaps.add::<L, Stacked<Height3>>(),
                        _ if L::WHOLE_TREES => heaps.add::<L, Whole<Height8>>(),
                        _ => heaps.add::<L, Stacked<Height4>>(),
                    }
                }
                Layout::Linked { root } => {
                    let margins = &mut margins[usize::from(trees.groups[run.trees.start])];
                    match programs.next() {
                        Some(Some(program)) => program.run::<L>(words::<L>(rows), met, margins),
                        _ => walk::<L>(&trees.nodes, root, met, margins),
                    }
                }
            }
        }
    }
}

/// Heaps of a run and the rows that go through them.
struct Heaps<'a> {
    trees: &'a Trees,
    run: &'a Run,
    height: usize,
    start: usize,
    words: usize,
    met: &'a [Bits],
    margins: &'a mut [[f32; ROWS]],
}

impl Heaps<'_> {
    /// Trees without a split.
    fn add_leaf(self) {
        for (tree, leaf) in self.run.trees.clone().zip(&self.trees.leaves[self.start..]) {
            for margin in &mut self.margins[usize::from(self.trees.groups[tree])] {
                *margin += leaf;
            }
        }
    }

    /// # Safety
    /// As of [`add`]; `N` is for trees of the run's height.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    unsafe fn add<L: Lanes, N: Network<L>>(self) {
        let Self {
            trees,
            run,
            height,
            start,
            words,
            met,
            margins,
        } = self;
        let conditions = trees.conditions[start..].chunks_exact(1 << height);
        let leaves = trees.leaves[start..].chunks_exact(1 << height);
        for ((tree, conditions), leaves) in run.trees.clone().zip(conditions).zip(leaves) {
            let margins = &mut margins[usize::from(trees.groups[tree])];
            // SAFETY: as the caller promises.
            unsafe {
                for word in (0..WORDS).step_by(L::WORDS) {
                    // Read from memory each time, which leaves a register for the network.
                    if L::WORDS < WORDS && word >= std::ptr::read_volatile(&raw const words) {
                        break;
                    }
                    let mut planes = [L::none(); 8];
                    N::turns(
                        conditions.as_ptr(),
                        met.as_ptr().cast::<u64>().add(word),
                        &mut planes,
                    );
                    L::add_leaves(&planes, leaves.as_ptr(), margins.as_mut_ptr().add(word * 64));
                }
            }
        }
    }
}

/// A tree too large for a program, row by row.
fn walk<L: Lanes>(nodes: &[LinkedNode], root: usize, met: &[Bits], margins: &mut [f32; ROWS]) {
    for row in 0..ROWS {
        let (word, bit) = (row / 64, row % 64);
        let mut node = nodes[root];
        while !node.leaf {
            let right = met[usize::from(node.condition)].0[word] >> bit & 1;
            node = nodes[node.link as usize + right as usize];
        }
        margins[L::position(row)] += f32::from_bits(node.link);
    }
}
