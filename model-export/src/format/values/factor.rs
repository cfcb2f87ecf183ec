//! Values that were all multiplied by one number, as XGBoost multiplies leaves by the learning rate.
//!
//! A product that is rounded to `f32` can't have every fraction. With the factor `m`, from 1 up to 2, and a value `w`
//! of the same range, the products below 2 are as many as the `w` they come from, fewer than the numbers from `m` to 2;
//! those from 2 on are numbered as they are. This leaves 83% of all fractions for a factor near the root of 2.

use crate::format::coder::Coder;

const FRACTIONS: u32 = 1 << 23;
const ONE: u32 = 127 << 23;
/// The factor is this many thousandths; a smaller one is doubled until it is.
const THOUSANDTHS: std::ops::RangeInclusive<u32> = 501..=1000;

/// Products have this exponent at least, so that none is rounded off as a subnormal.
const LEAST_EXPONENT: u32 = 2;

/// A factor, and how many fractions it leaves.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::format) struct Factor {
    thousandths: u32,
    /// From 1 up to 2.
    factor: f32,
    /// Products below 2.
    below: u32,
    /// Products from 2 on.
    above: u32,
}

impl Factor {
    /// 1, which leaves all.
    pub(super) const PLAIN: Self = Self {
        thousandths: 1000,
        factor: 1.0,
        below: FRACTIONS,
        above: 0,
    };

    /// The factor that leaves the fewest fractions of those that `values` may have been multiplied by, of several the
    /// smallest.
    pub(super) fn of(values: impl Iterator<Item = f32> + Clone) -> Self {
        let mut best = Self::PLAIN;
        while let Some(better) = best.better(values.clone()) {
            best = better;
        }
        best
    }

    /// Whether this is the factor of `values`, which were read by it.
    pub(super) fn is_of(&self, values: impl Iterator<Item = f32> + Clone) -> bool {
        let reached = |value: f32| exponent(value) >= LEAST_EXPONENT;
        (self.above == 0 || values.clone().all(reached)) && self.better(values).is_none()
    }

    /// One that leaves fewer fractions, or is smaller and leaves as many.
    fn better(&self, values: impl Iterator<Item = f32> + Clone) -> Option<Self> {
        let order = |factor: &Self| (factor.size(), factor.thousandths);
        THOUSANDTHS
            .map(Self::new)
            .filter(|factor| order(factor) < order(self))
            .find(|factor| values.clone().all(|value| factor.index(value).is_some()))
    }

    pub(super) fn new(thousandths: u32) -> Self {
        let rate = (f64::from(thousandths) / 1000.0) as f32;
        let factor = f32::from_bits(ONE | (rate.to_bits() % FRACTIONS));
        if factor == 1.0 {
            return Self::PLAIN;
        }
        let product = |fraction: u32| f32::from_bits(ONE | fraction) * factor;
        // How many products are below 2, bit by bit.
        let mut below = 0;
        for place in (0..23).rev() {
            let more = below | 1 << place;
            if product(more - 1) < 2.0 {
                below = more;
            }
        }
        Self {
            thousandths,
            factor,
            below,
            above: product(FRACTIONS - 1).to_bits() % FRACTIONS + 1,
        }
    }

    /// Codes the factor.
    pub(super) fn code(&self, coder: &mut impl Coder) -> Self {
        let first = *THOUSANDTHS.start();
        let count = THOUSANDTHS.end() - first + 1;
        Self::new(first + coder.below(count, self.thousandths - first))
    }

    /// Fractions that are left.
    pub(super) fn size(&self) -> u32 {
        self.below + self.above
    }

    /// Exponent and number of the fraction of what was multiplied, if that is how the value came about.
    pub(super) fn index(&self, value: f32) -> Option<(u32, u32)> {
        let bits = value.to_bits();
        let (exponent, fraction) = (exponent(value), bits % FRACTIONS);
        if self.above == 0 {
            return Some((exponent, fraction));
        }
        if exponent < LEAST_EXPONENT {
            return None;
        }
        let value = f32::from_bits(ONE | fraction);
        if value < self.factor {
            return (fraction < self.above).then(|| (exponent - 1, self.below + fraction));
        }
        let near = ((f64::from(value) / f64::from(self.factor)) as f32).to_bits() - ONE;
        let found = (near.saturating_sub(1)..=near + 1)
            .find(|near| *near < self.below && f32::from_bits(ONE | near) * self.factor == value);
        found.map(|index| (exponent, index))
    }

    /// The value without its sign; infinite or NaN where there is none.
    pub(super) fn value(&self, exponent: u32, index: u32) -> f32 {
        let (exponent, fraction) = if index < self.below {
            let product = f32::from_bits(ONE | index) * self.factor;
            (exponent, product.to_bits() % FRACTIONS)
        } else {
            ((exponent + 1).min(0xff), index - self.below)
        };
        f32::from_bits(exponent << 23 | fraction)
    }
}

fn exponent(value: f32) -> u32 {
    value.to_bits() >> 23 & 0xff
}
