//! Four blocks at a time with 512-bit byte permutations.

use std::arch::x86_64::*;

use super::super::super::blocks::{Block, Blocks, Slots, Tops, turns};
use super::super::super::layout::ABREAST;
use super::super::super::part::Shared;
use super::Compare;

/// # Safety
/// The processor has the instructions; `blocks` are those of the part.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(in super::super) unsafe fn add_row(
    shared: &Shared,
    blocks: &Blocks,
    features: &[f32],
    margins: &mut [f32],
) {
    // SAFETY: as the caller promises.
    unsafe { super::add_row::<Table>(shared, blocks, features, margins) }
}

struct Table {
    low: __m512i,
    high: __m512i,
}

impl Compare for Table {
    #[inline(always)]
    unsafe fn new(slots: &Slots, _: usize) -> Self {
        // SAFETY: slots are 128 aligned bytes.
        unsafe {
            let [low, high] = *(&raw const slots.0).cast::<[__m512i; 2]>();
            Self { low, high }
        }
    }

    #[inline(always)]
    unsafe fn through_tops(&self, tops: *const Tops) -> [usize; ABREAST] {
        // SAFETY: tops are three times 64 aligned bytes.
        unsafe {
            let [slots, less, least] = *tops.cast::<[__m512i; 3]>();
            self.turns(slots, less, least)
        }
    }

    #[inline(always)]
    unsafe fn through_blocks(&self, [a, b, c, d]: [*const Block; ABREAST]) -> [usize; ABREAST] {
        // SAFETY: a block is three times 16 aligned bytes.
        unsafe {
            let [a_slots, a_less, a_least] = *a.cast::<[__m128i; 3]>();
            let [b_slots, b_less, b_least] = *b.cast::<[__m128i; 3]>();
            let [c_slots, c_less, c_least] = *c.cast::<[__m128i; 3]>();
            let [d_slots, d_less, d_least] = *d.cast::<[__m128i; 3]>();
            self.turns(
                joined(a_slots, b_slots, c_slots, d_slots),
                joined(a_less, b_less, c_less, d_less),
                joined(a_least, b_least, c_least, d_least),
            )
        }
    }

    #[inline(always)]
    unsafe fn through(&self, block: &Block) -> usize {
        // SAFETY: a block is three times 16 aligned bytes.
        unsafe {
            let [slots, less, least] = *(&raw const *block).cast::<[__m128i; 3]>();
            let slots = _mm512_castsi128_si512(slots);
            let (less, least) = (_mm512_castsi128_si512(less), _mm512_castsi128_si512(least));
            turns(usize::from(self.met(slots, less, least) as u16))
        }
    }
}

impl Table {
    /// Which nodes of four blocks are met.
    #[inline(always)]
    unsafe fn met(&self, slots: __m512i, less: __m512i, least: __m512i) -> u64 {
        // SAFETY: the processor has the instructions.
        unsafe {
            let bytes = _mm512_permutex2var_epi8(self.low, slots, self.high);
            _mm512_cmpge_epu8_mask(_mm512_sub_epi8(bytes, less), least)
        }
    }

    /// The turns through four blocks.
    #[inline(always)]
    unsafe fn turns(&self, slots: __m512i, less: __m512i, least: __m512i) -> [usize; ABREAST] {
        // SAFETY: the processor has the instructions; the last place of a block is never met.
        unsafe {
            let met = self.met(slots, less, least);
            [
                turns(usize::from(met as u16)),
                turns(usize::from((met >> 16) as u16)),
                turns(usize::from((met >> 32) as u16)),
                turns(usize::from((met >> 48) as u16)),
            ]
        }
    }
}

#[inline(always)]
unsafe fn joined(a: __m128i, b: __m128i, c: __m128i, d: __m128i) -> __m512i {
    // SAFETY: the processor has the instructions.
    unsafe {
        let low = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(a), b);
        let high = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(c), d);
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
    }
}
