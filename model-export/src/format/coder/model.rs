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

/// Models of a length of 0 to 32 bits.
const LENGTHS: usize = 64;
/// Models of an evenly spread value.
const PARTS: usize = 8;

/// Models of a number of up to 32 bits: of its length, and of the bits after its first one.
#[derive(Clone, Debug)]
pub(in crate::format) struct Number {
    /// Of each context [`LENGTHS`].
    lengths: Vec<Bit>,
    /// Of each length [`PARTS`].
    rest: Vec<Bit>,
}

impl Default for Number {
    fn default() -> Self {
        Self::with_contexts(1)
    }
}

impl Number {
    /// For numbers whose length is modelled by one of `contexts`.
    #[inline(never)]
    pub(in crate::format) fn with_contexts(contexts: usize) -> Self {
        Self {
            lengths: vec![Bit::default(); LENGTHS * contexts],
            rest: vec![Bit::default(); PARTS * 33],
        }
    }

    pub(super) fn lengths(&mut self, context: u32) -> &mut [Bit] {
        &mut self.lengths[LENGTHS * context as usize..][..LENGTHS]
    }

    pub(super) fn rest(&mut self, length: u32) -> &mut [Bit] {
        &mut self.rest[PARTS * length as usize..][..PARTS]
    }
}

/// What a symbol of [`Frequencies`] gains each time it comes; each begins with 1.
const GAIN: u16 = 16;
/// The frequencies of a context are halved when their sum is above.
const LARGEST_SUM: u16 = 1 << 13;
/// Sums that are looked at together.
const LANES: usize = 8;

/// Models of symbols that are coded whole, by how often each came before.
#[derive(Clone, Debug)]
pub(in crate::format) struct Frequencies {
    symbols: usize,
    /// Of a context, in lanes.
    width: usize,
    /// Of each context and symbol the frequencies up to it, then the sum of all until the lanes are full.
    sums: Vec<[u16; LANES]>,
}

/// A symbol's part of the sum of all.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) symbol: usize,
    pub(super) below: u16,
    pub(super) size: u16,
}

impl Frequencies {
    /// Of at least one and at most 256 symbols.
    pub(in crate::format) fn new(contexts: usize, symbols: usize) -> Self {
        let width = symbols.div_ceil(LANES);
        let mut sums = vec![[symbols as u16; LANES]; width * contexts];
        for (at, sum) in sums.as_flattened_mut().iter_mut().enumerate() {
            *sum = (*sum).min((at % (width * LANES) + 1) as u16);
        }
        Self { symbols, width, sums }
    }

    fn context(&self, context: usize) -> &[u16] {
        self.sums[context * self.width..][..self.width].as_flattened()
    }

    /// The frequencies of all symbols.
    pub(super) fn sum(&self, context: usize) -> u16 {
        self.context(context)[self.symbols - 1]
    }

    /// The frequencies of all symbols before one.
    pub(super) fn below(&self, context: usize, symbol: usize) -> u16 {
        if symbol == 0 {
            0
        } else {
            self.context(context)[symbol - 1]
        }
    }

    /// Finds the symbol whose part `place` is in, and learns that it came.
    #[inline]
    pub(super) fn find(&mut self, context: usize, place: u16) -> Part {
        let sums = &mut self.sums[context * self.width..][..self.width];
        // Without branches, a vector of sums at a time.
        let mut reach = [0; LANES];
        let mut at = 0;
        // Unrolled, these few turns would be several times the code for a browser to compile.
        while at < core::hint::black_box(sums.len()) {
            for (sum, reach) in sums[at].iter_mut().zip(&mut reach) {
                // Signed, for which more processors have an instruction.
                let reaches = u16::from(*sum as i16 > place as i16);
                *sum += reaches * GAIN;
                *reach += reaches;
            }
            at += 1;
        }
        let sums = sums.as_flattened_mut();
        let symbol = sums.len() - usize::from(reach.iter().sum::<u16>());
        let below = if symbol == 0 { 0 } else { sums[symbol - 1] };
        let part = Part {
            symbol,
            below,
            size: sums[symbol] - GAIN - below,
        };
        if sums[sums.len() - 1] > LARGEST_SUM {
            halve(sums, self.symbols);
        }
        part
    }
}

#[cold]
#[inline(never)]
fn halve(sums: &mut [u16], symbols: usize) {
    let (mut before, mut sum) = (0, 0);
    for entry in &mut sums[..symbols] {
        let count = *entry - before;
        before = *entry;
        sum += count - count / 2;
        *entry = sum;
    }
    sums[symbols..].fill(sum);
}
