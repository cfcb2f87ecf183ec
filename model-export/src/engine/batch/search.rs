//! Counting thresholds by a search of sixteen rows at a time.
//!
//! Invariant: a search takes as many steps as there are bits in the count, whatever the values.

use std::arch::x86_64::*;

use super::super::column::Numbers;
use super::answers::{Count, Counted};
use super::{ROWS, WORDS};

/// Levels of a search that fit one register each.
const SMALL_LEVELS: usize = 5;

/// Thresholds of a column in the order of a search from the middle.
///
/// The first level has one threshold, the next two and so on. The place of a threshold within its level has the outcome of
/// the first comparison as its lowest bit, that of the second as the next. Behind the last there are NaNs.
#[derive(Clone, Debug)]
pub(in super::super) struct SearchTable {
    levels: usize,
    /// One of each of the first five levels; then two, four and eight.
    registers: Box<[Register]>,
}

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Register([f32; 16]);

impl SearchTable {
    /// `sorted` has from 1 to 254 thresholds.
    pub(in super::super) fn new(sorted: &[f32]) -> Self {
        let levels = (sorted.len().ilog2() as usize + 1).max(SMALL_LEVELS - 1);
        let mut registers = Vec::new();
        for level in 0..levels {
            let first = registers.len();
            registers.resize(first + (1_usize << level).div_ceil(16), Register([f32::NAN; 16]));
            for place in 0..1_usize << level {
                // As many thresholds are below the value as the outcomes so far say.
                let below: usize = (0..level)
                    .map(|bit| (place >> bit & 1) << (levels - 1 - bit))
                    .sum();
                if let Some(threshold) = sorted.get(below + (1 << (levels - 1 - level)) - 1) {
                    registers[first + place / 16].0[place % 16] = *threshold;
                }
            }
        }
        Self {
            levels,
            registers: registers.into(),
        }
    }
}

/// By [`SearchTable`].
pub(super) struct Searched;

impl Count for Searched {
    #[inline(always)]
    unsafe fn count(numbers: &Numbers, values: &[f32; ROWS], counted: &mut Counted<'_>) {
        // SAFETY: as the caller promises.
        unsafe {
            match numbers.table.levels {
                4 => count::<4>(&numbers.table, values, counted),
                5 => count::<5>(&numbers.table, values, counted),
                6 => count::<6>(&numbers.table, values, counted),
                7 => count::<7>(&numbers.table, values, counted),
                _ => count::<8>(&numbers.table, values, counted),
            }
        }
    }
}

/// # Safety
/// The processor has the instructions; the table has so many levels.
#[inline(always)]
unsafe fn count<const LEVELS: usize>(table: &SearchTable, values: &[f32; ROWS], counted: &mut Counted<'_>) {
    const { assert!(ROWS == 64 * WORDS) };
    let registers = table.registers.as_ptr().cast::<__m512>();
    let missing = counted.missing.0.as_mut_ptr().cast::<u16>();
    let planes: [*mut u16; LEVELS] =
        std::array::from_fn(|level| counted.planes[LEVELS - 1 - level].0.as_mut_ptr().cast());
    for part in 0..ROWS / 16 {
        // SAFETY: as the caller promises.
        unsafe {
            let x = _mm512_loadu_ps(values.as_ptr().add(part * 16));
            *missing.add(part) = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(x, x);
            let mut place = _mm512_setzero_si512();
            let mut above = [0; LEVELS];
            for level in 0..LEVELS {
                let threshold = match level {
                    0 => _mm512_broadcastss_ps(_mm512_castps512_ps128(*registers)),
                    1..SMALL_LEVELS => _mm512_permutexvar_ps(place, *registers.add(level)),
                    5 => pair(registers.add(5), place),
                    6 => _mm512_mask_blend_ps(
                        above[5],
                        pair(registers.add(7), place),
                        pair(registers.add(9), place),
                    ),
                    _ => {
                        let (first, second) =
                            (pair(registers.add(11), place), pair(registers.add(13), place));
                        let (third, fourth) =
                            (pair(registers.add(15), place), pair(registers.add(17), place));
                        let low = _mm512_mask_blend_ps(above[5], first, second);
                        let high = _mm512_mask_blend_ps(above[5], third, fourth);
                        _mm512_mask_blend_ps(above[6], low, high)
                    }
                };
                above[level] = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(threshold, x);
                *planes[level].add(part) = above[level];
                place = _mm512_mask_or_epi32(place, above[level], place, _mm512_set1_epi32(1 << level));
            }
        }
    }
}

/// From two registers by the lower five bits of the place.
///
/// # Safety
/// The processor has the instructions, and there are two registers.
#[inline(always)]
unsafe fn pair(registers: *const __m512, place: __m512i) -> __m512 {
    // SAFETY: as the caller promises.
    unsafe { _mm512_permutex2var_ps(*registers, place, *registers.add(1)) }
}
