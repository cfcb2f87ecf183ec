//! 256 rows per instruction.

use std::arch::x86_64::*;

use super::super::part::Shared;
use super::block::Block;
use super::lanes::Lanes;
use super::{answers, trees};

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) unsafe fn add(shared: &Shared, rows: &[f32], features: usize, block: &mut Block) {
    // SAFETY: as the caller promises; blocks have room for all conditions and registers.
    unsafe {
        answers::answer::<__m256i, answers::OneByOne<__m256i>>(
            shared,
            rows,
            features,
            &mut block.met,
            &mut block.scratch,
        );
        trees::add::<__m256i>(shared, rows.len() / features, &mut block.met, &mut block.margins);
    }
}

pub(super) fn position(row: usize) -> usize {
    __m256i::position(row)
}

impl Lanes for __m256i {
    const WORDS: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const u64) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u64) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_si256(to.cast(), self) }
    }

    #[inline(always)]
    unsafe fn none() -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_setzero_si256() }
    }

    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_and_si256(self, other) }
    }

    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_or_si256(self, other) }
    }

    #[inline(always)]
    unsafe fn neither(self, other: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_andnot_si256(_mm256_or_si256(self, other), _mm256_set1_epi8(-1)) }
    }

    #[inline(always)]
    unsafe fn without(self, other: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_andnot_si256(other, self) }
    }

    #[inline(always)]
    unsafe fn choose(condition: Self, left: Self, right: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            _mm256_or_si256(
                _mm256_and_si256(condition, right),
                _mm256_andnot_si256(condition, left),
            )
        }
    }

    #[inline(always)]
    unsafe fn exchange<const SHIFT: i32>(low: Self, high: Self) -> (Self, Self) {
        // SAFETY: as the caller promises.
        unsafe {
            let mask = _mm256_set1_epi8([0x55, 0x33, 0x0f][SHIFT as usize / 2]);
            let differ = _mm256_and_si256(_mm256_xor_si256(_mm256_srli_epi16::<SHIFT>(low), high), mask);
            let low = _mm256_xor_si256(low, _mm256_slli_epi16::<SHIFT>(differ));
            (low, _mm256_xor_si256(high, differ))
        }
    }
}
