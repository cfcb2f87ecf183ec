//! Rows that come close to what trees ask.

use model_export::Node;

use crate::forest::Forest;
use crate::support::Random;

const SPECIAL: [f32; 14] = [
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    -0.0,
    0.0,
    1e-45,
    -1e-45,
    f32::MIN_POSITIVE,
    f32::MAX,
    f32::MIN,
    -0.5,
    2.75,
    16_777_215.0,
    16_777_216.0,
];

/// Values at, just below and just above what the trees ask of each feature, special ones, and missing ones.
pub(crate) fn hostile(forest: &Forest, count: usize, seed: u64) -> Vec<f32> {
    let mut asked = vec![Vec::new(); forest.features];
    for node in forest.trees.iter().flat_map(|tree| &tree.nodes) {
        match node {
            Node::Split {
                feature, threshold, ..
            } => asked[*feature as usize].push(*threshold),
            Node::CategorySplit {
                feature, categories, ..
            } => {
                asked[*feature as usize].extend(categories.iter().map(|category| *category as f32));
            }
            Node::Leaf { .. } => {}
        }
    }
    let mut random = Random::new(seed ^ 0x5eed);
    let mut rows = Vec::with_capacity(count * forest.features);
    for _ in 0..count {
        for asked in &asked {
            let near = match asked.len() {
                0 => 1.0,
                length => asked[random.below(length as u64) as usize],
            };
            rows.push(match random.below(12) {
                0 => f32::NAN,
                1 => SPECIAL[random.below(SPECIAL.len() as u64) as usize],
                2 | 3 => near.next_down(),
                4 | 5 => near.next_up(),
                6 => near + 0.5,
                7 => -near,
                _ => near,
            });
        }
    }
    rows
}
