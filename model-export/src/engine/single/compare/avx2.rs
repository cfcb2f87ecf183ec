//! Two blocks at a time with 256-bit shuffles.

use std::arch::x86_64::*;

use super::super::super::blocks::{Block, Blocks, Slots, Tops, turns};
use super::super::super::layout::ABREAST;
use super::super::super::part::Shared;
use super::Compare;

/// # Safety
/// The processor has the instructions; `blocks` are those of the part.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
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
    slots: [__m128i; 8],
    /// Tables of 16 slots that are in use.
    used: usize,
}

impl Compare for Table {
    #[inline(always)]
    unsafe fn new(slots: &Slots, used: usize) -> Self {
        Self {
            // SAFETY: slots are 128 aligned bytes.
            slots: unsafe { *(&raw const slots.0).cast::<[__m128i; 8]>() },
            used: used.div_ceil(16),
        }
    }

    #[inline(always)]
    unsafe fn through_tops(&self, tops: *const Tops) -> [usize; ABREAST] {
        // SAFETY: tops are six times 32 aligned bytes.
        unsafe {
            let [ab_slots, cd_slots, ab_less, cd_less, ab_least, cd_least] = *tops.cast::<[__m256i; 6]>();
            let [a, b] = self.turns(ab_slots, ab_less, ab_least);
            let [c, d] = self.turns(cd_slots, cd_less, cd_least);
            [a, b, c, d]
        }
    }

    #[inline(always)]
    unsafe fn through_blocks(&self, [a, b, c, d]: [*const Block; ABREAST]) -> [usize; ABREAST] {
        // SAFETY: as the caller promises.
        unsafe {
            let ([a, b], [c, d]) = (self.pair(a, b), self.pair(c, d));
            [a, b, c, d]
        }
    }

    #[inline(always)]
    unsafe fn through(&self, block: &Block) -> usize {
        // SAFETY: as the caller promises.
        unsafe { self.pair(block, block)[0] }
    }
}

impl Table {
    #[inline(always)]
    unsafe fn pair(&self, a: *const Block, b: *const Block) -> [usize; 2] {
        // SAFETY: a block is three times 16 aligned bytes.
        unsafe {
            let [a_slots, a_less, a_least] = *a.cast::<[__m128i; 3]>();
            let [b_slots, b_less, b_least] = *b.cast::<[__m128i; 3]>();
            self.turns(
                _mm256_set_m128i(b_slots, a_slots),
                _mm256_set_m128i(b_less, a_less),
                _mm256_set_m128i(b_least, a_least),
            )
        }
    }

    /// The turns through two blocks.
    #[inline(always)]
    unsafe fn turns(&self, mut slots: __m256i, less: __m256i, least: __m256i) -> [usize; 2] {
        // SAFETY: the processor has the instructions; the last place of a block is never met.
        unsafe {
            let mut bytes = _mm256_setzero_si256();
            for table in self.slots.iter().take(self.used) {
                // Slots of other tables get their highest bit set, which gives 0.
                let here = _mm256_adds_epu8(slots, _mm256_set1_epi8(0x70));
                let table = _mm256_broadcastsi128_si256(*table);
                bytes = _mm256_or_si256(bytes, _mm256_shuffle_epi8(table, here));
                slots = _mm256_sub_epi8(slots, _mm256_set1_epi8(16));
            }
            let bytes = _mm256_sub_epi8(bytes, less);
            let met = _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, least), bytes);
            let met = _mm256_movemask_epi8(met) as u32 as usize;
            [turns(met & 0xffff), turns(met >> 16)]
        }
    }
}
