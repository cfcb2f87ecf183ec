//! The decoder's half of the range coder.

use super::{Bit, Coder, LEAST_RANGE, SCALE_BITS, tail};
use crate::format::FormatError;
use crate::format::bytes::Reader;

/// Bytes that are looked at from the start.
const WINDOW: usize = 4;

/// Codes bytes back to values. Past the end of its bytes it reads zeros, which [`RangeDecoder::end`] refuses and a
/// long loop finds by [`RangeDecoder::check`].
pub(in crate::format) struct RangeDecoder<'bytes> {
    section: &'static str,
    /// How far what is coded lies above the lower end of the range.
    above: u32,
    /// At most 2^32.
    range: u64,
    coded: &'bytes [u8],
    /// Where the next byte of `coded` is, or would be.
    next: usize,
    raw: &'bytes [u8],
    /// Where the next byte of `raw` is, or would be.
    next_raw: usize,
    pending: u64,
    pending_bits: u32,
}

impl<'bytes> RangeDecoder<'bytes> {
    /// Of all that the reader has left.
    pub(in crate::format) fn new(mut reader: Reader<'bytes>) -> Result<Self, FormatError> {
        let length = reader.count(8)?;
        let coded = reader.raw(length)?;
        let raw = reader.raw(reader.remaining())?;
        let mut decoder = Self {
            section: reader.section(),
            above: 0,
            range: 1 << 32,
            coded,
            next: 0,
            raw,
            next_raw: 0,
            pending: 0,
            pending_bits: 0,
        };
        for _ in 0..WINDOW {
            decoder.shift();
        }
        Ok(decoder)
    }

    /// A problem with what was decoded last. Its offset counts from where the coded bytes begin.
    pub(in crate::format) fn error(&self, problem: &'static str) -> FormatError {
        FormatError::Section {
            section: self.section,
            offset: self.next.saturating_sub(WINDOW).min(self.coded.len()),
            problem,
        }
    }

    /// Refuses bytes that are used up while values are still expected.
    pub(in crate::format) fn check(&self) -> Result<(), FormatError> {
        if self.next > self.coded.len() + WINDOW || self.next_raw > self.raw.len() {
            return Err(self.error("the coded bytes end too early"));
        }
        Ok(())
    }

    /// Refuses bytes that the encoder would not have ended in this way after the same values.
    pub(in crate::format) fn end(&self) -> Result<(), FormatError> {
        self.check()?;
        let low = self.window().wrapping_sub(self.above);
        let whole = (self.above, self.coded.len()) == {
            let (above, bytes) = tail(low, self.range);
            (above, self.next - WINDOW + bytes)
        };
        if !whole || self.next_raw != self.raw.len() || self.pending != 0 {
            return Err(self.error("the coded bytes do not end as they must"));
        }
        Ok(())
    }

    /// The bytes that are looked at.
    fn window(&self) -> u32 {
        (self.next - WINDOW..self.next).fold(0, |window, at| window << 8 | u32::from(self.coded_byte(at)))
    }

    fn coded_byte(&self, at: usize) -> u8 {
        self.coded.get(at).copied().unwrap_or(0)
    }

    fn shift(&mut self) {
        self.above = self.above << 8 | u32::from(self.coded_byte(self.next));
        self.next += 1;
    }
}

impl Coder for RangeDecoder<'_> {
    fn bit(&mut self, model: &mut Bit, _: bool) -> bool {
        let share = (self.range * model.probability()) >> SCALE_BITS;
        let bit = u64::from(self.above) < share;
        if bit {
            self.range = share;
        } else {
            self.above -= share as u32;
            self.range -= share;
        }
        model.learn(bit);
        while self.range < LEAST_RANGE {
            self.range <<= 8;
            self.shift();
        }
        bit
    }

    fn raw(&mut self, width: u32, _: u32) -> u32 {
        while self.pending_bits < width {
            let byte = self.raw.get(self.next_raw).copied().unwrap_or(0);
            self.pending |= u64::from(byte) << self.pending_bits;
            self.pending_bits += 8;
            self.next_raw += 1;
        }
        let value = self.pending & ((1 << width) - 1);
        self.pending >>= width;
        self.pending_bits -= width;
        value as u32
    }
}
