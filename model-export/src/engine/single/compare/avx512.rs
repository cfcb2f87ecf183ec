//! Four blocks at a time with 512-bit byte permutations.

use std::arch::x86_64::*;

use super::super::super::blocks::{Block, Blocks, Slots, Tops};
use super::super::super::layout::{ABREAST, Trees};
use super::Compare;

/// # Safety
/// The processor has the instructions; `blocks` are those of `trees`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(in super::super) unsafe fn add_row(trees: &Trees, blocks: &Blocks, slots: &Slots, margins: &mut [f32]) {
    // SAFETY: as the caller promises.
    unsafe { super::add_row::<Table>(trees, blocks, slots, margins) }
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
    unsafe fn tops(&self, tops: *const Tops) -> [usize; ABREAST] {
        // SAFETY: tops are three times 64 aligned bytes.
        unsafe {
            let [slots, less, least] = *tops.cast::<[__m512i; 3]>();
            self.met(slots, less, least)
        }
    }

    #[inline(always)]
    unsafe fn blocks(&self, [a, b, c, d]: [*const Block; ABREAST]) -> [usize; ABREAST] {
        // SAFETY: a block is three times 16 aligned bytes.
        unsafe {
            let [a_slots, a_less, a_least] = *a.cast::<[__m128i; 3]>();
            let [b_slots, b_less, b_least] = *b.cast::<[__m128i; 3]>();
            let [c_slots, c_less, c_least] = *c.cast::<[__m128i; 3]>();
            let [d_slots, d_less, d_least] = *d.cast::<[__m128i; 3]>();
            self.met(
                joined(a_slots, b_slots, c_slots, d_slots),
                joined(a_less, b_less, c_less, d_less),
                joined(a_least, b_least, c_least, d_least),
            )
        }
    }

    #[inline(always)]
    unsafe fn block(&self, block: &Block) -> usize {
        // SAFETY: a block is three times 16 aligned bytes.
        unsafe {
            let [slots, less, least] = *(&raw const *block).cast::<[__m128i; 3]>();
            let [slots, less, least] = [
                _mm512_castsi128_si512(slots),
                _mm512_castsi128_si512(less),
                _mm512_castsi128_si512(least),
            ];
            self.met(slots, less, least)[0]
        }
    }
}

impl Table {
    #[inline(always)]
    unsafe fn met(&self, slots: __m512i, less: __m512i, least: __m512i) -> [usize; ABREAST] {
        // SAFETY: the processor has the instructions.
        let met = unsafe {
            let bytes = _mm512_permutex2var_epi8(self.low, slots, self.high);
            _mm512_cmpge_epu8_mask(_mm512_sub_epi8(bytes, less), least)
        };
        std::array::from_fn(|block| usize::from((met >> (16 * block)) as u16))
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
