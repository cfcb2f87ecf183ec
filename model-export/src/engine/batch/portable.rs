//! Words of 64 rows.

use super::super::part::Shared;
use super::answers::OneByOne;
use super::block::Block;
use super::lanes::Lanes;
use super::{answers, trees};

pub(super) fn add(shared: &Shared, rows: &[f32], features: usize, block: &mut Block) {
    // SAFETY: every processor has these instructions.
    unsafe {
        answers::answer::<u64, OneByOne<u64>>(shared, rows, features, &mut block.met, &mut block.scratch);
        trees::add::<u64>(shared, rows.len() / features, &mut block.met, &mut block.margins);
    }
}

pub(super) fn position(row: usize) -> usize {
    u64::position(row)
}

impl Lanes for u64 {
    const WORDS: usize = 1;

    #[inline(always)]
    fn position(row: usize) -> usize {
        let byte = row % 64 / 8;
        let byte = if cfg!(target_endian = "big") {
            7 - byte
        } else {
            byte
        };
        row / 64 * 64 + row % 8 * 8 + byte
    }

    #[inline(always)]
    unsafe fn load(from: *const u64) -> Self {
        // SAFETY: as the caller promises.
        unsafe { from.read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u64) {
        // SAFETY: as the caller promises.
        unsafe { to.write_unaligned(self) }
    }

    #[inline(always)]
    unsafe fn none() -> Self {
        0
    }

    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        self & other
    }

    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        self | other
    }

    #[inline(always)]
    unsafe fn neither(self, other: Self) -> Self {
        !(self | other)
    }

    #[inline(always)]
    unsafe fn without(self, other: Self) -> Self {
        self & !other
    }

    #[inline(always)]
    unsafe fn choose(condition: Self, left: Self, right: Self) -> Self {
        left ^ (condition & (left ^ right))
    }

    #[inline(always)]
    unsafe fn exchange<const SHIFT: i32>(low: Self, high: Self) -> (Self, Self) {
        let mask = !0 / 0xff * [0x55, 0x33, 0x0f][SHIFT as usize / 2];
        let differ = (low >> SHIFT ^ high) & mask;
        (low ^ differ << SHIFT, high ^ differ)
    }
}
