//! The encoder's half of the range coder.

use super::{Bit, Coder, LEAST_RANGE, SCALE_BITS, tail};
use crate::format::bytes::Writer;

/// Codes values to bytes.
pub(in crate::format) struct RangeEncoder {
    /// The next 32 bits of the lower end of the range, after `coded`.
    low: u32,
    /// At most 2^32.
    range: u64,
    coded: Vec<u8>,
    raw: Vec<u8>,
    /// Raw bits that do not fill a byte yet, the first in the lowest place.
    pending: u64,
    pending_bits: u32,
}

impl RangeEncoder {
    pub(in crate::format) fn new() -> Self {
        Self {
            low: 0,
            range: 1 << 32,
            coded: Vec::new(),
            raw: Vec::new(),
            pending: 0,
            pending_bits: 0,
        }
    }

    /// Bytes so far, of modelled and of raw bits.
    pub(in crate::format) fn len(&self) -> usize {
        self.coded.len() + self.raw.len()
    }

    /// The number of modelled bytes as a varint, the modelled bytes, the raw bytes.
    pub(in crate::format) fn finish(mut self) -> Vec<u8> {
        let (above, bytes) = tail(self.low, self.range);
        self.raise(above);
        let last = self.low.to_be_bytes();
        self.coded.extend_from_slice(&last[..bytes]);
        if self.pending_bits > 0 {
            self.raw.push(self.pending as u8);
        }
        let mut writer = Writer::default();
        writer.varint(self.coded.len() as u64);
        writer.raw(&self.coded);
        writer.raw(&self.raw);
        writer.into_bytes()
    }

    fn raise(&mut self, by: u32) {
        let (low, carry) = self.low.overflowing_add(by);
        self.low = low;
        if carry {
            for byte in self.coded.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
    }
}

impl Coder for RangeEncoder {
    fn bit(&mut self, model: &mut Bit, bit: bool) -> bool {
        let share = (self.range * model.probability()) >> SCALE_BITS;
        if bit {
            self.range = share;
        } else {
            self.raise(share as u32);
            self.range -= share;
        }
        model.learn(bit);
        while self.range < LEAST_RANGE {
            self.coded.push((self.low >> 24) as u8);
            self.low <<= 8;
            self.range <<= 8;
        }
        bit
    }

    fn raw(&mut self, width: u32, value: u32) -> u32 {
        self.pending |= u64::from(value) << self.pending_bits;
        self.pending_bits += width;
        while self.pending_bits >= 8 {
            self.raw.push(self.pending as u8);
            self.pending >>= 8;
            self.pending_bits -= 8;
        }
        value
    }
}
