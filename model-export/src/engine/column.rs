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
        let mut push = |conditions: &[u32], kind| {
            let first = next;
            for index in conditions {
                number(*index, next);
                next += 1;
            }
            columns.push(Column { feature, first, kind });
        };
        let sets: Vec<&[u32]> = alike.iter().filter_map(|index| condition(index).set()).collect();
        if !sets.is_empty() {
            let sets = Sets {
                categories: Categories::new(&sets),
                count: sets.len(),
                missing_left,
            };
            push(alike, ColumnKind::Sets(sets));
            continue;
        }
        let threshold = |index: &u32| condition(index).threshold();
        let (mut left, mut right) = alike.split_at(missing_left);
        while !left.is_empty() || !right.is_empty() {
            let sorted = lowest(left, right, threshold);
            let end = sorted[sorted.len() - 1];
            let (left_here, left_after) =
                left.split_at(left.partition_point(|index| threshold(index) <= end));
            let (right_here, right_after) =
                right.split_at(right.partition_point(|index| threshold(index) <= end));
            (left, right) = (left_after, right_after);
            let here = [left_here, right_here].concat();
            let asked: Vec<f32> = here.iter().map(threshold).collect();
            let numbers = Numbers::new(&sorted, &asked, left_here.len());
            push(&here, ColumnKind::Numbers(numbers));
        }
    }
    columns
}

/// The lowest thresholds of two ascending lists, as many as a column may have.
fn lowest(left: &[u32], right: &[u32], threshold: impl Fn(&u32) -> f32) -> Vec<f32> {
    let mut left = left.iter().map(&threshold).peekable();
    let mut right = right.iter().map(&threshold).peekable();
    let mut sorted = Vec::new();
    while sorted.len() < MAX_THRESHOLDS {
        let lowest = match (left.peek(), right.peek()) {
            (Some(first), Some(second)) => first.min(*second),
            (Some(only), None) | (None, Some(only)) => *only,
            (None, None) => break,
        };
        left.next_if(|value| *value == lowest);
        right.next_if(|value| *value == lowest);
        sorted.push(lowest);
    }
    sorted
}

impl Numbers {
    /// `asked` has the threshold of each condition.
    fn new(sorted: &[f32], asked: &[f32], missing_left: usize) -> Self {
        let rank = |value: &f32| sorted.partition_point(|threshold| threshold <= value) as u8;
        let ranks: Box<[u8]> = asked.iter().map(rank).collect();
        let (left, right) = ranks.split_at(missing_left);
        let met = |count: usize| {
            [left, right].map(|ranks| ranks.partition_point(|rank| usize::from(*rank) <= count) as u8)
        };
        let met_by_missing = [0, right.len() as u8];
        Self {
            thresholds: Thresholds::new(sorted),
            #[cfg(target_arch = "x86_64")]
            table: super::batch::SearchTable::new(sorted),
            met: (0..=sorted.len()).map(met).chain([met_by_missing]).collect(),
            missing_left,
            ranks,
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
