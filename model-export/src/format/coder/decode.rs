//! The decoder's half of the range coder.

use super::{Coder, LEAST_RANGE, SCALE_BITS, tail};
use crate::format::FormatError;
use crate::format::bytes::Reader;

/// Bytes that are looked at from the start.
const WINDOW: usize = 8;
/// Bytes that are taken at a time.
const STEP: usize = 4;

/// Codes bytes back to values. Past the end of its bytes it reads zeros, which [`RangeDecoder::end`] refuses and a
/// long loop finds by [`RangeDecoder::check`].
pub(in crate::format) struct RangeDecoder<'bytes> {
    section: &'static str,
    /// Where in the section the bytes begin.
    offset: usize,
    bytes: &'bytes [u8],
    /// Where the next byte is, or would be.
    next: usize,
    /// How far what is coded lies above the lower end of the range.
    above: u64,
    range: u64,
    /// What a part of [`Coder::place`] has of the range.
    unit: u64,
}

impl<'bytes> RangeDecoder<'bytes> {
    /// Of all that the reader has left.
    pub(in crate::format) fn new(mut reader: Reader<'bytes>) -> Result<Self, FormatError> {
        let offset = reader.offset();
        let bytes = reader.raw(reader.remaining())?;
        let mut decoder = Self {
            section: reader.section(),
            offset,
            bytes,
            next: 0,
            above: 0,
            range: u64::MAX,
            unit: 0,
        };
        decoder.shift();
        decoder.shift();
        Ok(decoder)
    }

    /// A problem with what was decoded last.
    pub(in crate::format) fn error(&self, problem: &'static str) -> FormatError {
        FormatError::Section {
            section: self.section,
            offset: self.offset + (self.next - WINDOW).min(self.bytes.len()),
            problem,
        }
    }

    /// Refuses bytes that are used up while values are still expected.
    pub(in crate::format) fn check(&self) -> Result<(), FormatError> {
        if self.next > self.bytes.len() + WINDOW {
            return Err(self.error("the coded bytes end too early"));
        }
        Ok(())
    }

    /// Refuses bytes that the encoder would not have ended in this way after the same values.
    pub(in crate::format) fn end(&self) -> Result<(), FormatError> {
        self.end_padded(0)
    }

    /// As [`RangeDecoder::end`], where zeros follow up to at least `least` bytes in all.
    pub(in crate::format) fn end_padded(&self, least: usize) -> Result<(), FormatError> {
        self.check()?;
        let window = (self.next - WINDOW..self.next).fold(0, |window, at| {
            window << 8 | u64::from(self.bytes.get(at).copied().unwrap_or(0))
        });
        let (above, bytes) = tail(window.wrapping_sub(self.above), self.range);
        let end = self.next - WINDOW + bytes;
        let padding = self.bytes.get(end..);
        let zeros = padding.is_some_and(|padding| padding.iter().all(|byte| *byte == 0));
        if above != self.above || self.bytes.len() != end.max(least) || !zeros {
            return Err(self.error("the coded bytes do not end as they must"));
        }
        Ok(())
    }

    #[inline]
    fn shift(&mut self) {
        let next = match self.bytes.as_chunks::<STEP>().0.get(self.next / STEP) {
            Some(next) => u32::from_be_bytes(*next),
            None => self.last(),
        };
        self.above = self.above << 32 | u64::from(next);
        self.next += STEP;
    }

    /// What comes after the last whole step.
    #[cold]
    #[inline(never)]
    fn last(&self) -> u32 {
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        let mut padded = [0; STEP];
        padded[..rest.len()].copy_from_slice(rest);
        u32::from_be_bytes(padded)
    }

    #[inline]
    fn normalize(&mut self) {
        if self.range < LEAST_RANGE {
            self.range <<= 32;
            self.shift();
        }
    }
}

impl Coder for RangeDecoder<'_> {
    const GIVEN: bool = false;

    #[inline]
    fn decide(&mut self, probability: u32, _: bool) -> bool {
        let share = (self.range >> SCALE_BITS) * u64::from(probability);
        let bit = self.above < share;
        // A decision that costs something is a surprise to the processor as well.
        self.above -= core::hint::select_unpredictable(bit, 0, share);
        self.range = core::hint::select_unpredictable(bit, share, self.range - share);
        self.normalize();
        bit
    }

    #[inline]
    fn place(&mut self, total: u32, _: u32) -> u32 {
        self.unit = self.range / u64::from(total);
        (self.above / self.unit).min(u64::from(total - 1)) as u32
    }

    #[inline]
    fn take(&mut self, total: u32, from: u32, size: u32) {
        let below = self.unit * u64::from(from);
        self.above -= below;
        self.range = if from + size == total {
            self.range - below
        } else {
            self.unit * u64::from(size)
        };
        self.normalize();
    }
}
