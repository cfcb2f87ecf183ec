//! Counting with 128-bit instructions of WebAssembly.

use std::arch::wasm32::*;

use super::{Buckets, Thresholds};

impl Thresholds {
    /// Thresholds at or below `x` among those from `first` on that are compared at a time.
    ///
    /// # Safety
    /// `first` is at most the number of thresholds.
    #[inline(always)]
    pub(super) unsafe fn compared(&self, first: usize, x: f32) -> usize {
        // SAFETY: the padding is as long as what is compared.
        let compared = unsafe { v128_load(self.padded.as_ptr().add(first).cast()) };
        i32x4_bitmask(f32x4_le(compared, f32x4_splat(x))).count_ones() as usize
    }

    /// [`Thresholds::at_or_below`] of many values. Both lengths are the same multiple of 4.
    pub(in super::super) fn at_or_below_all(&self, values: &[f32], counts: &mut [u8]) {
        let last = i32x4_splat(self.before.len() as i32 - 1);
        for (values, counts) in values.chunks_exact(4).zip(counts.chunks_exact_mut(4)) {
            // SAFETY: there are four values. NaN gets the lowest bucket.
            let x = f32x4_pmax(f32x4_splat(f32::NEG_INFINITY), unsafe {
                v128_load(values.as_ptr().cast())
            });
            let buckets = match self.buckets {
                Buckets::Linear { low, scale } => {
                    let place = f32x4_mul(f32x4_sub(x, f32x4_splat(low)), f32x4_splat(scale));
                    i32x4_max(i32x4_trunc_sat_f32x4(place), i32x4_splat(0))
                }
                Buckets::Logarithmic { low, shift } => {
                    let bits = f32x4_add(x, f32x4_splat(0.0));
                    let order = v128_xor(bits, v128_or(i32x4_shr(bits, 31), i32x4_splat(i32::MIN)));
                    let low = u32x4_splat(low);
                    u32x4_shr(u32x4_sub(u32x4_max(order, low), low), shift)
                }
                Buckets::None => {
                    for (x, count) in values.iter().zip(counts) {
                        *count = self.at_or_below(*x) as u8;
                    }
                    continue;
                }
            };
            let buckets = u32x4_min(buckets, last);
            // SAFETY: the buckets were cut off at the last.
            unsafe {
                counts[0] = self.in_bucket(i32x4_extract_lane::<0>(buckets), values[0]);
                counts[1] = self.in_bucket(i32x4_extract_lane::<1>(buckets), values[1]);
                counts[2] = self.in_bucket(i32x4_extract_lane::<2>(buckets), values[2]);
                counts[3] = self.in_bucket(i32x4_extract_lane::<3>(buckets), values[3]);
            }
        }
    }

    /// Thresholds at or below `x`, which is in a bucket.
    ///
    /// # Safety
    /// There is that bucket.
    #[inline(always)]
    unsafe fn in_bucket(&self, bucket: i32, x: f32) -> u8 {
        // SAFETY: as the caller promises; a bucket begins at a threshold or after the last.
        unsafe {
            let before = *self.before.get_unchecked(bucket as usize);
            before + self.compared(usize::from(before), x) as u8
        }
    }
}
