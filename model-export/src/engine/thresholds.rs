//! How many of a feature's thresholds a value is at or above, in a few steps whatever their number.
//!
//! Invariant: the bucket of a number never falls as the number rises, so that only thresholds in the bucket of a value
//! need comparing with it.

#![allow(
    unsafe_code,
    reason = "buckets are cut off at the last, and no bucket has more thresholds than are padded"
)]

use crate::order::place;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

/// Thresholds that are counted at once, so that one more than their count fits a byte.
pub(super) const MAX_THRESHOLDS: usize = 254;
/// Thresholds that may share a bucket: as many as are compared at a time.
const COMPARED: usize = 4;
const MAX_BUCKETS: usize = 2048;

/// Sorted distinct thresholds of a feature.
#[derive(Clone, Debug)]
pub(super) struct Thresholds {
    /// Followed by NaNs, which no value is at or above.
    padded: Box<[f32]>,
    count: usize,
    buckets: Buckets,
    /// By bucket: how many thresholds are in buckets before it.
    before: Box<[u8]>,
}

/// How a number gets its bucket.
#[derive(Clone, Copy, Debug)]
enum Buckets {
    /// Of equal width.
    Linear { low: f32, scale: f32 },
    /// Of equal width in the order of floats, which is nearly logarithmic.
    Logarithmic { low: u32, shift: u32 },
    /// The thresholds are too uneven for either: search by halving.
    None,
}

impl Thresholds {
    /// `sorted` has from 1 to 254 numbers in ascending order.
    pub(super) fn new(sorted: &[f32]) -> Self {
        let mut padded = sorted.to_vec();
        let halved = 2 * sorted.len().next_power_of_two();
        padded.resize(halved.max(sorted.len() + COMPARED), f32::NAN);
        let mut thresholds = Self {
            padded: padded.into(),
            count: sorted.len(),
            buckets: Buckets::None,
            before: Box::default(),
        };
        thresholds.choose_buckets(sorted);
        thresholds
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Thresholds at or below `x`; 0 for NaN.
    #[inline(always)]
    pub(super) fn at_or_below(&self, x: f32) -> usize {
        let bucket = match self.buckets {
            Buckets::Linear { low, scale } => self.linear(x, low, scale),
            Buckets::Logarithmic { low, shift } => self.logarithmic(x, low, shift),
            Buckets::None => return self.halving(x),
        };
        // SAFETY: a bucket is cut off at the last.
        let before = usize::from(unsafe { *self.before.get_unchecked(bucket) });
        // SAFETY: there are `COMPARED` numbers from any threshold on.
        before + unsafe { self.compared(before, x) }
    }

    /// Thresholds at or below `x` among those from `first` on that are compared at a time.
    ///
    /// # Safety
    /// `first` is at most the number of thresholds.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    #[inline(always)]
    unsafe fn compared(&self, first: usize, x: f32) -> usize {
        // SAFETY: the padding is as long as what is compared.
        let compared = unsafe { self.padded.get_unchecked(first..first + COMPARED) };
        compared.iter().filter(|threshold| **threshold <= x).count()
    }

    /// The first bucket for NaN.
    #[inline(always)]
    fn linear(&self, x: f32, low: f32, scale: f32) -> usize {
        let (place, last) = ((x - low) * scale, self.before.len() - 1);
        // Converting in bounds is one instruction of most processors, and converting any float one of WebAssembly.
        if cfg!(target_arch = "wasm32") {
            return (place as i32).clamp(0, last as i32) as usize;
        }
        let place = if place > 0.0 { place } else { 0.0 };
        let place = if place < last as f32 { place } else { last as f32 };
        // SAFETY: it is from 0 to the last bucket.
        unsafe { place.to_int_unchecked::<i32>() as usize }
    }

    /// The first bucket for NaN.
    #[inline(always)]
    fn logarithmic(&self, x: f32, low: u32, shift: u32) -> usize {
        let x = if x.is_nan() { f32::NEG_INFINITY } else { x };
        ((place(x + 0.0).saturating_sub(low) >> shift) as usize).min(self.before.len() - 1)
    }

    fn halving(&self, x: f32) -> usize {
        let mut found = 0;
        let mut step = self.count.next_power_of_two();
        while step > 0 {
            found += if self.padded[found + step - 1] <= x {
                step
            } else {
                0
            };
            step /= 2;
        }
        found
    }

    /// The fewest buckets of either kind that have few enough thresholds each.
    fn choose_buckets(&mut self, sorted: &[f32]) {
        let (first, last) = (sorted[0], sorted[sorted.len() - 1]);
        let mut buckets = 1;
        while buckets <= MAX_BUCKETS {
            let scale = (buckets - 1) as f32 / (last - first);
            let width = (place(last + 0.0) - place(first + 0.0)) / buckets as u32;
            let linear = Buckets::Linear {
                low: first,
                scale: if scale.is_finite() { scale } else { 0.0 },
            };
            let logarithmic = Buckets::Logarithmic {
                low: place(first + 0.0),
                shift: (u32::BITS - width.leading_zeros()).min(u32::BITS - 1),
            };
            if self.fill(linear, buckets, sorted) || self.fill(logarithmic, buckets, sorted) {
                return;
            }
            buckets *= 2;
        }
        self.buckets = Buckets::None;
        self.before = Box::default();
    }

    /// Whether no bucket has more thresholds than are compared at a time.
    fn fill(&mut self, kind: Buckets, buckets: usize, sorted: &[f32]) -> bool {
        self.buckets = kind;
        self.before = vec![0; buckets].into();
        let mut next = 0;
        for index in 0..buckets {
            self.before[index] = next as u8;
            while sorted.get(next).is_some_and(|x| self.bucket(kind, *x) == index) {
                next += 1;
            }
            if next > usize::from(self.before[index]) + COMPARED {
                return false;
            }
        }
        true
    }

    fn bucket(&self, kind: Buckets, x: f32) -> usize {
        match kind {
            Buckets::Linear { low, scale } => self.linear(x, low, scale),
            Buckets::Logarithmic { low, shift } => self.logarithmic(x, low, shift),
            Buckets::None => 0,
        }
    }
}

#[cfg(test)]
mod tests;
