//! What the coder learns.

use super::SCALE_BITS;

/// Bits that count a probability's decisions, below the probability itself.
const COUNT_BITS: u32 = 10;
/// Decisions after which a probability no longer learns more slowly.
const LIMIT: usize = 255;

/// How much of the difference to what happened a probability moves after `n` decisions: `1 / (n + 1.5)`.
const RATES: [u16; LIMIT + 1] = {
    let mut rates = [0; LIMIT + 1];
    let mut seen = 0;
    while seen <= LIMIT {
        rates[seen] = ((1 << 17) / (2 * seen + 3)) as u16;
        seen += 1;
    }
    rates
};

/// The learned probability that a decision is `true`, in 22 bits, and in the 10 bits below how many it has seen.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Bit(u32);

impl Default for Bit {
    fn default() -> Self {
        Self::after(0)
    }
}

impl Bit {
    /// Even, and as slow to learn as after `seen` decisions.
    pub(in crate::format) const fn after(seen: u32) -> Self {
        Self(1 << 31 | seen)
    }

    /// In units of 2^-16, from 1 to 65,535.
    pub(super) fn probability(self) -> u32 {
        self.0 >> (32 - SCALE_BITS) | 1
    }

    pub(super) fn learn(&mut self, bit: bool) {
        let seen = self.0 & ((1 << COUNT_BITS) - 1);
        let probability = i64::from(self.0 >> COUNT_BITS);
        let target = if bit { (1 << (32 - COUNT_BITS)) - 1 } else { 0 };
        let rate = i64::from(RATES[(seen as usize).min(LIMIT)]);
        let moved = probability + (((target - probability) * rate) >> 16);
        self.0 = (moved as u32) << COUNT_BITS | (seen + u32::from(seen < LIMIT as u32));
    }
}

/// Models of a number of up to 32 bits: of its length, and of the bits after its first one.
#[derive(Clone, Debug)]
pub(in crate::format) struct Number {
    /// By context.
    pub(super) lengths: Vec<[Bit; 64]>,
    /// By length.
    pub(super) rest: [[Bit; 8]; 33],
}

impl Default for Number {
    fn default() -> Self {
        Self::with_contexts(1)
    }
}

impl Number {
    /// For numbers whose length is modelled by one of `contexts`.
    pub(in crate::format) fn with_contexts(contexts: usize) -> Self {
        Self {
            lengths: vec![[Bit::default(); 64]; contexts],
            rest: [[Bit::default(); 8]; 33],
        }
    }
}
