//! An adaptive range coder, and the integers that are coded with it.
//!
//! Whatever is coded is described once, as a function over [`Coder`]: the encoder writes the values it is given and
//! returns them, the decoder ignores what it is given and returns what was written.
//!
//! Invariants: all arithmetic is of integers, so every platform codes alike; a decoder gives some value for any bytes,
//! never fails half-way and never reads past its bytes; [`RangeDecoder::end`] accepts only the bytes that the encoder
//! writes for the values that were decoded.

mod decode;
mod encode;
mod model;

pub(in crate::format) use decode::RangeDecoder;
pub(in crate::format) use encode::RangeEncoder;
pub(in crate::format) use model::{Bit, Frequencies, Number};

/// Bits of the probability that the range is divided by.
const SCALE_BITS: u32 = 16;
/// The range is never below this between two values.
const LEAST_RANGE: u64 = 1 << 32;
/// Values that [`Coder::spread`] models before the rest, which it takes as evenly spread.
const SPREAD: u32 = 8;

/// Writes what it is given or reads it back. Every method returns the value that was coded.
pub(in crate::format) trait Coder {
    /// Whether it writes what it is given.
    const GIVEN: bool;

    /// A decision that is `true` in `probability` of 2^16 cases, from 1 to 2^16 - 1.
    fn decide(&mut self, probability: u32, bit: bool) -> bool;

    /// Divides the range into `total` parts, at least one and below 2^32, and returns the part that the value is in.
    /// [`Coder::take`] follows.
    fn place(&mut self, total: u32, place: u32) -> u32;

    /// The value has the `size` parts from `from` on, of the `total` that [`Coder::place`] was given.
    fn take(&mut self, total: u32, from: u32, size: u32);

    /// A decision, by a probability that learns from it.
    fn bit(&mut self, model: &mut Bit, bit: bool) -> bool {
        let bit = self.decide(model.probability(), bit);
        model.learn(bit);
        bit
    }

    /// A decision by the mean of two probabilities, `models[at[0]]` and `models[at[1]]`, which both learn from it.
    fn shared_bit(&mut self, models: &mut [Bit], at: [usize; 2], bit: bool) -> bool {
        let mean = at.map(|at| models[at].probability()).iter().sum::<u32>() / 2;
        let bit = self.decide(mean, bit);
        at.into_iter().for_each(|at| models[at].learn(bit));
        bit
    }

    /// A value below `limit`, all of which are as likely.
    fn below(&mut self, limit: u32, value: u32) -> u32 {
        if limit <= 1 {
            return 0;
        }
        let value = self.place(limit, value);
        self.take(limit, value, 1);
        value
    }

    /// The low `width` bits (at most 32) of `value`, unmodelled. The rest of `value` must be 0.
    fn raw(&mut self, width: u32, value: u32) -> u32 {
        let low_width = width.min(16);
        let low = self.below(1 << low_width, value & 0xffff);
        let high = self.below(1 << (width - low_width), value >> 16);
        high << 16 | low
    }

    /// A symbol, by how often each came in this context.
    fn frequent(&mut self, models: &mut Frequencies, context: usize, symbol: usize) -> usize {
        let sum = u32::from(models.sum(context));
        let given = if Self::GIVEN {
            models.below(context, symbol)
        } else {
            0
        };
        let part = models.find(context, self.place(sum, u32::from(given)) as u16);
        self.take(sum, u32::from(part.below), u32::from(part.size));
        part.symbol
    }

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

    /// A value below `size` that is more or less evenly spread: which of eight parts it is in by `models`, of which
    /// there are eight, then where.
    fn spread(&mut self, models: &mut [Bit], size: u32, value: u32) -> u32 {
        let width = size.div_ceil(SPREAD).max(1);
        let part = self.symbol(models, size.div_ceil(width), value / width);
        let from = part * width;
        from + self.below(width.min(size - from), value.wrapping_sub(from))
    }

    /// Any number: its length in bits, then the bits after the first.
    fn number(&mut self, model: &mut Number, value: u32) -> u32 {
        self.number_after(model, 0, value)
    }

    /// As [`Coder::number_after`], of an integer: 0, -1, 1, -2, .. are the numbers 0, 1, 2, 3, ..
    fn signed(&mut self, model: &mut Number, context: u32, value: i32) -> i32 {
        let number = self.number_after(model, context, (value << 1 ^ value >> 31) as u32);
        (number >> 1) as i32 ^ -((number & 1) as i32)
    }

    /// As [`Coder::number`]; the length is modelled by a context.
    fn number_after(&mut self, model: &mut Number, context: u32, value: u32) -> u32 {
        let length = u32::BITS - value.leading_zeros();
        let length = self.symbol(model.lengths(context), 33, length);
        if length < 2 {
            return length;
        }
        let first = 1 << (length - 1);
        let rest = self.spread(model.rest(length), first, value & (first - 1));
        first | rest
    }
}

/// The bytes after `low`, as few as possible, that stay in the range when zeros follow: how far above `low` they
/// are, and how many.
fn tail(low: u64, range: u64) -> (u64, usize) {
    let above = |bytes: &usize| low.wrapping_neg() & u64::MAX.checked_shr(8 * *bytes as u32).unwrap_or(0);
    let bytes = (0..8).find(|bytes| above(bytes) < range).unwrap_or(8);
    (above(&bytes), bytes)
}

#[cfg(test)]
mod tests;
