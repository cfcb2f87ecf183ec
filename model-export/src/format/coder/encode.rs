//! The encoder's half of the range coder.

use super::{Coder, LEAST_RANGE, SCALE_BITS, tail};

/// Codes values to bytes.
pub(in crate::format) struct RangeEncoder {
    /// The next 64 bits of the lower end of the range, after `bytes`.
    low: u64,
    range: u64,
    /// What a part of [`Coder::place`] has of the range.
    unit: u64,
    bytes: Vec<u8>,
}

impl RangeEncoder {
    pub(in crate::format) fn new() -> Self {
        Self {
            low: 0,
            range: u64::MAX,
            unit: 0,
            bytes: Vec::new(),
        }
    }

    /// As few bytes as tell the values.
    pub(in crate::format) fn finish(mut self) -> Vec<u8> {
        let (above, bytes) = tail(self.low, self.range);
        self.raise(above);
        let last = self.low.to_be_bytes();
        self.bytes.extend_from_slice(&last[..bytes]);
        self.bytes
    }

    fn raise(&mut self, by: u64) {
        let (low, carry) = self.low.overflowing_add(by);
        self.low = low;
        if carry {
            for byte in self.bytes.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
    }

    fn normalize(&mut self) {
        if self.range < LEAST_RANGE {
            self.bytes.extend_from_slice(&self.low.to_be_bytes()[..4]);
            self.low <<= 32;
            self.range <<= 32;
        }
    }
}

impl Coder for RangeEncoder {
    const GIVEN: bool = true;

    fn decide(&mut self, probability: u32, bit: bool) -> bool {
        let share = (self.range >> SCALE_BITS) * u64::from(probability);
        if bit {
            self.range = share;
        } else {
            self.raise(share);
            self.range -= share;
        }
        self.normalize();
        bit
    }

    fn place(&mut self, total: u32, place: u32) -> u32 {
        self.unit = self.range / u64::from(total);
        place
    }

    fn take(&mut self, total: u32, from: u32, size: u32) {
        let below = self.unit * u64::from(from);
        self.raise(below);
        self.range = if from + size == total {
            self.range - below
        } else {
            self.unit * u64::from(size)
        };
        self.normalize();
    }
}
