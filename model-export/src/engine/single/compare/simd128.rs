//! One block at a time with 128-bit instructions of WebAssembly.

use std::arch::wasm32::*;

use super::super::super::blocks::{Block, Blocks, Slots, Tops};
use super::super::super::layout::{ABREAST, Trees};
use super::Compare;

/// # Safety
/// `blocks` are those of `trees`.
pub(in super::super) unsafe fn add_row(trees: &Trees, blocks: &Blocks, slots: &Slots, margins: &mut [f32]) {
    // SAFETY: as the caller promises.
    unsafe {
        match blocks.used.div_ceil(16) {
            0..=3 => super::add_row::<Table<3>>(trees, blocks, slots, margins),
            4..=5 => super::add_row::<Table<5>>(trees, blocks, slots, margins),
            _ => super::add_row::<Table<8>>(trees, blocks, slots, margins),
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
    unsafe fn tops(&self, tops: *const Tops) -> [usize; ABREAST] {
        // SAFETY: tops are twelve times 16 bytes.
        let load = |index: usize| unsafe { v128_load(tops.cast::<v128>().add(index)) };
        std::array::from_fn(|tree| self.met(load(tree), load(ABREAST + tree), load(2 * ABREAST + tree)))
    }

    #[inline(always)]
    unsafe fn blocks(&self, blocks: [*const Block; ABREAST]) -> [usize; ABREAST] {
        // SAFETY: as the caller promises.
        blocks.map(|block| unsafe { self.block(&*block) })
    }

    #[inline(always)]
    unsafe fn block(&self, block: &Block) -> usize {
        // SAFETY: a block is three times 16 bytes.
        let load = |index: usize| unsafe { v128_load((&raw const *block).cast::<v128>().add(index)) };
        self.met(load(0), load(1), load(2))
    }
}

impl<const TABLES: usize> Table<TABLES> {
    #[inline(always)]
    fn met(&self, mut slots: v128, less: v128, least: v128) -> usize {
        let mut bytes = u8x16_swizzle(self.0[0], slots);
        for table in &self.0[1..] {
            slots = u8x16_sub(slots, u8x16_splat(16));
            bytes = v128_or(bytes, u8x16_swizzle(*table, slots));
        }
        usize::from(u8x16_bitmask(u8x16_ge(u8x16_sub(bytes, less), least)))
    }
}
