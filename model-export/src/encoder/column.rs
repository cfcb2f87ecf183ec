//! One category column or cross: what its keys, its missing value and all rare keys are encoded as.
//!
//! Invariant: classes are distinct, ascending, and each is some key's; no key has what rare keys have by its fingerprint
//! alone, and an exception has something else than its fingerprint.

use super::table::{KEY_BITS, Table};
use crate::order;

/// Clicks and rows of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statistics {
    pub(crate) rows: u32,
    pub(crate) clicks: u32,
}

impl Statistics {
    /// Counts a row.
    pub(crate) fn add(&mut self, clicked: bool) {
        self.rows += 1;
        self.clicks += u32::from(clicked);
    }

    /// Numbers are in the order of statistics.
    fn to_number(self) -> u64 {
        u64::from(self.rows) << 32 | u64::from(self.clicks)
    }

    fn from_number(number: u64) -> Self {
        Self {
            rows: (number >> 32) as u32,
            clicks: number as u32,
        }
    }
}

/// The click rate of all fitted rows and its weight in a target mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Prior {
    rate: f64,
    weight: f64,
}

impl Prior {
    pub(crate) fn new(total: Statistics, weight: f64) -> Self {
        Self {
            rate: f64::from(total.clicks) / f64::from(total.rows),
            weight,
        }
    }

    /// Its weight among the rows of all folds but one.
    pub(crate) fn without_a_fold(self, folds: u8) -> Self {
        Self {
            weight: self.weight * f64::from(folds - 1) / f64::from(folds),
            ..self
        }
    }

    /// `(clicks + weight * rate) / (rows + weight)`.
    pub(crate) fn mean(&self, statistics: Statistics) -> f32 {
        let clicks = f64::from(statistics.clicks) + self.weight * self.rate;
        (clicks / (f64::from(statistics.rows) + self.weight)) as f32
    }

    pub(crate) fn features(&self, statistics: Statistics) -> [f32; 2] {
        [
            self.mean(statistics),
            libm::log1p(f64::from(statistics.rows)) as f32,
        ]
    }

    pub(crate) fn rare(&self) -> [f32; 2] {
        [self.rate as f32, 0.0]
    }
}

/// Of keys that are rare or were never seen.
pub(crate) const RARE_SLOT: u32 = 0;
/// Of rows where the column is empty.
pub(crate) const MISSING_SLOT: u32 = 1;
/// Of the first class; those of the others follow.
pub(crate) const FIRST_CLASS_SLOT: u32 = 2;

/// A column, ready to be asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    missing: Option<Statistics>,
    classes: Vec<Statistics>,
    keys: Table,
    exceptions: Table,
    /// Target mean and log count by slot.
    values: Vec<[f32; 2]>,
}

/// What makes a column: keys (or, with fewer than 32 bits, fingerprints) and what each of them has.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnParts {
    /// Of rows where the column is empty; `None` where they are encoded as rare keys are.
    pub(crate) missing: Option<Statistics>,
    pub(crate) bits: u32,
    /// Ascending by key, no two of the same.
    pub(crate) keys: Vec<(u32, Statistics)>,
    /// Keys that have something else than their fingerprints do; `None` is what rare keys have.
    pub(crate) exceptions: Vec<(u32, Option<Statistics>)>,
}

impl Column {
    pub(crate) fn new(parts: ColumnParts, prior: &Prior) -> Self {
        let own = parts.exceptions.iter().filter_map(|(_, own)| *own);
        let mut classes: Vec<u64> = parts
            .keys
            .iter()
            .map(|(_, own)| *own)
            .chain(own)
            .map(Statistics::to_number)
            .collect();
        order::distinct(&mut classes);
        let classes: Vec<Statistics> = classes.into_iter().map(Statistics::from_number).collect();
        let slot = |own: Statistics| {
            let class = classes.binary_search(&own);
            class.map_or(RARE_SLOT, |class| class as u32 + FIRST_CLASS_SLOT)
        };
        let keys: Vec<(u32, u32)> = parts.keys.iter().map(|(key, own)| (*key, slot(*own))).collect();
        let exceptions: Vec<(u32, u32)> = parts
            .exceptions
            .iter()
            .map(|(key, own)| (*key, own.map_or(RARE_SLOT, slot)))
            .collect();
        let rare = prior.rare();
        let missing = parts.missing.map_or(rare, |missing| prior.features(missing));
        let mut values = vec![rare, missing];
        values.extend(classes.iter().map(|class| prior.features(*class)));
        Self {
            missing: parts.missing,
            keys: Table::new(parts.bits, &keys),
            exceptions: Table::new(KEY_BITS, &exceptions),
            classes,
            values,
        }
    }

    /// What it is made of.
    pub(crate) fn parts(&self) -> ColumnParts {
        self.mapped_parts(&|slot| slot)
    }

    /// The column whose slots have what other slots have now. Keys of the rare slot are forgotten, and so are
    /// exceptions that their fingerprints come to agree with.
    pub(crate) fn mapped(&self, into: &dyn Fn(u32) -> u32, prior: &Prior) -> Self {
        Self::new(self.mapped_parts(into), prior)
    }

    fn mapped_parts(&self, into: &dyn Fn(u32) -> u32) -> ColumnParts {
        let own = |slot: u32| match into(slot) {
            _ if slot == RARE_SLOT => None,
            RARE_SLOT => None,
            MISSING_SLOT => self.missing,
            class => Some(self.classes[(class - FIRST_CLASS_SLOT) as usize]),
        };
        let keys = self.keys.entries();
        let exceptions = self.exceptions.entries().map(|(key, slot)| (key, own(slot)));
        let by_number = |key: u32| own(self.keys.slot(key).unwrap_or(RARE_SLOT));
        ColumnParts {
            missing: own(MISSING_SLOT),
            bits: self.keys.bits(),
            keys: keys.filter_map(|(key, slot)| Some((key, own(slot)?))).collect(),
            exceptions: exceptions.filter(|(key, own)| by_number(*key) != *own).collect(),
        }
    }

    pub(crate) fn missing(&self) -> Option<Statistics> {
        self.missing
    }

    pub(crate) fn classes(&self) -> &[Statistics] {
        &self.classes
    }

    pub(crate) fn keys(&self) -> &Table {
        &self.keys
    }

    /// Keys with features of their own.
    pub(crate) fn own_keys(&self) -> usize {
        let exceptions = self.exceptions.entries().filter(|(_, slot)| *slot != RARE_SLOT);
        self.keys.len() + exceptions.count()
    }

    /// What is encoded by slot.
    pub(crate) fn values(&self) -> &[[f32; 2]] {
        &self.values
    }

    pub(crate) fn slot(&self, key: Option<u32>) -> u32 {
        let Some(key) = key else {
            return if self.missing.is_some() {
                MISSING_SLOT
            } else {
                RARE_SLOT
            };
        };
        if self.exceptions.len() > 0
            && let Some(slot) = self.exceptions.slot(key)
        {
            return slot;
        }
        self.keys.slot(key).unwrap_or(RARE_SLOT)
    }
}
