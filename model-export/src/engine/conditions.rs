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
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition<'trees> {
    pub(super) feature: u16,
    /// Whether missing values go right.
    pub(super) missing_right: bool,
    pub(super) question: Question<'trees>,
}

#[derive(Clone, Copy, Debug)]
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
        let mut conditions = Self {
            distinct: Vec::new(),
            by_node: vec![NONE; ensemble.nodes()],
        };
        conditions.add_numbers(ensemble);
        conditions.add_sets(ensemble);
        conditions
    }

    /// The condition of a split; `None` of a leaf.
    pub(super) fn of_node(&self, node: usize) -> Option<u32> {
        Some(self.by_node[node]).filter(|condition| *condition != NONE)
    }

    fn add_numbers(&mut self, ensemble: &Ensemble) {
        let nodes = ensemble.flat_nodes();
        let mut splits = splits(ensemble, |node| {
            (!node.categorical).then(|| order::place(node.value + 0.0))
        });
        by_place(&mut splits, nodes);
        let mut last = None;
        for split in splits {
            let node = split as u32;
            let of_node = &nodes[node as usize];
            let asked = (place(of_node), order::place(of_node.value + 0.0));
            if last != Some(asked) {
                last = Some(asked);
                self.distinct.push(Condition {
                    feature: of_node.feature,
                    missing_right: !of_node.default_left,
                    question: Question::AtLeast(of_node.value + 0.0),
                });
            }
            self.by_node[node as usize] = self.distinct.len() as u32 - 1;
        }
    }

    fn add_sets(&mut self, ensemble: &'trees Ensemble) {
        let nodes = ensemble.flat_nodes();
        let set = |node: &FlatNode| &*ensemble.category_sets()[node.category_set()];
        let mut splits = splits(ensemble, |node| {
            node.categorical.then(|| mixed(set(node).iter().copied()))
        });
        by_place(&mut splits, nodes);
        let mut last = None;
        for split in splits {
            let node = split as u32;
            let of_node = &nodes[node as usize];
            let asked = (place(of_node), set(of_node));
            if last != Some(asked) {
                last = Some(asked);
                self.distinct.push(Condition {
                    feature: of_node.feature,
                    missing_right: !of_node.default_left,
                    question: Question::Among(asked.1),
                });
            }
            self.by_node[node as usize] = self.distinct.len() as u32 - 1;
        }
    }
}

/// Splits with a key, by that key: the key in the upper half, the node in the lower.
fn splits(ensemble: &Ensemble, key: impl Fn(&FlatNode) -> Option<u32>) -> Vec<u64> {
    let nodes = ensemble.flat_nodes().iter().zip(0..);
    let mut splits: Vec<u64> = nodes
        .filter(|(node, _)| !node.is_leaf())
        .filter_map(|(node, index)| Some(u64::from(key(node)?) << 32 | index))
        .collect();
    order::by_upper_half(&mut splits);
    splits
}

/// Sorts splits by feature and direction of missing values; those alike there stay in their order.
fn by_place(splits: &mut Vec<u64>, nodes: &[FlatNode]) {
    for split in &mut *splits {
        let node = *split as u32;
        *split = u64::from(place(&nodes[node as usize])) << 32 | u64::from(node);
    }
    order::by_upper_half(splits);
}

fn place(node: &FlatNode) -> u32 {
    u32::from(node.feature) << 1 | u32::from(!node.default_left)
}

/// Almost always another number for another list.
pub(super) fn mixed(list: impl Iterator<Item = u32>) -> u32 {
    let mix = |mixed: u32, item: u32| (mixed.rotate_left(5) ^ item).wrapping_mul(0x9e37_79b1);
    list.fold(0, mix)
}
