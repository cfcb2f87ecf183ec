//! The features that trees split on, and each one's thresholds with the number of splits that use them.

use crate::ensemble::{Ensemble, FlatNode};
use crate::format::coder::{Bit, Coder, Number};
use crate::order;

/// Decimal places that thresholds may have in common.
const POWERS: [f64; 8] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];
/// Stands for thresholds that are not decimals of so few places.
const NO_PLACES: usize = POWERS.len();
/// The largest integer that a decimal is a fraction of.
const LARGEST: f64 = (1 << 30) as f64;

/// What the trees need of a feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    pub(super) feature: u16,
    /// Splits on categories.
    pub(super) categorical: u32,
    /// Ascending in IEEE 754's total order.
    pub(super) thresholds: Vec<f32>,
    /// Splits of each threshold.
    pub(super) uses: Vec<u32>,
}

impl Table {
    /// Of all features that have splits, in their order.
    pub(super) fn of(ensemble: &Ensemble) -> Vec<Self> {
        let mut splits: Vec<&FlatNode> = ensemble
            .flat_nodes()
            .iter()
            .filter(|node| !node.is_leaf())
            .collect();
        splits.sort_by(|first, second| {
            let kind = |node: &FlatNode| (node.feature, node.categorical);
            let order = kind(first).cmp(&kind(second));
            order.then_with(|| first.value.total_cmp(&second.value))
        });
        let mut tables: Vec<Self> = Vec::new();
        for split in splits {
            if tables.last().is_none_or(|table| table.feature != split.feature) {
                tables.push(Self {
                    feature: split.feature,
                    ..Self::default()
                });
            }
            if let Some(table) = tables.last_mut() {
                table.count(split);
            }
        }
        tables
    }

    fn count(&mut self, split: &FlatNode) {
        if split.categorical {
            self.categorical += 1;
            return;
        }
        let last = self.thresholds.last().zip(self.uses.last_mut());
        match last {
            Some((threshold, uses)) if threshold.to_bits() == split.value.to_bits() => *uses += 1,
            _ => {
                self.thresholds.push(split.value);
                self.uses.push(1);
            }
        }
    }

    /// Splits on the feature.
    pub(super) fn splits(&self) -> u32 {
        self.categorical + self.uses.iter().sum::<u32>()
    }

    /// Where a threshold of this table is.
    pub(super) fn index(&self, threshold: f32) -> usize {
        let before = |other: &f32| other.total_cmp(&threshold).is_lt();
        self.thresholds.partition_point(before)
    }
}

/// Codes tables by the tables before them.
pub(super) struct Tables {
    counts: Number,
    gaps: Number,
    categorical: Number,
    places: [Bit; 16],
    /// By whether they are decimals.
    firsts: Number,
    /// Differences of thresholds: of decimals and of others, each by the length of the difference before.
    steps: [Number; 2],
    /// By the length of the number before.
    uses: Number,
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            counts: Number::default(),
            gaps: Number::default(),
            categorical: Number::default(),
            places: [Bit::default(); 16],
            firsts: Number::with_contexts(2),
            steps: [Number::with_contexts(33), Number::with_contexts(33)],
            uses: Number::with_contexts(33),
        }
    }

    /// Codes the tables of `features` features with `splits` splits.
    pub(super) fn code(
        &mut self,
        coder: &mut impl Coder,
        features: u32,
        splits: u32,
        given: &[Table],
    ) -> Result<Vec<Table>, &'static str> {
        let count = coder.number(&mut self.counts, given.len() as u32);
        if count > splits {
            return Err("more features are used than there are splits");
        }
        let mut tables = Vec::with_capacity(count as usize);
        let (mut next, mut left) = (0_u32, splits);
        let none = Table::default();
        for index in 0..count as usize {
            let given = given.get(index).unwrap_or(&none);
            let gap = coder.number(&mut self.gaps, u32::from(given.feature).wrapping_sub(next));
            let feature = next.checked_add(gap).filter(|feature| *feature < features);
            let feature = feature.ok_or("a split is on a feature that does not exist")?;
            next = feature + 1;
            let mut table = self.table(coder, &mut left, given)?;
            table.feature = feature as u16;
            tables.push(table);
        }
        if left > 0 {
            return Err("the features have fewer splits than there are");
        }
        Ok(tables)
    }

    fn table(
        &mut self,
        coder: &mut impl Coder,
        left: &mut u32,
        given: &Table,
    ) -> Result<Table, &'static str> {
        let count = coder.number(&mut self.counts, given.thresholds.len() as u32);
        let categorical = coder.number(&mut self.categorical, given.categorical);
        let rest = left.checked_sub(categorical).filter(|rest| count <= *rest);
        *left = rest.ok_or("the features have more splits than there are")?;
        if count == 0 && categorical == 0 {
            return Err("a feature has no splits");
        }
        let thresholds = self.thresholds(coder, count as usize, &given.thresholds)?;
        let mut uses = Vec::with_capacity(count as usize);
        let mut length = 0;
        for index in 0..count as usize {
            let more = given.uses.get(index).map_or(0, |uses| uses - 1);
            let more = coder.number_after(&mut self.uses, length, more);
            length = u32::BITS - more.leading_zeros();
            let rest = left.checked_sub(1).and_then(|left| left.checked_sub(more));
            *left = rest.ok_or("the features have more splits than there are")?;
            uses.push(more + 1);
        }
        Ok(Table {
            feature: 0,
            categorical,
            thresholds,
            uses,
        })
    }

    fn thresholds(
        &mut self,
        coder: &mut impl Coder,
        count: usize,
        given: &[f32],
    ) -> Result<Vec<f32>, &'static str> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let places = coder.symbol(&mut self.places, NO_PLACES as u32 + 1, places(given) as u32) as usize;
        let decimal = places < NO_PLACES;
        let mut thresholds: Vec<f32> = Vec::with_capacity(count);
        let (mut last, mut length) = (0_i64, 0);
        for index in 0..count {
            let given = given
                .get(index)
                .map_or(0, |given| position(*given, places).unwrap_or(0));
            last = if index > 0 {
                let step = (given - last - 1) as u32;
                let step = coder.number_after(&mut self.steps[usize::from(decimal)], length, step);
                length = u32::BITS - step.leading_zeros();
                last + 1 + i64::from(step)
            } else if decimal {
                i64::from(coder.signed(&mut self.firsts, 1, given as i32))
            } else {
                i64::from(coder.number_after(&mut self.firsts, 0, given as u32))
            };
            let threshold = threshold(last, places);
            let ascending = thresholds
                .last()
                .is_none_or(|before| before.total_cmp(&threshold).is_lt());
            if threshold.is_nan() || !ascending || position(threshold, places) != Some(last) {
                return Err("a threshold is not a number or not in its order");
            }
            thresholds.push(threshold);
        }
        if self::places(&thresholds) != places {
            return Err("thresholds have more decimal places than they need");
        }
        Ok(thresholds)
    }
}

/// The fewest decimal places that tell all of `thresholds`.
fn places(thresholds: &[f32]) -> usize {
    let tells = |places: &usize| {
        thresholds
            .iter()
            .all(|threshold| position(*threshold, *places).is_some())
    };
    (0..NO_PLACES).find(tells).unwrap_or(NO_PLACES)
}

/// The integer that the decimal is a fraction of, or the place among all `f32` in total order.
fn position(threshold: f32, places: usize) -> Option<i64> {
    let Some(power) = POWERS.get(places) else {
        return Some(i64::from(order::place(threshold)));
    };
    let integer = (f64::from(threshold) * power + 0.5).floor();
    let same = ((integer / power) as f32).to_bits() == threshold.to_bits();
    (integer.abs() <= LARGEST && same).then_some(integer as i64)
}

/// The reverse of [`position`].
fn threshold(position: i64, places: usize) -> f32 {
    match POWERS.get(places) {
        Some(power) => (position as f64 / power) as f32,
        None => order::at_place(position as u32),
    }
}

#[cfg(test)]
mod tests;
