//! Numbers and bits in a section.
//!
//! Invariant: a reader never passes the end of its section and accepts one form of every number.

use super::FormatError;

/// Builds a section.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// LEB128: 7 bits a byte, the low ones first, the high bit set on all but the last.
    pub(super) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// 0, -1, 1, -2, .. are the varints 0, 1, 2, 3, ..
    pub(super) fn signed_varint(&mut self, value: i64) {
        self.varint((value << 1 ^ value >> 63) as u64);
    }

    /// The number of bytes, then the bytes.
    pub(super) fn text(&mut self, text: &str) {
        self.varint(text.len() as u64);
        self.raw(text.as_bytes());
    }

    /// Eight bits a byte, the first in the lowest place, the last byte filled with zeros.
    pub(super) fn bits(&mut self, bits: &[bool]) {
        let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        self.bytes.extend(bits.chunks(8).map(byte));
    }
}

/// Takes a section apart.
pub(super) struct Reader<'bytes> {
    section: &'static str,
    bytes: &'bytes [u8],
    offset: usize,
}

impl<'bytes> Reader<'bytes> {
    pub(super) fn new(section: &'static str, bytes: &'bytes [u8]) -> Self {
        Self {
            section,
            bytes,
            offset: 0,
        }
    }

    pub(super) fn error(&self, problem: &'static str) -> FormatError {
        FormatError::Section {
            section: self.section,
            offset: self.offset,
            problem,
        }
    }

    pub(super) fn section(&self) -> &'static str {
        self.section
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.offset
    }

    pub(super) fn raw(&mut self, length: usize) -> Result<&'bytes [u8], FormatError> {
        if length > self.remaining() {
            return Err(self.error("the section ends too early"));
        }
        let bytes = &self.bytes[self.offset..self.offset + length];
        self.offset += length;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let mut array = [0; N];
        array.copy_from_slice(self.raw(N)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, FormatError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn varint(&mut self) -> Result<u64, FormatError> {
        let mut value = 0;
        for place in 0..10 {
            let byte = self.byte()?;
            if place == 9 && byte > 1 {
                return Err(self.error("a number is larger than 64 bits"));
            }
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return if byte == 0 && place > 0 {
                    Err(self.error("a number is not in its shortest form"))
                } else {
                    Ok(value)
                };
            }
        }
        Err(self.error("a number is larger than 64 bits"))
    }

    pub(super) fn signed_varint(&mut self) -> Result<i64, FormatError> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(super) fn varint_u32(&mut self) -> Result<u32, FormatError> {
        let value = self.varint()?;
        u32::try_from(value).map_err(|_| self.error("a number is larger than 32 bits"))
    }

    /// A count of things that take at least `least_bits` each of what remains of the section.
    pub(super) fn count(&mut self, least_bits: usize) -> Result<usize, FormatError> {
        let count = self.varint()?;
        match usize::try_from(count) {
            Ok(count) if count <= self.remaining().saturating_mul(8) / least_bits => Ok(count),
            _ => Err(self.error("a count is larger than what the section can hold")),
        }
    }

    pub(super) fn text(&mut self) -> Result<&'bytes str, FormatError> {
        let length = self.count(8)?;
        let bytes = self.raw(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.error("a text is not UTF-8"))
    }

    pub(super) fn fixed(&mut self, width: usize) -> Result<u32, FormatError> {
        let mut value = [0; 4];
        value[..width].copy_from_slice(self.raw(width)?);
        Ok(u32::from_le_bytes(value))
    }

    pub(super) fn bits(&mut self, count: usize) -> Result<Bits<'bytes>, FormatError> {
        let bytes = self.raw(count.div_ceil(8))?;
        match bytes.last() {
            Some(last) if !count.is_multiple_of(8) && last >> (count % 8) != 0 => {
                Err(self.error("unused bits are not zero"))
            }
            _ => Ok(Bits(bytes)),
        }
    }

    /// The bits that follow, of which the caller does not know yet how many there are.
    pub(super) fn peek_bits(&self) -> Bits<'bytes> {
        Bits(&self.bytes[self.offset..])
    }

    pub(super) fn end(&self) -> Result<(), FormatError> {
        if self.remaining() > 0 {
            Err(self.error("the section has bytes after its end"))
        } else {
            Ok(())
        }
    }
}

/// Packed bits.
#[derive(Clone, Copy)]
pub(super) struct Bits<'bytes>(&'bytes [u8]);

impl Bits<'_> {
    pub(super) fn get(&self, index: usize) -> Option<bool> {
        self.0.get(index / 8).map(|byte| byte >> (index % 8) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_survive(value in any::<u64>(), shift in 0..64_u32, bits in prop::collection::vec(any::<bool>(), 0..40)) {
            let mut writer = Writer::default();
            writer.varint(value >> shift);
            writer.bits(&bits);
            let bytes = writer.into_bytes();
            let mut reader = Reader::new("test", &bytes);
            prop_assert_eq!(reader.varint().unwrap(), value >> shift);
            let read = reader.bits(bits.len()).unwrap();
            prop_assert!(bits.iter().enumerate().all(|(index, bit)| read.get(index) == Some(*bit)));
            reader.end().unwrap();
        }
    }

    #[test]
    fn one_form_of_every_number() {
        for bytes in [&[0x80, 0][..], &[0xff; 10], &[0x80; 11], &[0x80], &[]] {
            assert!(Reader::new("test", bytes).varint().is_err(), "{bytes:?}");
        }
        assert!(Reader::new("test", &[0b1000]).bits(3).is_err());
        assert!(Reader::new("test", &[9]).count(1).is_err());
        assert_eq!(Reader::new("test", &[8, 0]).count(1).unwrap(), 8);
    }
}
