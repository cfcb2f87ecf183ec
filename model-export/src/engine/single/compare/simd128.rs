//! One block at a time with 128-bit instructions of WebAssembly.

use std::arch::wasm32::*;

use super::super::super::blocks::{Block, Blocks, Slots, Tops, turns};
use super::super::super::layout::ABREAST;
use super::super::super::part::Shared;
use super::Compare;

/// # Safety
/// `blocks` are those of the part.
pub(in super::super) unsafe fn add_row(
    shared: &Shared,
    blocks: &Blocks,
    features: &[f32],
    margins: &mut [f32],
) {
    // SAFETY: as the caller promises.
    unsafe {
        match blocks.used.div_ceil(16) {
            0..=3 => super::add_row::<Table<3>>(shared, blocks, features, margins),
            4..=5 => super::add_row::<Table<5>>(shared, blocks, features, margins),
            _ => super::add_row::<Table<8>>(shared, blocks, features, margins),
        }
    }
}

/// Tables of 16 slots.
struct Table<const TABLES: usize>([v128; TABLES]);

impl<const TABLES: usize> Compare for Table<TABLES> {
    #[inline(always)]
    unsafe fn new(slots: &Slots, _: usize) -> Self {
        let table = |index: usize| slots.0[16 * index..].as_ptr().cast();
        // SAFETY: there are 128 slots.
        Self(std::array::from_fn(|index| unsafe { v128_load(table(index)) }))
    }

    #[inline(always)]
    unsafe fn through_tops(&self, tops: *const Tops) -> [usize; ABREAST] {
        // SAFETY: tops are twelve times 16 bytes.
        let load = |index: usize| unsafe { v128_load(tops.cast::<v128>().add(index)) };
        std::array::from_fn(|tree| self.turns(load(tree), load(ABREAST + tree), load(2 * ABREAST + tree)))
    }

    #[inline(always)]
    unsafe fn through_blocks(&self, blocks: [*const Block; ABREAST]) -> [usize; ABREAST] {
        // SAFETY: as the caller promises.
        blocks.map(|block| unsafe { self.through(&*block) })
    }

    #[inline(always)]
    unsafe fn through(&self, block: &Block) -> usize {
        // SAFETY: a block is three times 16 bytes.
        let load = |index: usize| unsafe { v128_load((&raw const *block).cast::<v128>().add(index)) };
        self.turns(load(0), load(1), load(2))
    }
}

impl<const TABLES: usize> Table<TABLES> {
    /// The turns through a block.
    #[inline(always)]
    fn turns(&self, mut slots: v128, less: v128, least: v128) -> usize {
        let mut bytes = u8x16_swizzle(self.0[0], slots);
        for table in &self.0[1..] {
            slots = u8x16_sub(slots, u8x16_splat(16));
            bytes = v128_or(bytes, u8x16_swizzle(*table, slots));
        }
        let met = u8x16_bitmask(u8x16_ge(u8x16_sub(bytes, less), least));
        // SAFETY: the last place of a block is never met.
        unsafe { turns(usize::from(met)) }
    }
}
