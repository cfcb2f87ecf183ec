//! Ensembles of every kind that can be written, the same from the same seed on every run and platform.

use model_export::{Ensemble, FeatureModel, Node, Objective, Tree};

use super::Random;

/// A model of several classes with thresholds of every kind, categories, leaves of a learning rate, covers and names.
pub(crate) fn feature_model() -> FeatureModel {
    let random = &mut Random::new(77);
    let kinds = Kinds {
        features: 8,
        thresholds: 0,
        leaves: 2,
        covers: 1,
        categories: true,
    };
    let trees: Vec<Tree> = (0..18)
        .map(|tree| Tree {
            group: tree % 3,
            nodes: kinds.tree(random, 5),
        })
        .collect();
    let softprob = Objective::from_name("multi:softprob").unwrap();
    let ensemble = Ensemble::grouped(softprob, &[0.5, 0.5, -0.25], 8, &trees).unwrap();
    let names = (0..8).map(|feature| format!("feature {feature}")).collect();
    FeatureModel::new(ensemble, names, super::provenance()).unwrap()
}

/// A model of one margin with leaves of 12 bits, and without names and covers.
pub(crate) fn leaf_bits_model() -> FeatureModel {
    let random = &mut Random::new(78);
    let kinds = Kinds {
        features: 5,
        thresholds: 1,
        leaves: 2,
        covers: 0,
        categories: false,
    };
    let trees = (0..12).map(|_| kinds.tree(random, 6)).collect();
    let ensemble = Ensemble::from_trees(-0.5, 5, trees).unwrap();
    let rounded = ensemble.with_leaf_bits(12).unwrap().without_covers();
    FeatureModel::new(rounded, Vec::new(), super::provenance()).unwrap()
}

/// Anything from no tree to dozens of trees; every fifth has no covers.
pub(crate) fn ensemble(seed: u64) -> Ensemble {
    let random = &mut Random::new(seed);
    let kinds = Kinds::draw(random);
    let groups = 1 + random.below(4) * random.below(2);
    let depth = random.below(9);
    let trees: Vec<Tree> = (0..random.below(40))
        .map(|tree| Tree {
            group: match random.below(8) {
                0 => random.below(groups) as u32,
                _ => (tree % groups) as u32,
            },
            nodes: kinds.tree(random, depth),
        })
        .collect();
    let margins: Vec<f32> = (0..groups).map(|_| kinds.leaf(random)).collect();
    let objective = Objective::from_name("multi:softprob").unwrap();
    let ensemble = Ensemble::grouped(objective, &margins, kinds.features as usize, &trees).unwrap();
    if random.below(5) == 0 {
        ensemble.without_covers()
    } else {
        ensemble
    }
}

/// At most three small trees, without covers.
pub(crate) fn small_ensemble(seed: u64) -> Ensemble {
    let random = &mut Random::new(seed);
    let kinds = Kinds::draw(random);
    let trees = (0..random.below(4)).map(|_| kinds.tree(random, 2)).collect();
    let ensemble = Ensemble::from_trees(kinds.leaf(random), kinds.features as usize, trees);
    ensemble.unwrap().without_covers()
}

/// Any row of an ensemble's features, some missing.
pub(crate) fn row(features: usize, random: &mut Random) -> Vec<f32> {
    let value = |random: &mut Random| match random.below(6) {
        0 => f32::NAN,
        1 => random.below(40) as f32 - 4.0,
        2 => [f32::MAX, f32::MIN, -0.0, 0.0, 1e-45, -1.5][random.below(6) as usize],
        _ => (random.below(2001) as f32 - 1000.0) / 100.0,
    };
    (0..features).map(|_| value(random)).collect()
}

/// What an ensemble's numbers are like.
struct Kinds {
    features: u64,
    thresholds: u64,
    leaves: u64,
    covers: u64,
    categories: bool,
}

impl Kinds {
    fn draw(random: &mut Random) -> Self {
        Self {
            features: 1 + random.below(30) * random.below(2),
            thresholds: random.below(5),
            leaves: random.below(7),
            covers: random.below(4),
            categories: random.below(2) == 0,
        }
    }

    /// Up to `depth` levels below the root.
    fn tree(&self, random: &mut Random, depth: u64) -> Vec<Node> {
        let mut nodes = vec![Node::Leaf {
            value: 0.0,
            cover: 0.0,
        }];
        let mut level = vec![0];
        for below in (0..=depth).rev() {
            let mut next = Vec::new();
            for at in level {
                nodes[at] = if below > 0 && random.below(8) > 0 {
                    let left = nodes.len() as u32;
                    let leaf = Node::Leaf {
                        value: 0.0,
                        cover: 0.0,
                    };
                    nodes.extend([leaf.clone(), leaf]);
                    next.extend([left as usize, left as usize + 1]);
                    self.split(random, left)
                } else {
                    Node::Leaf {
                        value: self.leaf(random),
                        cover: self.cover(random),
                    }
                };
            }
            level = next;
        }
        nodes
    }

    fn split(&self, random: &mut Random, left: u32) -> Node {
        let feature = random.below(self.features) as u32;
        let (default_left, right) = (random.below(3) == 0, left + 1);
        let (gain, cover) = (1.0, self.cover(random));
        if self.categories && random.below(3) == 0 {
            let mut categories: Vec<u32> = (0..random.below(9)).map(|_| random.below(30) as u32).collect();
            categories.extend((random.below(9) == 0).then_some((1 << 24) - 1));
            categories.sort_unstable();
            categories.dedup();
            return Node::CategorySplit {
                feature,
                categories,
                default_left,
                left,
                right,
                gain,
                cover,
            };
        }
        Node::Split {
            feature,
            threshold: self.threshold(random, feature),
            default_left,
            left,
            right,
            gain,
            cover,
        }
    }

    fn threshold(&self, random: &mut Random, feature: u32) -> f32 {
        match (self.thresholds + u64::from(feature)) % 5 {
            0 => random.below(30) as f32 - 3.0,
            1 => (random.below(2001) as f64 - 1000.0) as f32 / 100.0,
            2 => any_float(random),
            3 => (random.below(1 << 20) as f32 / 77.0).sqrt(),
            _ => [0.0, -0.0, 1e-45, 1e30, -16_777_217.0][random.below(5) as usize],
        }
    }

    fn leaf(&self, random: &mut Random) -> f32 {
        let weight = (random.below(1 << 24) as f32 - 8e6) / (1e6 + random.below(1 << 26) as f32);
        match self.leaves {
            0 => any_float(random),
            1 => 0.3 * weight,
            2 => 0.045 * weight,
            3 => random.below(100) as f32 - 50.0,
            4 => (random.below(1 << 16) as f32 - 32768.0) / 4096.0,
            5 => [0.0, -0.0, 1e-40, -1e-45, 1.0][random.below(5) as usize],
            _ => 0.0,
        }
    }

    fn cover(&self, random: &mut Random) -> f32 {
        match self.covers {
            0 => random.below(1000) as f32,
            1 => random.below(1 << 24) as f32 / 4321.0,
            2 => any_float(random),
            _ => [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 7.0][random.below(5) as usize],
        }
    }
}

/// Any finite bits.
fn any_float(random: &mut Random) -> f32 {
    let float = f32::from_bits(random.below(1 << 32) as u32);
    if float.is_finite() { float } else { 0.0 }
}
