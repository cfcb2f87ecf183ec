//! Bits of rows that one instruction works on.

use std::mem::MaybeUninit;

use super::ROWS;
use super::answers::{Values, WINDOW};

/// Rows whose leaves are added at a time.
const TOGETHER: usize = 8;

/// Bits of `64 * WORDS` rows.
///
/// # Safety
/// Of all functions: the processor has the instructions, and pointers lead to as many words, bytes or floats as there are
/// rows.
pub(super) trait Lanes: Copy {
    const WORDS: usize;
    /// Whether there are registers enough for all of a tree of eight levels.
    const WHOLE_TREES: bool = false;

    /// Where a row of a block has its floats and bytes, such that bits and bytes are easily turned into one another: those
    /// of rows 0, 8, 16 and so on come first, then those of rows 1, 9, 17.
    #[inline(always)]
    fn position(row: usize) -> usize {
        let rows = 64 * Self::WORDS;
        row / rows * rows + row % 8 * (rows / 8) + row % rows / 8
    }

    unsafe fn load(from: *const u64) -> Self;
    unsafe fn store(self, to: *mut u64);
    unsafe fn none() -> Self;
    unsafe fn and(self, other: Self) -> Self;
    unsafe fn or(self, other: Self) -> Self;
    /// The rows that `self` and `other` don't have.
    unsafe fn neither(self, other: Self) -> Self;
    /// The rows of `self` that `other` doesn't have.
    unsafe fn without(self, other: Self) -> Self;
    /// The rows of `right` where the condition is met, those of `left` where it isn't.
    unsafe fn choose(condition: Self, left: Self, right: Self) -> Self;
    /// Swaps the upper halves of groups of `2 * SHIFT` bits of `low` with the lower halves of those of `high`. `SHIFT` is
    /// 1, 2 or 4.
    unsafe fn exchange<const SHIFT: i32>(low: Self, high: Self) -> (Self, Self);

    /// The rows of `self`, and those that both others have.
    #[inline(always)]
    unsafe fn or_both(self, first: Self, second: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { self.or(first.and(second)) }
    }

    /// Bit `b` of a row's byte becomes its bit of `planes[b]`.
    #[inline(always)]
    unsafe fn bytes(planes: &[Self; 8], bytes: *mut u8) {
        // SAFETY: as the caller promises.
        unsafe {
            for (index, rows) in transposed(*planes).into_iter().enumerate() {
                rows.store(bytes.cast::<u64>().add(index * Self::WORDS));
            }
        }
    }

    /// A row's bit of plane `b` becomes bit `b` of its byte.
    #[inline(always)]
    unsafe fn planes(bytes: *const u8) -> [Self; 8] {
        // SAFETY: as the caller promises.
        unsafe {
            let mut rows = [Self::none(); 8];
            for (index, rows) in rows.iter_mut().enumerate() {
                *rows = Self::load(bytes.cast::<u64>().add(index * Self::WORDS));
            }
            transposed(rows)
        }
    }

    /// Adds to each row's margin its leaf, the bits of whose index are in `planes`.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    unsafe fn add_leaves(planes: &[Self; 8], leaves: *const f32, margins: *mut f32) {
        let mut indices = MaybeUninit::<[u8; ROWS]>::uninit();
        // SAFETY: as the caller promises; there are leaves for all indices.
        unsafe {
            let indices = indices.as_mut_ptr().cast::<u8>();
            Self::bytes(planes, indices);
            for row in (0..64 * Self::WORDS).step_by(TOGETHER) {
                let mut values = [0.0; TOGETHER];
                for (index, value) in values.iter_mut().enumerate() {
                    *value = *leaves.add(usize::from(*indices.add(row + index)));
                }
                let margins = margins.add(row).cast::<[f32; TOGETHER]>();
                for (value, margin) in values.iter_mut().zip(*margins) {
                    *value += margin;
                }
                *margins = values;
            }
        }
    }

    /// Takes up to [`WINDOW`] features from `first` on out of rows. What there is no row for stays as it is.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    unsafe fn take(rows: &[f32], features: usize, first: usize, window: &mut [Values; WINDOW]) {
        let count = WINDOW.min(features - first);
        for (row, values) in rows.chunks_exact(features).enumerate() {
            for (column, value) in window.iter_mut().zip(&values[first..first + count]) {
                column.0[Self::position(row)] = *value;
            }
        }
    }
}

/// Bit `j` of each byte of the `i`-th vector becomes bit `i` of the same byte of the `j`-th.
///
/// # Safety
/// The processor has the instructions.
#[inline(always)]
unsafe fn transposed<L: Lanes>([a, b, c, d, e, f, g, h]: [L; 8]) -> [L; 8] {
    // SAFETY: as the caller promises.
    unsafe {
        let (a, e) = L::exchange::<4>(a, e);
        let (b, f) = L::exchange::<4>(b, f);
        let (c, g) = L::exchange::<4>(c, g);
        let (d, h) = L::exchange::<4>(d, h);
        let (a, c) = L::exchange::<2>(a, c);
        let (b, d) = L::exchange::<2>(b, d);
        let (e, g) = L::exchange::<2>(e, g);
        let (f, h) = L::exchange::<2>(f, h);
        let (a, b) = L::exchange::<1>(a, b);
        let (c, d) = L::exchange::<1>(c, d);
        let (e, f) = L::exchange::<1>(e, f);
        let (g, h) = L::exchange::<1>(g, h);
        [a, b, c, d, e, f, g, h]
    }
}
