//! 512 rows per instruction.

use std::arch::x86_64::*;

use super::super::part::Shared;
use super::answers::{Values, WINDOW};
use super::block::Block;
use super::lanes::Lanes;
use super::search::Searched;
use super::{answers, trees};

/// # Safety
/// The processor has the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,gfni,avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) unsafe fn add(shared: &Shared, rows: &[f32], features: usize, block: &mut Block) {
    // SAFETY: as the caller promises; blocks have room for all conditions and registers.
    unsafe {
        answers::answer::<__m512i, Searched>(shared, rows, features, &mut block.met, &mut block.scratch);
        trees::add::<__m512i>(shared, rows.len() / features, &mut block.met, &mut block.margins);
    }
}

pub(super) fn position(row: usize) -> usize {
    __m512i::position(row)
}

impl Lanes for __m512i {
    const WORDS: usize = 8;
    const WHOLE_TREES: bool = true;

    #[inline(always)]
    fn position(row: usize) -> usize {
        row
    }

    #[inline(always)]
    unsafe fn load(from: *const u64) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u64) {
        // SAFETY: as the caller promises.
        unsafe { _mm512_storeu_si512(to.cast(), self) }
    }

    #[inline(always)]
    unsafe fn none() -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm512_setzero_si512() }
    }

    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm512_and_si512(self, other) }
    }

    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm512_or_si512(self, other) }
    }

    #[inline(always)]
    unsafe fn neither(self, other: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm512_ternarylogic_epi64::<0x11>(self, self, other) }
    }

    #[inline(always)]
    unsafe fn without(self, other: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm512_andnot_si512(other, self) }
    }

    #[inline(always)]
    unsafe fn or_both(self, first: Self, second: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm512_ternarylogic_epi64::<0xf8>(self, first, second) }
    }

    #[inline(always)]
    unsafe fn choose(condition: Self, left: Self, right: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm512_ternarylogic_epi64::<0xca>(condition, right, left) }
    }

    #[inline(always)]
    unsafe fn exchange<const SHIFT: i32>(low: Self, high: Self) -> (Self, Self) {
        // SAFETY: as the caller promises.
        unsafe {
            let mask = _mm512_set1_epi8([0x55, 0x33, 0x0f][SHIFT as usize / 2]);
            let (count, shifted) = (_mm_cvtsi32_si128(SHIFT), low);
            let differ = _mm512_xor_si512(_mm512_srl_epi16(shifted, count), high);
            let differ = _mm512_and_si512(differ, mask);
            let low = _mm512_xor_si512(low, _mm512_sll_epi16(differ, count));
            (low, _mm512_xor_si512(high, differ))
        }
    }

    #[inline(always)]
    unsafe fn bytes(planes: &[Self; 8], bytes: *mut u8) {
        // SAFETY: as the caller promises.
        unsafe {
            for (word, rows) in rows_by_word(planes).into_iter().enumerate() {
                _mm512_storeu_si512(bytes.add(word * 64).cast(), rows);
            }
        }
    }

    #[inline(always)]
    unsafe fn add_leaves(planes: &[Self; 8], leaves: *const f32, margins: *mut f32) {
        // SAFETY: as the caller promises; there are leaves for all indices.
        unsafe {
            for (word, rows) in rows_by_word(planes).into_iter().enumerate() {
                let quarters = [
                    _mm512_castsi512_si128(rows),
                    _mm512_extracti32x4_epi32::<1>(rows),
                    _mm512_extracti32x4_epi32::<2>(rows),
                    _mm512_extracti32x4_epi32::<3>(rows),
                ];
                for (quarter, rows) in quarters.into_iter().enumerate() {
                    let values = _mm512_i32gather_ps::<4>(_mm512_cvtepu8_epi32(rows), leaves);
                    let margins = margins.add(word * 64 + quarter * 16);
                    _mm512_storeu_ps(margins, _mm512_add_ps(_mm512_loadu_ps(margins), values));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn take(rows: &[f32], features: usize, first: usize, window: &mut [Values; WINDOW]) {
        let count = WINDOW.min(features - first);
        let present = (u32::MAX >> (u32::BITS as usize - count)) as u16;
        let mut parts = rows.chunks_exact(16 * features);
        let mut done = 0;
        for part in &mut parts {
            // SAFETY: as the caller promises; there are sixteen rows, of which no more is read than there is.
            unsafe {
                let part = part.as_ptr().add(first);
                let mut rows = [_mm512_setzero_ps(); 16];
                for (row, values) in rows.iter_mut().enumerate() {
                    *values = _mm512_maskz_loadu_ps(present, part.add(row * features));
                }
                for (values, column) in window.iter_mut().zip(transposed(rows)) {
                    _mm512_storeu_ps(values.0.as_mut_ptr().add(done), column);
                }
            }
            done += 16;
        }
        for (row, values) in parts.remainder().chunks_exact(features).enumerate() {
            for (column, value) in window.iter_mut().zip(&values[first..first + count]) {
                column.0[done + row] = *value;
            }
        }
    }
}

/// Swaps rows and columns.
///
/// # Safety
/// The processor has the instructions.
#[inline(always)]
unsafe fn transposed(rows: [__m512; 16]) -> [__m512; 16] {
    let mut columns = rows;
    // SAFETY: as the caller promises.
    unsafe {
        let mut fours = rows;
        for (fours, rows) in fours.chunks_exact_mut(4).zip(rows.chunks_exact(4)) {
            let low = _mm512_castps_pd(_mm512_unpacklo_ps(rows[0], rows[1]));
            let high = _mm512_castps_pd(_mm512_unpackhi_ps(rows[0], rows[1]));
            let next_low = _mm512_castps_pd(_mm512_unpacklo_ps(rows[2], rows[3]));
            let next_high = _mm512_castps_pd(_mm512_unpackhi_ps(rows[2], rows[3]));
            fours[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, next_low));
            fours[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, next_low));
            fours[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(high, next_high));
            fours[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(high, next_high));
        }
        // `fours[4 * i + j]` has columns j, 4 + j, 8 + j and 12 + j of four rows from 4 * i on.
        for j in 0..4 {
            let [a, b, c, d] = [fours[j], fours[4 + j], fours[8 + j], fours[12 + j]];
            let (even_ab, odd_ab) = (
                _mm512_shuffle_f32x4::<0x88>(a, b),
                _mm512_shuffle_f32x4::<0xdd>(a, b),
            );
            let (even_cd, odd_cd) = (
                _mm512_shuffle_f32x4::<0x88>(c, d),
                _mm512_shuffle_f32x4::<0xdd>(c, d),
            );
            columns[j] = _mm512_shuffle_f32x4::<0x88>(even_ab, even_cd);
            columns[4 + j] = _mm512_shuffle_f32x4::<0x88>(odd_ab, odd_cd);
            columns[8 + j] = _mm512_shuffle_f32x4::<0xdd>(even_ab, even_cd);
            columns[12 + j] = _mm512_shuffle_f32x4::<0xdd>(odd_ab, odd_cd);
        }
    }
    columns
}

/// The bytes of the 64 rows of each word, bit `b` of which is the row's bit of plane `b`.
///
/// # Safety
/// The processor has the instructions.
#[inline(always)]
unsafe fn rows_by_word(planes: &[__m512i; 8]) -> [__m512i; 8] {
    // SAFETY: as the caller promises.
    unsafe {
        let [a, b, c, d, e, f, g, h] = *planes;
        let [even_ab, even_cd, even_ef, even_gh] = [
            _mm512_unpacklo_epi64(a, b),
            _mm512_unpacklo_epi64(c, d),
            _mm512_unpacklo_epi64(e, f),
            _mm512_unpacklo_epi64(g, h),
        ];
        let [odd_ab, odd_cd, odd_ef, odd_gh] = [
            _mm512_unpackhi_epi64(a, b),
            _mm512_unpackhi_epi64(c, d),
            _mm512_unpackhi_epi64(e, f),
            _mm512_unpackhi_epi64(g, h),
        ];
        let [word_0, word_2, word_4, word_6] = every_second_word(even_ab, even_cd, even_ef, even_gh);
        let [word_1, word_3, word_5, word_7] = every_second_word(odd_ab, odd_cd, odd_ef, odd_gh);
        [
            bytes_of_rows(word_0),
            bytes_of_rows(word_1),
            bytes_of_rows(word_2),
            bytes_of_rows(word_3),
            bytes_of_rows(word_4),
            bytes_of_rows(word_5),
            bytes_of_rows(word_6),
            bytes_of_rows(word_7),
        ]
    }
}

/// From four words of pairs of planes to four times a word of all planes.
///
/// # Safety
/// The processor has the instructions.
#[inline(always)]
unsafe fn every_second_word(ab: __m512i, cd: __m512i, ef: __m512i, gh: __m512i) -> [__m512i; 4] {
    // SAFETY: as the caller promises.
    unsafe {
        let first_and_third = [
            _mm512_shuffle_i64x2::<0x88>(ab, cd),
            _mm512_shuffle_i64x2::<0x88>(ef, gh),
        ];
        let second_and_fourth = [
            _mm512_shuffle_i64x2::<0xdd>(ab, cd),
            _mm512_shuffle_i64x2::<0xdd>(ef, gh),
        ];
        [
            _mm512_shuffle_i64x2::<0x88>(first_and_third[0], first_and_third[1]),
            _mm512_shuffle_i64x2::<0x88>(second_and_fourth[0], second_and_fourth[1]),
            _mm512_shuffle_i64x2::<0xdd>(first_and_third[0], first_and_third[1]),
            _mm512_shuffle_i64x2::<0xdd>(second_and_fourth[0], second_and_fourth[1]),
        ]
    }
}

/// From a word of each of eight planes to a byte of each of 64 rows.
///
/// # Safety
/// The processor has the instructions.
#[inline(always)]
unsafe fn bytes_of_rows(words: __m512i) -> __m512i {
    // SAFETY: as the caller promises.
    unsafe {
        let order = _mm512_load_si512((&raw const BYTES_OF_ROWS.0).cast());
        let matrices = _mm512_permutexvar_epi8(order, words);
        // Times the unit matrix, which turns a matrix whose rows are in reverse order into its transpose.
        let unit = _mm512_set1_epi64(i64::from_le_bytes([1, 2, 4, 8, 16, 32, 64, 128]));
        _mm512_gf2p8affine_epi64_epi8::<0>(unit, matrices)
    }
}

/// From eight bytes of each of eight planes to eight planes of each of eight bytes, the last plane first.
static BYTES_OF_ROWS: Order = {
    let mut order = [0; 64];
    let mut index = 0;
    while index < 64 {
        let (byte, plane) = (index / 8, 7 - index % 8);
        order[index] = (plane * 8 + byte) as u8;
        index += 1;
    }
    Order(order)
};

#[repr(C, align(64))]
struct Order([u8; 64]);
