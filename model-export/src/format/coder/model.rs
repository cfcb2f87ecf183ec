//! What the coder learns.

use super::SCALE_BITS;

/// Bits that count a probability's decisions, below the probability itself.
const COUNT_BITS: u32 = 10;
/// Decisions that are counted. After `n` of them a probability moves by `1 / 2^(bits of n + 1)` of the difference to
/// what happened: by a half at first, by 1/128 in the end.
const COUNTED: u32 = 126;

/// The learned probability that a decision is `true`, in 22 bits, and in the 10 bits below how many it has seen.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Bit(u32);

impl Default for Bit {
    fn default() -> Self {
        Self(1 << 31)
    }
}

impl Bit {
    /// In units of 2^-16, from 1 to 65,535.
    pub(super) fn probability(self) -> u32 {
        self.0 >> (32 - SCALE_BITS) | 1
    }

    #[inline]
    pub(super) fn learn(&mut self, bit: bool) {
        let seen = self.0 & ((1 << COUNT_BITS) - 1);
        let probability = (self.0 >> COUNT_BITS) as i32;
        let target = core::hint::select_unpredictable(bit, (1 << (32 - COUNT_BITS)) - 1, 0);
        let shift = u32::BITS - (seen + 1).leading_zeros();
        let moved = probability + ((target - probability) >> shift);
        self.0 = (moved as u32) << COUNT_BITS | (seen + u32::from(seen < COUNTED));
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

/// What a symbol of [`Frequencies`] gains each time it comes; each begins with 1.
const GAIN: u16 = 16;
/// The frequencies of a context are halved when their sum is above.
const LARGEST_SUM: u16 = 1 << 13;

/// Models of symbols that are coded whole, by how often each came before.
#[derive(Clone, Debug)]
pub(in crate::format) struct Frequencies {
    symbols: usize,
    /// Of each context the sum, then the frequency of each symbol.
    counts: Vec<u16>,
}

impl Frequencies {
    /// Of at least one and at most 256 symbols.
    pub(in crate::format) fn new(contexts: usize, symbols: usize) -> Self {
        let mut counts = vec![1; contexts * (symbols + 1)];
        for sum in counts.iter_mut().step_by(symbols + 1) {
            *sum = symbols as u16;
        }
        Self { symbols, counts }
    }

    /// The sum and the frequency of each symbol.
    pub(super) fn of(&self, context: usize) -> (u16, &[u16]) {
        let counts = &self.counts[context * (self.symbols + 1)..][..=self.symbols];
        (counts[0], &counts[1..])
    }

    pub(super) fn learn(&mut self, context: usize, symbol: usize) {
        let counts = &mut self.counts[context * (self.symbols + 1)..][..=self.symbols];
        counts[0] += GAIN;
        counts[1 + symbol] += GAIN;
        if counts[0] > LARGEST_SUM {
            counts[0] = 0;
            for at in 1..counts.len() {
                counts[at] -= counts[at] / 2;
                counts[0] += counts[at];
            }
        }
    }
}
