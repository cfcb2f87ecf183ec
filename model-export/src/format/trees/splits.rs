//! Splits: the feature, then the threshold or the categories, then where missing values go.

use super::pool::Pool;
use super::tables::Table;
use super::uses::Uses;
use super::walk::{Known, Nodes, is_right};
use crate::ensemble::{FlatNode, MAX_CATEGORY};
use crate::format::coder::{Bit, Coder, Number};

/// How far up a split looks for ancestors on its feature.
const ANCESTORS: usize = 32;
/// Parts of the share of rows to the left that are told apart.
const PARTS: usize = 8;

/// What later nodes want to know of a split.
#[derive(Clone, Copy)]
pub(super) struct Drawn {
    /// Where its feature's table is.
    pub(super) table: u32,
    /// Where its threshold is in the table; none for a split on categories.
    threshold: Option<u32>,
    pub(super) default_left: bool,
    /// The estimated share of the rows with a value that go left.
    pub(super) share: f64,
}

/// Tables, some of which can't be told apart.
#[derive(Clone, Copy, Default)]
pub(super) struct TableSet(u64);

impl TableSet {
    pub(super) fn with(self, table: u32) -> Self {
        Self(self.0 | 1 << (table % u64::BITS))
    }

    /// Whether the table may be among them.
    fn may_have(self, table: u32) -> bool {
        self.0 >> (table % u64::BITS) & 1 == 1
    }
}

/// What a split's ancestors on its feature leave.
struct Above {
    /// The first threshold, and the end of the thresholds.
    limits: (usize, usize),
    /// 0 without such an ancestor; 1 where missing values went the same way at the nearest, else 2.
    missing: usize,
}

/// Codes splits by the splits before them.
pub(super) struct Splits<'tables> {
    tables: &'tables [Table],
    features: Pool,
    uses: Vec<Uses>,
    categorical_left: Vec<u32>,
    /// Categories that are left for all sets.
    categories_left: usize,
    outside: Bit,
    directions: Vec<Bit>,
    set_sizes: Number,
    set_gaps: Number,
}

impl<'tables> Splits<'tables> {
    pub(super) fn new(tables: &'tables [Table], categories: usize) -> Self {
        let splits: Vec<u32> = tables.iter().map(Table::splits).collect();
        Self {
            tables,
            features: Pool::new(&splits),
            uses: tables.iter().map(|table| Uses::new(&table.uses)).collect(),
            categorical_left: tables.iter().map(|table| table.categorical).collect(),
            categories_left: categories,
            outside: Bit::default(),
            directions: vec![Bit::default(); 3 * (PARTS + tables.len())],
            set_sizes: Number::default(),
            set_gaps: Number::default(),
        }
    }

    /// Whether all splits and categories have come.
    pub(super) fn is_complete(&self) -> bool {
        self.features.left() == 0 && self.categories_left == 0
    }

    /// Codes the split at `at`, whose children are from `left` on, and appends it to `out`.
    pub(super) fn code(
        &mut self,
        coder: &mut impl Coder,
        known: &[Known],
        at: usize,
        (given, given_set): (Option<&FlatNode>, &[u32]),
        left: u32,
        out: &mut Nodes,
    ) -> Result<Drawn, &'static str> {
        let splits_left = self.features.left();
        if splits_left == 0 {
            return Err("the trees have more splits than their features");
        }
        let table_of = |node: &FlatNode| self.tables.partition_point(|table| table.feature < node.feature);
        let rank = self
            .features
            .draw(coder, 0, splits_left, given.map_or(0, table_of));
        let table = &self.tables[rank];
        let categorical = self.code_kind(coder, rank, given);
        let above = above(known, at, rank as u32, table.thresholds.len());
        let (value, threshold, share) = if categorical {
            self.categorical_left[rank] -= 1;
            let set = out.category_sets.len() as u32;
            let categories = self.code_set(coder, given_set)?;
            out.category_sets.push(categories);
            (f32::from_bits(set), None, 0.5)
        } else {
            let given = given.map_or(0, |node| table.index(node.value));
            let (index, share) = self.uses[rank].draw(coder, &mut self.outside, above.limits, given)?;
            (table.thresholds[index], Some(index as u32), share)
        };
        let part = ((share * PARTS as f64) as usize).min(PARTS - 1);
        let contexts = [part, PARTS + rank].map(|context| 3 * context + above.missing);
        let given = given.is_some_and(|node| node.default_left);
        let default_left = coder.shared_bit(&mut self.directions, contexts, given);
        out.nodes.push(FlatNode {
            value,
            left,
            feature: table.feature,
            default_left,
            categorical,
        });
        Ok(Drawn {
            table: rank as u32,
            threshold,
            default_left,
            share,
        })
    }

    /// Whether a split is on categories, of those that its feature still has of each kind.
    fn code_kind(&self, coder: &mut impl Coder, rank: usize, given: Option<&FlatNode>) -> bool {
        let (sets, thresholds) = (self.categorical_left[rank], self.uses[rank].left());
        if sets == 0 || thresholds == 0 {
            return sets > 0;
        }
        let given = given.is_some_and(|node| !node.categorical);
        code_kind(coder, sets, thresholds, given)
    }

    #[inline(never)]
    fn code_set(&mut self, coder: &mut impl Coder, given: &[u32]) -> Result<Box<[u32]>, &'static str> {
        let count = coder.number(&mut self.set_sizes, given.len() as u32) as usize;
        let left = self.categories_left.checked_sub(count);
        self.categories_left = left.ok_or("the sets have more categories than there are")?;
        let mut set = Vec::with_capacity(count);
        let mut next = 0;
        for index in 0..count {
            let gap = given.get(index).map_or(0, |category| category - next);
            let category = coder.number(&mut self.set_gaps, gap).saturating_add(next);
            if category >= MAX_CATEGORY {
                return Err("a category is 2^24 or above");
            }
            set.push(category);
            next = category + 1;
        }
        Ok(set.into_boxed_slice())
    }
}

/// Whether a split is on categories, of `sets` splits that are and `thresholds` that are not.
#[inline(never)]
fn code_kind(coder: &mut impl Coder, sets: u32, thresholds: u32, is_threshold: bool) -> bool {
    let categorical = coder.place(sets + thresholds, if is_threshold { sets } else { 0 }) < sets;
    let (from, size) = if categorical {
        (0, sets)
    } else {
        (sets, thresholds)
    };
    coder.take(sets + thresholds, from, size);
    categorical
}

fn above(known: &[Known], at: usize, table: u32, thresholds: usize) -> Above {
    let (mut low, mut high, mut missing) = (0, thresholds, 0);
    let mut child = if known[at].above.may_have(table) { at } else { 0 };
    for _ in 0..ANCESTORS {
        if child == 0 {
            break;
        }
        let parent = known[child].parent as usize;
        if let Some(split) = known[parent].split.filter(|split| split.table == table) {
            let right = is_right(child);
            match split.threshold {
                Some(threshold) if right => low = low.max(threshold as usize + 1),
                Some(threshold) => high = high.min(threshold as usize),
                None => {}
            }
            if missing == 0 {
                missing = 1 + usize::from(right == split.default_left);
            }
        }
        child = parent;
    }
    Above {
        limits: (low, high),
        missing,
    }
}
