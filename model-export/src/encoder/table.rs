//! A column's keys and what each of them has.
//!
//! Invariant: numbers are strictly ascending and below `2^bits`; the same keys with the same slots are equal tables.

/// Bits of a key. A table with fewer keeps fingerprints.
pub(crate) const KEY_BITS: u32 = 32;

/// Keys, or fingerprints of keys, with a slot each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    bits: u32,
    numbers: Vec<u32>,
    slots: Vec<u32>,
    /// Where numbers with the same highest bits begin, and where the last of them end.
    starts: Vec<u32>,
}

impl Table {
    /// `entries` are (number, slot), ascending by number, no two with the same. `bits` is from 1 to 32.
    pub(crate) fn new(bits: u32, entries: &[(u32, u32)]) -> Self {
        let numbers: Vec<u32> = entries.iter().map(|(number, _)| *number).collect();
        let slots = entries.iter().map(|(_, slot)| *slot).collect();
        let shift = shift(bits, numbers.len());
        let mut starts = Vec::with_capacity(numbers.len() + 2);
        for (index, number) in numbers.iter().enumerate() {
            let bucket = bucket(*number, shift);
            while starts.len() <= bucket {
                starts.push(index as u32);
            }
        }
        starts.push(numbers.len() as u32);
        Self {
            bits,
            numbers,
            slots,
            starts,
        }
    }

    pub(crate) fn bits(&self) -> u32 {
        self.bits
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// (number, slot), ascending.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, u32)> {
        self.numbers.iter().copied().zip(self.slots.iter().copied())
    }

    /// The place among the entries that this key or its fingerprint has.
    pub(crate) fn find(&self, key: u32) -> Option<usize> {
        let number = number(key, self.bits);
        let bucket = bucket(number, shift(self.bits, self.numbers.len()));
        let start = *self.starts.get(bucket)? as usize;
        let end = *self.starts.get(bucket + 1)? as usize;
        self.numbers[start..end]
            .binary_search(&number)
            .ok()
            .map(|index| start + index)
    }

    pub(crate) fn slot(&self, key: u32) -> Option<u32> {
        self.find(key).map(|index| self.slots[index])
    }
}

/// A key as a table of so many bits knows it: the key itself, or the highest bits of its hash.
pub(crate) fn number(key: u32, bits: u32) -> u32 {
    if bits == KEY_BITS {
        return key;
    }
    // The finalizer of MurmurHash3 (Austin Appleby), which maps no two keys to the same hash.
    let mut hash = (key ^ (key >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    (hash ^ (hash >> 16)) >> (KEY_BITS - bits)
}

/// Leaves about as many values as there are numbers.
fn shift(bits: u32, count: usize) -> u32 {
    bits.saturating_sub(usize::BITS - count.leading_zeros())
}

fn bucket(number: u32, shift: u32) -> usize {
    // A shift by all 32 bits is that of an empty table.
    number.checked_shr(shift).unwrap_or(0) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hashes_of_different_keys_differ() {
        let mut hashes: Vec<u32> = (0..200_000_u32)
            .map(|key| number(key.wrapping_mul(77), 31))
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        // Keys whose hashes differ in the lowest bit alone share the other 31: about 9 pairs of so many.
        assert!(hashes.len() > 199_950, "{}", hashes.len());
        assert_eq!(number(12_345, 32), 12_345);
    }

    proptest! {
        #[test]
        fn finds_what_is_there_and_nothing_else(
            mut keys in prop::collection::vec(prop_oneof![any::<u32>(), 0..300_u32], 0..200),
            others in prop::collection::vec(any::<u32>(), 20),
            bits in 1..=32_u32,
        ) {
            let mut numbers: Vec<u32> = keys.iter().map(|key| number(*key, bits)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let entries: Vec<(u32, u32)> = numbers.iter().map(|number| (*number, number ^ 5)).collect();
            let table = Table::new(bits, &entries);
            prop_assert_eq!(table.entries().collect::<Vec<_>>(), entries);
            keys.extend(others);
            for key in keys {
                let expected = numbers.binary_search(&number(key, bits)).ok();
                prop_assert_eq!(table.find(key), expected);
                prop_assert_eq!(table.slot(key), expected.map(|index| numbers[index] ^ 5));
            }
        }
    }
}
