//! Random trees, the same on every run and platform.

use model_export::{Ensemble, Node, Objective, Tree};

use crate::support::Random;

/// What trees are like.
#[derive(Clone, Debug)]
pub(crate) struct Growth {
    pub(crate) trees: usize,
    pub(crate) features: usize,
    pub(crate) groups: usize,
    /// Of each tree.
    pub(crate) leaves: usize,
    /// Whether all leaves are on one level, if there are a power of two.
    pub(crate) complete: bool,
    /// Values that the thresholds of a feature are of.
    pub(crate) thresholds: u64,
    /// The first so many features have categories.
    pub(crate) categorical: usize,
    /// Categories of a set, at most.
    pub(crate) listed: u64,
}

impl Default for Growth {
    fn default() -> Self {
        Self {
            trees: 9,
            features: 12,
            groups: 1,
            leaves: 64,
            complete: false,
            thresholds: 60,
            categorical: 0,
            listed: 20,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Forest {
    pub(crate) features: usize,
    /// Margins before any tree.
    base_margins: Vec<f32>,
    pub(crate) trees: Vec<Tree>,
}

impl Forest {
    pub(crate) fn grow(random: &mut Random, growth: &Growth) -> Self {
        let tree = |index: usize, random: &mut Random| Tree {
            group: (index % growth.groups) as u32,
            nodes: grow_tree(random, growth),
        };
        Self {
            features: growth.features,
            base_margins: (0..growth.groups)
                .map(|group| group as f32 / 8.0 - 0.375)
                .collect(),
            trees: (0..growth.trees).map(|index| tree(index, random)).collect(),
        }
    }

    /// Trees that at every split have a leaf on one side and go on to the other: first to one of `sides`, then to the other.
    pub(crate) fn chains(random: &mut Random, length: usize, sides: [usize; 2]) -> Self {
        let growth = Growth::default();
        let chain = |random: &mut Random| {
            let mut nodes = Vec::new();
            for level in 0..length as u32 {
                let children = match sides[level as usize % 2] {
                    0 => [2 * level + 2, 2 * level + 1],
                    _ => [2 * level + 1, 2 * level + 2],
                };
                nodes.push(split(random, &growth, children));
                nodes.push(leaf(random));
            }
            nodes.push(leaf(random));
            Tree { group: 0, nodes }
        };
        Self {
            features: growth.features,
            base_margins: vec![0.125],
            trees: (0..5).map(|_| chain(random)).collect(),
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.trees.extend(other.trees);
    }

    pub(crate) fn ensemble(&self) -> Ensemble {
        self.ensemble_for(Objective::from_name("reg:squarederror").unwrap())
    }

    pub(crate) fn ensemble_for(&self, objective: Objective) -> Ensemble {
        Ensemble::grouped(objective, &self.base_margins, self.features, &self.trees).unwrap()
    }

    /// Each tree in a group of its own whose base margin is 0, and each leaf with a value that no other of the tree has.
    pub(crate) fn with_numbered_leaves(&self) -> Self {
        let mut numbered = self.clone();
        numbered.base_margins = vec![0.0; self.trees.len()];
        for (index, tree) in numbered.trees.iter_mut().enumerate() {
            tree.group = index as u32;
            for (number, node) in tree.nodes.iter_mut().enumerate() {
                if let Node::Leaf { value, .. } = node {
                    *value = number as f32 + 1.0;
                }
            }
        }
        numbered
    }
}

fn grow_tree(random: &mut Random, growth: &Growth) -> Vec<Node> {
    let mut nodes = vec![leaf(random)];
    // Leaves that may still be split, in the order they came.
    let mut open = vec![0];
    while nodes.len() < 2 * growth.leaves - 1 {
        let next = if growth.complete {
            0
        } else {
            random.below(open.len() as u64) as usize
        };
        let index: usize = open.remove(next);
        let children = [nodes.len() as u32, nodes.len() as u32 + 1];
        nodes[index] = split(random, growth, children);
        nodes.push(leaf(random));
        nodes.push(leaf(random));
        open.extend(children.map(|child| child as usize));
    }
    nodes
}

fn leaf(random: &mut Random) -> Node {
    let value = match random.below(20) {
        0 => -0.0,
        1 => 1e-42,
        2 => 3.0e7,
        _ => (random.below(20_001) as f32 - 10_000.0) / 3_000.0,
    };
    Node::Leaf { value, cover: 1.0 }
}

fn split(random: &mut Random, growth: &Growth, [left, right]: [u32; 2]) -> Node {
    let feature = random.below(growth.features as u64) as u32;
    let default_left = random.below(2) == 0;
    if (feature as usize) < growth.categorical {
        let spread = [3, 40, 1 << 24][feature as usize % 3];
        let count = random.below(growth.listed + 1);
        let mut categories: Vec<u32> = (0..count).map(|_| random.below(spread) as u32).collect();
        categories.sort_unstable();
        categories.dedup();
        return Node::CategorySplit {
            feature,
            categories,
            default_left,
            left,
            right,
            gain: 1.0,
            cover: 2.0,
        };
    }
    Node::Split {
        feature,
        threshold: threshold(feature, random.below(growth.thresholds), growth.thresholds),
        default_left,
        left,
        right,
        gain: 1.0,
        cover: 2.0,
    }
}

/// One of `count` thresholds of a feature, whose spacing depends on the feature.
fn threshold(feature: u32, index: u64, count: u64) -> f32 {
    let centred = index as f32 - count as f32 / 2.0;
    match feature % 6 {
        0 => centred / 16.0,
        1 => centred * centred * centred.signum() * 1e-3,
        2 => f32::from_bits(index as u32),
        3 => 2.0_f32.powi(index as i32 % 200 - 100) * if index.is_multiple_of(2) { -1.0 } else { 1.0 },
        4 => [
            0.0,
            -0.0,
            f32::MAX,
            f32::MIN,
            f32::MIN_POSITIVE,
            1e-45,
            -1e-45,
            1.0,
        ][index as usize % 8],
        _ => 1e6 + centred / 8.0,
    }
}
