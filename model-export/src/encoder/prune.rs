//! Smaller encoders: only what the trees can tell apart, fewer classes, fingerprints for keys.

use super::column::{Column, ColumnParts, FIRST_CLASS_SLOT, MISSING_SLOT, RARE_SLOT, Statistics};
use super::cuts::Cuts;
use super::table::{KEY_BITS, number};
use super::{Encoder, FittedEncoder};
use crate::ensemble::Ensemble;
use crate::order;

/// Bits that fingerprints have at least beyond those that number a column's keys.
pub(crate) const LEAST_SPARE_BITS: u32 = 4;

/// Keys of a category column or a cross that are encoded alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyClass {
    /// Target mean and log count.
    pub features: [f32; 2],
    /// Keys of the class.
    pub keys: usize,
    /// Training rows with one of them.
    pub rows: u64,
}

impl Encoder {
    /// The encoder that these trees can't tell from this one: the margins of every row are the same, bit for bit.
    ///
    /// Keys of a column are of one class where no split separates their features, and are forgotten where none
    /// separates them from the features of rare keys. Panics when the trees take fewer features than rows have.
    pub fn pruned(&self, ensemble: &Ensemble) -> Self {
        let cuts = Cuts::of(ensemble);
        self.mapped(|index, column| {
            let feature = self.numbers() + 2 * index;
            let bins = |[mean, count]: &[f32; 2]| (cuts.bin(feature, *mean), cuts.bin(feature + 1, *count));
            let bins: Vec<_> = column.values().iter().map(bins).collect();
            let mut slots: Vec<u64> = (0..bins.len() as u64)
                .filter(|slot| *slot != u64::from(MISSING_SLOT))
                .collect();
            let bins_of = |slot: &u64| bins[*slot as u32 as usize];
            let orders: [fn((usize, usize)) -> usize; 2] = [|(_, count)| count, |(mean, _)| mean];
            for order in orders {
                for slot in &mut slots {
                    *slot = (order(bins_of(slot)) as u64) << 32 | u64::from(*slot as u32);
                }
                order::by_upper_half(&mut slots);
            }
            let mut into = vec![RARE_SLOT; bins.len()];
            for alike in slots.chunk_by(|left, right| bins_of(left) == bins_of(right)) {
                // Sorting keeps the order of slots: the first is that of rare keys or of the least class.
                alike
                    .iter()
                    .for_each(|slot| into[*slot as u32 as usize] = alike[0] as u32);
            }
            if column.missing().is_none() || bins[MISSING_SLOT as usize] != bins[RARE_SLOT as usize] {
                into[MISSING_SLOT as usize] = MISSING_SLOT;
            }
            into
        })
    }

    /// Classes of a column with keys, which are numbered from 0: that of keys that are rare or were never seen, that
    /// of the missing value, then those of all other keys. Panics unless `column` is below [`Encoder::key_columns`].
    pub fn classes(&self, column: usize) -> usize {
        self.columns[column].values().len()
    }

    /// The encoder whose classes have the features of others: class `c` of column `i` with keys those of class
    /// `into(i, c)`. Keys that come to have the features of rare ones are forgotten.
    ///
    /// Unlike those of [`Encoder::pruned`], predictions change. Panics when there is no such class.
    pub fn merged(&self, into: impl Fn(usize, usize) -> usize) -> Self {
        self.mapped(|index, column| {
            let classes = 0..column.values().len();
            classes.map(|class| into(index, class) as u32).collect()
        })
    }

    /// The encoder with fingerprints for keys, so that a key that was never seen is taken for one with features of
    /// its own in at most one of `2^spare_bits` cases. Keys that were seen, be they rare, are never taken for others.
    ///
    /// `seen` is what this encoder was made from, `spare_bits` at least 4. A column stays as it is where keys are no
    /// longer than fingerprints would be, or where they are fingerprints already.
    pub fn hashed(&self, spare_bits: u32, seen: &FittedEncoder) -> Self {
        let prior = self.prior();
        let hash = |(index, column): (usize, &Column)| {
            let keys = column.keys();
            let bits = spare_bits.max(LEAST_SPARE_BITS) + (usize::BITS - keys.len().leading_zeros());
            if keys.len() == 0 || bits >= keys.bits() || keys.bits() < KEY_BITS {
                return column.clone();
            }
            Column::new(hashed(column.parts(), bits, seen.seen_keys(index)), &prior)
        };
        self.with_columns(self.columns.iter().enumerate().map(hash).collect())
    }

    /// How often a key that was never seen is taken for one with features of its own, in the column where that
    /// happens most; 0 where keys are kept whole.
    pub fn false_match_rate(&self) -> f64 {
        let rate = |column: &Column| match column.keys().bits() {
            KEY_BITS => 0.0,
            bits => column.keys().len() as f64 / (1_u64 << bits) as f64,
        };
        self.columns.iter().map(rate).fold(0.0, f64::max)
    }

    /// `into` gives what each slot of a column becomes.
    fn mapped(&self, into: impl Fn(usize, &Column) -> Vec<u32>) -> Self {
        let prior = self.prior();
        let map = |(index, column): (usize, &Column)| {
            let into = into(index, column);
            let kept = into.iter().zip(0..).all(|(into, slot)| *into == slot);
            if kept {
                return column.clone();
            }
            column.mapped(&|slot| into[slot as usize], &prior)
        };
        self.with_columns(self.columns.iter().enumerate().map(map).collect())
    }

    fn with_columns(&self, columns: Vec<Column>) -> Self {
        Self::from_parts(self.config.clone(), self.total, columns, self.schema.clone())
    }
}

impl FittedEncoder {
    /// The classes of a column with keys of an encoder that was made from this one. Panics unless `column` is below
    /// [`Encoder::key_columns`].
    pub fn classes(&self, encoder: &Encoder, column: usize) -> Vec<KeyClass> {
        let (made, fitted) = (&encoder.columns[column], &self.encoder().columns[column]);
        let class = |features: &[f32; 2]| KeyClass {
            features: *features,
            keys: 0,
            rows: 0,
        };
        let mut classes: Vec<KeyClass> = made.values().iter().map(class).collect();
        for (key, slot) in fitted.keys().entries() {
            let class = &mut classes[made.slot(Some(key)) as usize];
            class.keys += 1;
            class.rows += u64::from(fitted.classes()[(slot - FIRST_CLASS_SLOT) as usize].rows);
        }
        classes
    }
}

/// Fingerprints of so many bits for whole keys. `seen` is ascending and has all keys that must not be taken for others.
fn hashed(column: ColumnParts, bits: u32, seen: impl Iterator<Item = u32>) -> ColumnParts {
    let own = |key: u32| {
        let place = column.keys.binary_search_by_key(&key, |(key, _)| *key);
        place.ok().map(|place| column.keys[place].1)
    };
    let mut fingerprints: Vec<(u32, Statistics)> = column
        .keys
        .iter()
        .map(|(key, own)| (number(*key, bits), *own))
        .collect();
    // Of several keys with one fingerprint, those that are not the first are exceptions.
    fingerprints.sort_by_key(|(fingerprint, _)| *fingerprint);
    fingerprints.dedup_by_key(|(fingerprint, _)| *fingerprint);
    let by_fingerprint = |key: u32| {
        let place = fingerprints.binary_search_by_key(&number(key, bits), |(fingerprint, _)| *fingerprint);
        place.ok().map(|place| fingerprints[place].1)
    };
    let exceptions = seen
        .map(|key| (key, own(key)))
        .filter(|(key, own)| by_fingerprint(*key) != *own);
    ColumnParts {
        missing: column.missing,
        bits,
        exceptions: exceptions.collect(),
        keys: fingerprints,
    }
}

#[cfg(test)]
mod tests;
