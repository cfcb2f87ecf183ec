//! The distinct questions that the splits of an ensemble ask.
//!
//! Invariant: two splits have the same condition exactly when they ask of the same feature whether it is at or above
//! the same number, or in the same set of categories, and send missing values the same way.

use crate::ensemble::Ensemble;

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
/// sets by feature, direction and set.
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
        let splits = || {
            nodes
                .iter()
                .enumerate()
                .filter(|(_, node)| !node.is_leaf() && !node.categorical)
        };
        let place = |feature: u16, default_left: bool| usize::from(feature) * 2 + usize::from(!default_left);
        let mut ends = vec![0_usize; ensemble.features() * 2 + 1];
        for (_, node) in splits() {
            ends[place(node.feature, node.default_left) + 1] += 1;
        }
        for index in 1..ends.len() {
            ends[index] += ends[index - 1];
        }
        let mut sorted = vec![0_u64; ends[ends.len() - 1]];
        for (index, node) in splits() {
            let end = &mut ends[place(node.feature, node.default_left)];
            sorted[*end] = u64::from(order(node.value)) << 32 | index as u64;
            *end += 1;
        }
        let mut start = 0;
        for (place, end) in ends[..ensemble.features() * 2].iter().enumerate() {
            let same = &mut sorted[start..*end];
            start = *end;
            same.sort_unstable();
            let mut last = None;
            for key in same {
                let (order, node) = ((*key >> 32) as u32, *key as u32);
                if last != Some(order) {
                    last = Some(order);
                    self.distinct.push(Condition {
                        feature: (place / 2) as u16,
                        missing_right: place % 2 == 1,
                        question: Question::AtLeast(number(order)),
                    });
                }
                self.by_node[node as usize] = self.distinct.len() as u32 - 1;
            }
        }
    }

    fn add_sets(&mut self, ensemble: &'trees Ensemble) {
        let sets = ensemble.category_sets();
        let nodes = ensemble.flat_nodes().iter().enumerate();
        let mut splits: Vec<_> = nodes
            .filter(|(_, node)| !node.is_leaf() && node.categorical)
            .map(|(index, node)| {
                (
                    node.feature,
                    !node.default_left,
                    &*sets[node.category_set()],
                    index,
                )
            })
            .collect();
        splits.sort_unstable();
        let mut last = None;
        for (feature, missing_right, set, node) in splits {
            if last != Some((feature, missing_right, set)) {
                last = Some((feature, missing_right, set));
                self.distinct.push(Condition {
                    feature,
                    missing_right,
                    question: Question::Among(set),
                });
            }
            self.by_node[node] = self.distinct.len() as u32 - 1;
        }
    }
}

/// Numbers in the order of their values; a negative zero becomes a zero.
fn order(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    bits ^ ((bits as i32 >> 31) as u32 | 1 << 31)
}

fn number(order: u32) -> f32 {
    f32::from_bits(order ^ ((!order as i32 >> 31) as u32 | 1 << 31))
}
