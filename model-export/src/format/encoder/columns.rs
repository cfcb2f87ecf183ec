//! The coded stream of the encoder section: what is kept of each category column.

use crate::encoder::{ColumnParts, KEY_BITS, LEAST_SPARE_BITS, Statistics, number};
use crate::format::coder::{Bit, Coder, Number};

/// Features of a category column, by number: target mean and log count.
const FEATURES: [u32; 2] = [1, 2];

/// What is known of all columns, and what coding one teaches for the next.
pub(super) struct Columns {
    least_rows: u32,
    total: Statistics,
    most_keys: usize,
    features: Number,
    missing: [Number; 2],
    bits: [Bit; 32],
    counts: [Number; 2],
    /// Of keys and of exceptions, by how many there were before: whether another step follows.
    steps: [[Bit; MODELLED_STEPS]; 2],
    rows: Number,
    /// By rows, small numbers exactly, large ones by their length.
    clicks: Vec<Number>,
    exception_is_rare: Bit,
}

const MODELLED_STEPS: usize = 16;
const EXACT_ROWS: u32 = 16;

impl Columns {
    pub(super) fn new(least_rows: u32, total: Statistics, most_keys: usize) -> Self {
        Self {
            least_rows,
            total,
            most_keys,
            features: Number::default(),
            missing: Default::default(),
            bits: [Bit::default(); 32],
            counts: Default::default(),
            steps: [[Bit::default(); MODELLED_STEPS]; 2],
            rows: Number::default(),
            clicks: vec![Number::default(); (EXACT_ROWS + u32::BITS - EXACT_ROWS.ilog2()) as usize],
            exception_is_rare: Bit::default(),
        }
    }

    /// Writes the column it is given, or reads one and ignores what it is given.
    pub(super) fn code(
        &mut self,
        coder: &mut impl Coder,
        column: &ColumnParts,
    ) -> Result<ColumnParts, &'static str> {
        let mut features = vec![FEATURES.len() as u32];
        features.extend(FEATURES);
        for feature in features {
            if coder.number(&mut self.features, feature) != feature {
                return Err("a feature is not one that this reader knows");
            }
        }
        let missing = column.missing.unwrap_or_default();
        let [rows, clicks] = &mut self.missing;
        let mut missing = Statistics {
            rows: coder.number(rows, missing.rows),
            clicks: missing.clicks,
        };
        missing.clicks = coder.number(clicks, missing.clicks);
        if missing.clicks > missing.rows || missing.rows > self.total.rows {
            return Err("the rows and clicks of the missing value do not fit");
        }
        let bits = coder.symbol(&mut self.bits, KEY_BITS, column.bits.saturating_sub(1)) + 1;
        let count = self.count(coder, 0, column.keys.len(), bits)?;
        let mut keys = Vec::with_capacity(count);
        let mut next = 0;
        for index in 0..count {
            let (key, own) = column.keys.get(index).copied().unwrap_or_default();
            let key = self.key(coder, 0, bits, count, next, key)?;
            next = u64::from(key) + 1;
            keys.push((key, self.statistics(coder, own)?));
        }
        let mut exceptions = Vec::new();
        if bits < KEY_BITS {
            let count = self.count(coder, 1, column.exceptions.len(), KEY_BITS)?;
            next = 0;
            for index in 0..count {
                let (key, own) = column.exceptions.get(index).copied().unwrap_or_default();
                let key = self.key(coder, 1, KEY_BITS, count, next, key)?;
                next = u64::from(key) + 1;
                let rare = coder.bit(&mut self.exception_is_rare, own.is_none());
                let own = match rare {
                    true => None,
                    false => Some(self.statistics(coder, own.unwrap_or_default())?),
                };
                let by_fingerprint = keys.binary_search_by_key(&number(key, bits), |(number, _)| *number);
                if by_fingerprint.ok().map(|place| keys[place].1) == own {
                    return Err("an exception has what its fingerprint has");
                }
                exceptions.push((key, own));
            }
        }
        Ok(ColumnParts {
            missing: (missing.rows > 0).then_some(missing),
            bits,
            keys,
            exceptions,
        })
    }

    fn count(
        &mut self,
        coder: &mut impl Coder,
        list: usize,
        count: usize,
        bits: u32,
    ) -> Result<usize, &'static str> {
        let count = coder.number(&mut self.counts[list], count as u32);
        if length(count) + LEAST_SPARE_BITS > bits {
            return Err("there are too many keys for so few bits");
        }
        match usize::try_from(count) {
            Ok(count) if count <= self.most_keys => Ok(count),
            _ => Err("there are more keys than the section can hold"),
        }
    }

    /// A key that is at least `next`, as one of `count` that are spread over all numbers of so many bits: how many
    /// steps of about the average distance it is away, and where in that step.
    fn key(
        &mut self,
        coder: &mut impl Coder,
        list: usize,
        bits: u32,
        count: usize,
        next: u64,
        key: u32,
    ) -> Result<u32, &'static str> {
        let low_bits = bits - length(count as u32);
        let distance = u64::from(key).saturating_sub(next);
        let steps = distance >> low_bits;
        let mut taken = 0;
        loop {
            if (next + (taken << low_bits)) >> bits != 0 {
                return Err("a key is too large");
            }
            let model = &mut self.steps[list][(taken as usize).min(MODELLED_STEPS - 1)];
            if !coder.bit(model, taken < steps) {
                break;
            }
            taken += 1;
        }
        let low = coder.raw(low_bits, (distance & ((1 << low_bits) - 1)) as u32);
        let key = next + (taken << low_bits) + u64::from(low);
        if key >> bits != 0 {
            return Err("a key is too large");
        }
        Ok(key as u32)
    }

    fn statistics(&mut self, coder: &mut impl Coder, own: Statistics) -> Result<Statistics, &'static str> {
        let above = coder.number(&mut self.rows, own.rows.saturating_sub(self.least_rows));
        let rows = self
            .least_rows
            .checked_add(above)
            .filter(|rows| *rows <= self.total.rows);
        let rows = rows.ok_or("a key has more rows than there are")?;
        let model = match rows {
            0..EXACT_ROWS => rows,
            _ => EXACT_ROWS + length(rows) - length(EXACT_ROWS),
        };
        let clicks = coder.number(&mut self.clicks[model as usize], own.clicks);
        if clicks > rows {
            return Err("a key has more clicks than rows");
        }
        Ok(Statistics { rows, clicks })
    }
}

/// Bits of a number, from its highest that is set.
fn length(number: u32) -> u32 {
    u32::BITS - number.leading_zeros()
}
