//! A feature and what is asked of it.
//!
//! Invariant: the conditions of a column are numbered from `first` on, those that missing values don't meet before those
//! that they do.

use super::categories::Categories;
use super::conditions::{Condition, Question};
use super::thresholds::{MAX_THRESHOLDS, Thresholds};

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) feature: usize,
    /// Number of its first condition.
    pub(super) first: usize,
    pub(super) kind: ColumnKind,
}

#[derive(Clone, Debug)]
pub(super) enum ColumnKind {
    Numbers(Numbers),
    Sets(Sets),
}

/// Conditions on a number; of either kind in ascending order.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) thresholds: Thresholds,
    #[cfg(target_arch = "x86_64")]
    pub(super) table: super::batch::SearchTable,
    /// By condition: how many thresholds a number must be at or above. At least 1.
    pub(super) ranks: Box<[u8]>,
    /// How many conditions missing values don't meet.
    pub(super) missing_left: usize,
    /// By count of thresholds at or below a number: how many conditions of either kind it meets; last, the same of missing
    /// values.
    pub(super) met: Box<[[u8; 2]]>,
}

/// Conditions on a category.
#[derive(Clone, Debug)]
pub(super) struct Sets {
    pub(super) categories: Categories,
    pub(super) count: usize,
    /// How many conditions missing values don't meet.
    pub(super) missing_left: usize,
}

/// Columns of conditions, which are numbered from `first` on; `number` gets the index and number of each.
///
/// `used` has the indices of conditions in ascending order.
pub(super) fn columns(
    distinct: &[Condition<'_>],
    used: &[u32],
    first: usize,
    mut number: impl FnMut(u32, usize),
) -> Vec<Column> {
    let condition = |index: &u32| &distinct[*index as usize];
    let (mut columns, mut next) = (Vec::new(), first);
    let alike = |first: &u32, second: &u32| condition(first).asks_as(condition(second));
    for alike in used.chunk_by(alike) {
        let feature = usize::from(condition(&alike[0]).feature);
        let missing_left = alike.partition_point(|index| !condition(index).missing_right);
        let (mut left, mut right) = alike.split_at(missing_left);
        while !left.is_empty() || !right.is_empty() {
            let (left_before, right_before) = (left, right);
            let kind = if condition(&alike[0]).set().is_some() {
                (left, right) = (&[], &[]);
                ColumnKind::Sets(Sets {
                    categories: Categories::new(&sets(distinct, alike)),
                    count: alike.len(),
                    missing_left,
                })
            } else {
                ColumnKind::Numbers(Numbers::lowest(distinct, &mut left, &mut right))
            };
            columns.push(Column {
                feature,
                first: next,
                kind,
            });
            let left_taken = &left_before[..left_before.len() - left.len()];
            let right_taken = &right_before[..right_before.len() - right.len()];
            for index in left_taken.iter().chain(right_taken) {
                number(*index, next);
                next += 1;
            }
        }
    }
    columns
}

fn sets<'trees>(distinct: &[Condition<'trees>], alike: &[u32]) -> Vec<&'trees [u32]> {
    let set = |index: &u32| distinct[*index as usize].set();
    alike.iter().filter_map(set).collect()
}

impl Numbers {
    /// Takes conditions that ask for as many different numbers as a column may have, the lowest ones, from those that missing
    /// values don't meet and those that they do, both in ascending order.
    fn lowest<'used>(distinct: &[Condition<'_>], left: &mut &'used [u32], right: &mut &'used [u32]) -> Self {
        let mut sorted = Vec::new();
        let mut ranks = [Vec::new(), Vec::new()];
        let mut met = vec![[0, 0]];
        let threshold = |list: &[u32]| Some(distinct[*list.first()? as usize].threshold());
        while sorted.len() < MAX_THRESHOLDS {
            let lowest = match (threshold(left), threshold(right)) {
                (Some(first), Some(second)) => first.min(second),
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => break,
            };
            sorted.push(lowest);
            for (list, ranks) in [&mut *left, &mut *right].into_iter().zip(&mut ranks) {
                if threshold(list) == Some(lowest) {
                    *list = &list[1..];
                    ranks.push(sorted.len() as u8);
                }
            }
            met.push([ranks[0].len() as u8, ranks[1].len() as u8]);
        }
        met.push([0, ranks[1].len() as u8]);
        Self {
            thresholds: Thresholds::new(&sorted),
            #[cfg(target_arch = "x86_64")]
            table: super::batch::SearchTable::new(&sorted),
            missing_left: ranks[0].len(),
            ranks: ranks.concat().into(),
            met: met.into(),
        }
    }
}

impl<'trees> Condition<'trees> {
    fn set(&self) -> Option<&'trees [u32]> {
        match self.question {
            Question::Among(set) => Some(set),
            Question::AtLeast(_) => None,
        }
    }

    /// NaN of a set.
    fn threshold(&self) -> f32 {
        match self.question {
            Question::AtLeast(threshold) => threshold,
            Question::Among(_) => f32::NAN,
        }
    }

    /// Whether both ask the same kind of question of the same feature.
    fn asks_as(&self, other: &Self) -> bool {
        self.feature == other.feature && self.set().is_some() == other.set().is_some()
    }
}
