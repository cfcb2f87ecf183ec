//! An adaptive binary range coder, and the integers that are coded with it.
//!
//! Whatever is coded is described once, as a function over [`Coder`]: the encoder writes the values it is given and
//! returns them, the decoder ignores what it is given and returns what was written.
//!
//! Invariants: all arithmetic is of integers, so every platform codes alike; a decoder gives some value for any bytes,
//! never fails half-way and never reads past its bytes; [`RangeDecoder::end`] accepts only the bytes that the encoder
//! writes for the values that were decoded.

mod decode;
mod encode;

#[allow(unused_imports, reason = "for the sections of version 1")]
pub(in crate::format) use decode::RangeDecoder;
#[allow(unused_imports, reason = "for the sections of version 1")]
pub(in crate::format) use encode::RangeEncoder;

/// Bits of the probability that the range is divided by.
const SCALE_BITS: u32 = 16;
/// The range is never below this between two decisions.
const LEAST_RANGE: u64 = 1 << 24;
/// Bits of a learned probability.
const PROBABILITY_BITS: u32 = 22;
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

/// The learned probability that a decision is `true`, 22 bits above the 10 bits that count its decisions.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Bit(u32);

impl Default for Bit {
    fn default() -> Self {
        Self(1 << 31)
    }
}

impl Bit {
    /// In units of 2^-16, from 1 to 65,535.
    fn probability(self) -> u64 {
        u64::from(self.0 >> (32 - SCALE_BITS) | 1)
    }

    fn learn(&mut self, bit: bool) {
        let seen = self.0 & 0x3ff;
        let probability = self.0 >> 10;
        let target = if bit { (1 << PROBABILITY_BITS) - 1 } else { 0 };
        let rate = i64::from(RATES[(seen as usize).min(LIMIT)]);
        let moved = i64::from(probability) + (((target - i64::from(probability)) * rate) >> 16);
        self.0 = (moved as u32) << 10 | (seen + u32::from(seen < LIMIT as u32));
    }
}

/// Models of a number of up to 32 bits: how long it is, and the bits after its first one.
#[derive(Clone, Debug)]
pub(in crate::format) struct Number {
    length: [Bit; 64],
    /// By length, the three bits after the first.
    high: [[Bit; 8]; 33],
}

impl Default for Number {
    fn default() -> Self {
        Self {
            length: [Bit::default(); 64],
            high: [[Bit::default(); 8]; 33],
        }
    }
}

/// Bits after the first one of a number that are modelled; the rest are raw.
const HIGH_BITS: u32 = 3;

/// Writes what it is given or reads it back. Every method returns the value that was coded.
pub(in crate::format) trait Coder {
    /// A decision, by a probability that learns from it.
    fn bit(&mut self, model: &mut Bit, bit: bool) -> bool;

    /// The low `width` bits (at most 32) of `value`, unmodelled. The rest of `value` must be 0.
    fn raw(&mut self, width: u32, value: u32) -> u32;

    /// A value below `limit`, from its highest bit down, each by the bits above it. What `limit` rules out is not
    /// coded. `models` has as many entries as the power of two that is at least `limit`; the first is not used.
    fn symbol(&mut self, models: &mut [Bit], limit: u32, value: u32) -> u32 {
        let mut prefix = 0;
        let mut node = 1;
        for place in (0..u32::BITS - limit.saturating_sub(1).leading_zeros()).rev() {
            let one = (prefix << 1 | 1) << place < limit;
            let bit = one && self.bit(&mut models[node], value >> place & 1 == 1);
            prefix = prefix << 1 | u32::from(bit);
            node = node << 1 | usize::from(bit);
        }
        prefix
    }

    /// Any number: its length in bits as a symbol, the three bits after the first by the length, the rest raw.
    fn number(&mut self, model: &mut Number, value: u32) -> u32 {
        let length = self.symbol(&mut model.length, 33, u32::BITS - value.leading_zeros());
        if length < 2 {
            return length;
        }
        let below = length - 1;
        let modelled = below.min(HIGH_BITS);
        let rest = below - modelled;
        let high = (value >> rest) & ((1 << modelled) - 1);
        let high = self.symbol(&mut model.high[length as usize], 1 << modelled, high);
        let low = if rest == 0 {
            0
        } else {
            self.raw(rest, value & ((1 << rest) - 1))
        };
        (1 << modelled | high) << rest | low
    }
}

/// The bytes after `low`, as few as possible, that stay in the range when zeros follow: how far above `low` they
/// are, and how many.
fn tail(low: u32, range: u64) -> (u32, usize) {
    let above = |bytes: usize| match bytes {
        0 => low.wrapping_neg(),
        _ => low.wrapping_neg() & (u32::MAX >> (8 * bytes)),
    };
    let fits = |bytes: &usize| u64::from(above(*bytes)) < range;
    // Four bytes are `low` itself.
    let bytes = (0..4).find(fits).unwrap_or(4);
    (if bytes == 4 { 0 } else { above(bytes) }, bytes)
}

#[cfg(test)]
mod tests;
