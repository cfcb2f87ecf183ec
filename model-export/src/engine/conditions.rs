//! The distinct questions that the splits of an ensemble ask.
//!
//! Invariant: two splits have the same condition only when they ask of the same feature whether it is at or above the
//! same number, or in the same set of categories, and send missing values the same way; and then they do, unless two
//! sets are mixed to the same number.

use crate::ensemble::{Ensemble, FlatNode};
use crate::order;

/// Stands for a node that asks nothing.
const NONE: u32 = u32::MAX;

/// What a split asks: whether a row goes right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Condition<'trees> {
    pub(super) feature: u16,
    /// Whether missing values go right.
    pub(super) missing_right: bool,
    pub(super) question: Question<'trees>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Question<'trees> {
    /// Whether the value is at or above this number. Never a negative zero.
    AtLeast(f32),
    /// Whether the value is in this set.
    Among(&'trees [u32]),
}

/// All conditions of an ensemble: those of numbers by feature, direction of missing values and threshold, then those of
/// sets by feature and direction.
#[derive(Debug)]
pub(super) struct Conditions<'trees> {
    pub(super) distinct: Vec<Condition<'trees>>,
    /// By node: the index in `distinct`.
    by_node: Vec<u32>,
}

impl<'trees> Conditions<'trees> {
    pub(super) fn new(ensemble: &'trees Ensemble) -> Self {
        let nodes = ensemble.flat_nodes();
        // By what is asked, then by place: the number that is sorted by in the upper half, the node in the lower.
        let mut splits: Vec<u64> = Vec::new();
        for (node, index) in nodes.iter().zip(0..) {
            if !node.is_leaf() {
                splits.push(u64::from(asked(ensemble, node)) << 32 | index);
            }
        }
        order::by_upper_half(&mut splits);
        for split in &mut splits {
            let node = *split as u32;
            *split = u64::from(place(&nodes[node as usize])) << 32 | u64::from(node);
        }
        order::by_upper_half(&mut splits);
        let mut conditions = Self {
            distinct: Vec::new(),
            by_node: vec![NONE; nodes.len()],
        };
        for split in splits {
            let node = split as u32 as usize;
            let condition = Condition::new(ensemble, &nodes[node]);
            if conditions.distinct.last() != Some(&condition) {
                conditions.distinct.push(condition);
            }
            conditions.by_node[node] = conditions.distinct.len() as u32 - 1;
        }
        conditions
    }

    /// The condition of a split; `None` of a leaf.
    pub(super) fn of_node(&self, node: usize) -> Option<u32> {
        Some(self.by_node[node]).filter(|condition| *condition != NONE)
    }
}

impl<'trees> Condition<'trees> {
    fn new(ensemble: &'trees Ensemble, split: &FlatNode) -> Self {
        Self {
            feature: split.feature,
            missing_right: !split.default_left,
            question: match split.categorical {
                true => Question::Among(&ensemble.category_sets()[split.category_set()]),
                false => Question::AtLeast(split.value + 0.0),
            },
        }
    }
}

/// Puts splits that ask the same of a feature side by side, and thresholds into their order.
fn asked(ensemble: &Ensemble, split: &FlatNode) -> u32 {
    match Condition::new(ensemble, split).question {
        Question::AtLeast(threshold) => order::place(threshold),
        Question::Among(set) => mixed(set.iter().copied()),
    }
}

/// By kind of question, feature and direction of missing values.
fn place(split: &FlatNode) -> u32 {
    u32::from(split.categorical) << 17 | u32::from(split.feature) << 1 | u32::from(!split.default_left)
}

/// Almost always another number for another list.
pub(super) fn mixed(list: impl Iterator<Item = u32>) -> u32 {
    let mix = |mixed: u32, item: u32| (mixed.rotate_left(5) ^ item).wrapping_mul(0x9e37_79b1);
    list.fold(0, mix)
}
