//! 128 rows per instruction of WebAssembly.

use std::arch::wasm32::*;

use super::super::column::Numbers;
use super::super::part::Shared;
use super::answers::{Count, Counted};
use super::block::Block;
use super::lanes::Lanes;
use super::{ROWS, answers, trees};

pub(super) fn add(shared: &Shared, rows: &[f32], features: usize, block: &mut Block) {
    // SAFETY: the module was built for these instructions; blocks have room for all conditions and registers.
    unsafe {
        answers::answer::<v128, FourByFour>(shared, rows, features, &mut block.met, &mut block.scratch);
        trees::add::<v128>(shared, rows.len() / features, &mut block.met, &mut block.margins);
    }
}

pub(super) fn position(row: usize) -> usize {
    v128::position(row)
}

struct FourByFour;

impl Count for FourByFour {
    unsafe fn count(numbers: &Numbers, values: &[f32; ROWS], counted: &mut Counted<'_>) {
        numbers.thresholds.at_or_below_all(values, counted.counts);
        for (index, (values, counts)) in values
            .chunks_exact(128)
            .zip(counted.counts.chunks_exact(128))
            .enumerate()
        {
            // SAFETY: there are 128 counts, and two words for them.
            unsafe {
                for (plane, rows) in counted.planes.iter_mut().zip(v128::planes(counts.as_ptr())) {
                    rows.store(plane.0[2 * index..].as_mut_ptr());
                }
                missing(values).store(counted.missing.0[2 * index..].as_mut_ptr());
            }
        }
    }
}

/// Which of 128 rows are missing.
#[inline(always)]
fn missing(values: &[f32]) -> v128 {
    let mut missing = u64x2_splat(0);
    for (bit, values) in values.chunks_exact(16).enumerate() {
        // SAFETY: there are sixteen values.
        let quarter = |index: usize| unsafe {
            let x = v128_load(values[4 * index..].as_ptr().cast());
            f32x4_ne(x, x)
        };
        let low = i16x8_narrow_i32x4(quarter(0), quarter(1));
        let high = i16x8_narrow_i32x4(quarter(2), quarter(3));
        let rows = v128_and(i8x16_narrow_i16x8(low, high), u8x16_splat(1 << bit));
        missing = v128_or(missing, rows);
    }
    missing
}

impl Lanes for v128 {
    const WORDS: usize = 2;

    #[inline(always)]
    unsafe fn load(from: *const u64) -> Self {
        // SAFETY: as the caller promises.
        unsafe { v128_load(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u64) {
        // SAFETY: as the caller promises.
        unsafe { v128_store(to.cast(), self) }
    }

    #[inline(always)]
    unsafe fn none() -> Self {
        u64x2_splat(0)
    }

    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        v128_and(self, other)
    }

    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        v128_or(self, other)
    }

    #[inline(always)]
    unsafe fn neither(self, other: Self) -> Self {
        v128_not(v128_or(self, other))
    }

    #[inline(always)]
    unsafe fn without(self, other: Self) -> Self {
        v128_andnot(self, other)
    }

    #[inline(always)]
    unsafe fn choose(condition: Self, left: Self, right: Self) -> Self {
        v128_bitselect(right, left, condition)
    }

    #[inline(always)]
    unsafe fn exchange<const SHIFT: i32>(low: Self, high: Self) -> (Self, Self) {
        let mask = u8x16_splat([0x55, 0x33, 0x0f][SHIFT as usize / 2]);
        let differ = v128_and(v128_xor(u16x8_shr(low, SHIFT as u32), high), mask);
        let low = v128_xor(low, u16x8_shl(differ, SHIFT as u32));
        (low, v128_xor(high, differ))
    }
}
