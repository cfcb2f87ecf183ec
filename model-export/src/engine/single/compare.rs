//! Trees compared with a row a block at a time.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) mod simd128;
mod slots;

use super::super::blocks::{Block, Blocks, Exit, LEVELS, LinkedBlock, NODES, Slots, Tops, upper_levels};
use super::super::layout::{ABREAST, Layout};
use super::super::part::Shared;

/// A row's bytes, ready to be compared with.
///
/// # Safety
/// Of all its functions: the processor has the instructions, and blocks can be read.
trait Compare: Sized {
    /// `used` slots are in use.
    unsafe fn new(slots: &Slots, used: usize) -> Self;
    /// The turns through several blocks.
    unsafe fn through_tops(&self, tops: *const Tops) -> [usize; ABREAST];
    /// The turns through several blocks.
    unsafe fn through_blocks(&self, blocks: [*const Block; ABREAST]) -> [usize; ABREAST];
    /// The turns through a block.
    unsafe fn through(&self, block: &Block) -> usize;
}

/// Adds the leaves that a row reaches to the margins of their groups.
///
/// # Safety
/// The processor has the instructions of `C`; `blocks` are those of the part.
#[inline(always)]
unsafe fn add_row<C: Compare>(shared: &Shared, blocks: &Blocks, features: &[f32], margins: &mut [f32]) {
    let trees = &shared.trees;
    let slots = Slots::new(&shared.columns, features);
    // SAFETY: as the caller promises.
    unsafe {
        let compare = C::new(&slots, blocks.used);
        for (run, start) in trees.runs.iter().zip(&blocks.starts) {
            let groups = &trees.groups[run.trees.clone()];
            match run.layout {
                Layout::Heaps {
                    height,
                    start: leaves,
                } => {
                    let heaps = Heaps {
                        tops: blocks.tops[start.tops..].as_ptr(),
                        lower: blocks.lower[start.lower..].as_ptr(),
                        leaves: trees.leaves[leaves..].as_ptr(),
                        height,
                    };
                    match height > LEVELS {
                        true => heaps.add::<C, true>(&compare, groups, margins),
                        false => heaps.add::<C, false>(&compare, groups, margins),
                    }
                }
                Layout::Linked { .. } => {
                    margins[usize::from(groups[0])] += linked(&compare, &blocks.linked, start.linked);
                }
            }
        }
    }
}

/// The leaf that a row reaches in a tree that is not a heap.
///
/// # Safety
/// As of [`add_row`].
#[inline(always)]
unsafe fn linked<C: Compare>(compare: &C, blocks: &[LinkedBlock], first: usize) -> f32 {
    let mut block = &blocks[first];
    loop {
        // SAFETY: as the caller promises.
        match block.exits[unsafe { compare.through(&block.block) }] {
            Exit::Leaf(value) => return value,
            Exit::Block(next) => block = &blocks[next as usize],
        }
    }
}

/// Where the next heaps of a run are.
struct Heaps {
    tops: *const Tops,
    lower: *const Block,
    leaves: *const f32,
    height: usize,
}

impl Heaps {
    /// Adds the leaves that a row reaches to the margins of their groups. While the lower blocks of some trees are compared,
    /// those of the next are on their way from memory.
    ///
    /// # Safety
    /// As of [`add_row`]; the run has as many trees as there are groups, and room for reading as many as are abreast two
    /// times more.
    #[inline(always)]
    unsafe fn add<C: Compare, const HIGH: bool>(mut self, compare: &C, groups: &[u16], margins: &mut [f32]) {
        // SAFETY: as the caller promises.
        unsafe {
            let mut ahead = self.ahead::<C, HIGH>(compare);
            // A single margin stays in a register.
            let single = margins.len() == 1;
            let mut sum = margins[0];
            for groups in groups.chunks(ABREAST) {
                let now = ahead;
                ahead = self.ahead::<C, HIGH>(compare);
                let values = now.values::<C, HIGH>(compare);
                if !single {
                    for (value, group) in values.iter().zip(groups) {
                        margins[usize::from(*group)] += value;
                    }
                } else if groups.len() == ABREAST {
                    for value in values {
                        sum += value;
                    }
                } else {
                    for value in &values[..groups.len()] {
                        sum += value;
                    }
                }
            }
            if single {
                margins[0] = sum;
            }
        }
    }

    /// Goes through the upper blocks of the next trees.
    ///
    /// # Safety
    /// As of [`Heaps::add`].
    #[inline(always)]
    unsafe fn ahead<C: Compare, const HIGH: bool>(&mut self, compare: &C) -> Ahead {
        // SAFETY: as the caller promises; turns are below the number of lower blocks of a tree, or of its leaves.
        unsafe {
            let turns = compare.through_tops(self.tops);
            self.tops = self.tops.add(1);
            let mut ahead = Ahead {
                blocks: [self.lower; ABREAST],
                leaves: [self.leaves; ABREAST],
            };
            for (tree, turns) in turns.into_iter().enumerate() {
                if HIGH {
                    ahead.blocks[tree] = self.lower.add(turns);
                    ahead.leaves[tree] = self.leaves.add(turns * NODES);
                    // Reads bring the lines in.
                    std::ptr::read_volatile(ahead.blocks[tree].cast::<u8>());
                    std::ptr::read_volatile(ahead.leaves[tree]);
                    self.lower = self.lower.add(1 << upper_levels(self.height));
                } else {
                    ahead.leaves[tree] = self.leaves.add(turns);
                }
                self.leaves = self.leaves.add(1 << self.height);
            }
            ahead
        }
    }
}

/// Trees whose upper blocks a row has gone through.
#[derive(Clone, Copy)]
struct Ahead {
    /// The lower blocks it has reached.
    blocks: [*const Block; ABREAST],
    /// The leaves below them; without lower blocks, the leaves it has reached.
    leaves: [*const f32; ABREAST],
}

impl Ahead {
    /// The leaves that the row reaches.
    ///
    /// # Safety
    /// As of [`Heaps::add`].
    #[inline(always)]
    unsafe fn values<C: Compare, const HIGH: bool>(self, compare: &C) -> [f32; ABREAST] {
        // SAFETY: as the caller promises.
        unsafe {
            if !HIGH {
                return self.leaves.map(|leaf| *leaf);
            }
            let turns = compare.through_blocks(self.blocks);
            std::array::from_fn(|tree| *self.leaves[tree].add(turns[tree]))
        }
    }
}
