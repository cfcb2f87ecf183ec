//! Every kernel that runs here against the plain evaluator, bit for bit: natively by `cargo test`, in WebAssembly by
//! `wasm-bindgen-test-runner`.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use model_export::{Engine, Ensemble, Kernel, Node, Objective, Tree};
use support::{Random, forest};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test;

/// Compares `count` rows, taken together and one by one, on every kernel.
fn assert_same_bits(ensemble: &Ensemble, rows: &[f32], what: &str) {
    let (features, groups) = (ensemble.features(), ensemble.groups());
    let assert_equal = |found: &[f32], expected: &[f32], how: &str| {
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            let (row, group) = (at / groups, at % groups);
            assert_eq!(
                found.to_bits(),
                expected.to_bits(),
                "{how}, row {row}, group {group}: {found} {expected} of {:?}",
                &rows[row * features..][..features]
            );
        }
    };
    let mut expected = vec![0.0; rows.len() / features * groups];
    for (row, out) in rows.chunks_exact(features).zip(expected.chunks_exact_mut(groups)) {
        ensemble.margins(row, out);
    }
    let kernels = Kernel::available();
    assert!(!kernels.is_empty());
    for kernel in kernels {
        let engine = Engine::with_kernel(ensemble, kernel).unwrap();
        let mut found = vec![f32::NAN; expected.len()];
        engine.margins(rows, &mut found);
        assert_equal(&found, &expected, &format!("{what}, {kernel:?}, together"));
        found.fill(f32::NAN);
        for (row, out) in rows.chunks_exact(features).zip(found.chunks_exact_mut(groups)) {
            engine.margin_row(row, out);
        }
        assert_equal(&found, &expected, &format!("{what}, {kernel:?}, one by one"));
    }
}

fn rows(ensemble: &Ensemble, count: usize, seed: u64) -> Vec<f32> {
    let random = &mut Random::new(seed);
    (0..count)
        .flat_map(|_| forest::row(ensemble.features(), random))
        .collect()
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn ensembles_of_every_kind_and_any_number_of_rows() {
    let counts = [0, 1, 7, 15, 63, 64, 65, 127, 128, 255, 257, 511, 512, 513, 1100];
    for seed in 0..240_u64 {
        let ensemble = forest::ensemble(seed);
        let count = counts[seed as usize % counts.len()];
        assert_same_bits(
            &ensemble,
            &rows(&ensemble, count, seed ^ 0x5eed),
            &format!("seed {seed}"),
        );
    }
}

/// A chain: each split's right child is the next one.
fn chain(levels: u32, random: &mut Random) -> Vec<Node> {
    let splits: Vec<Node> = (0..levels)
        .flat_map(|level| {
            let split = Node::Split {
                feature: random.below(3) as u32,
                threshold: random.below(64) as f32 / 4.0 - 8.0,
                default_left: random.below(8) == 0,
                left: 2 * level + 1,
                right: 2 * level + 2,
                gain: 0.0,
                cover: 1.0,
            };
            let value = random.below(1000) as f32 / 777.0;
            [split, Node::Leaf { value, cover: 1.0 }]
        })
        .collect();
    let last = Node::Leaf {
        value: -0.125,
        cover: 1.0,
    };
    splits.into_iter().chain([last]).collect()
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn deep_trees_beside_shallow_ones() {
    let random = &mut Random::new(3);
    for levels in [1, 9, 17, 33, 70, 300, 512] {
        let trees = [levels, 2, levels, 0, 5].map(|levels| chain(levels, random));
        let ensemble = Ensemble::from_trees(0.1, 3, trees.to_vec()).unwrap();
        assert_same_bits(
            &ensemble,
            &rows(&ensemble, 600, u64::from(levels)),
            &format!("{levels} levels"),
        );
    }
}

/// Full trees whose thresholds are all different.
fn full(depth: u32, features: u64, random: &mut Random) -> Vec<Node> {
    let splits = (1_u32 << depth) - 1;
    let node = |index: u32| {
        if index >= splits {
            let value = random.below(100_000) as f32 / 99_991.0 - 0.5;
            return Node::Leaf { value, cover: 1.0 };
        }
        Node::Split {
            feature: random.below(features) as u32,
            threshold: random.below(1 << 24) as f32 / 65_536.0 - 128.0,
            default_left: random.below(2) == 0,
            left: 2 * index + 1,
            right: 2 * index + 2,
            gain: 0.0,
            cover: 1.0,
        }
    };
    (0..=2 * splits).map(node).collect()
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn many_thresholds_of_few_features() {
    let random = &mut Random::new(4);
    for (trees, depth, features) in [(40, 7, 2), (3, 13, 1), (2, 16, 1), (300, 4, 200)] {
        let trees: Vec<Vec<Node>> = (0..trees).map(|_| full(depth, features, random)).collect();
        let ensemble = Ensemble::from_trees(0.0, features as usize, trees).unwrap();
        let mut rows = vec![0.0; 700 * features as usize];
        for value in &mut rows {
            *value = match random.below(9) {
                0 => f32::NAN,
                1 => [f32::INFINITY, f32::NEG_INFINITY, -0.0][random.below(3) as usize],
                _ => random.below(1 << 24) as f32 / 65_536.0 - 128.0,
            };
        }
        assert_same_bits(&ensemble, &rows, &format!("depth {depth}, {features} features"));
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn thresholds_at_the_ends_of_numbers() {
    let ends = [
        f32::NEG_INFINITY,
        f32::MIN,
        -1e-45,
        -0.0,
        0.0,
        1e-45,
        f32::MAX,
        f32::INFINITY,
    ];
    let stump = |threshold: f32, default_left| {
        let leaf = |value| Node::Leaf { value, cover: 1.0 };
        let split = Node::Split {
            feature: 0,
            threshold,
            default_left,
            left: 1,
            right: 2,
            gain: 0.0,
            cover: 1.0,
        };
        vec![split, leaf(threshold.clamp(-7.0, 7.0) - 0.1), leaf(0.3)]
    };
    let trees: Vec<Vec<Node>> = ends
        .iter()
        .flat_map(|end| [stump(*end, true), stump(*end, false)])
        .collect();
    let values: Vec<f32> = ends.iter().copied().chain([f32::NAN]).cycle().take(900).collect();
    let together = Ensemble::from_trees(0.5, 1, trees.clone()).unwrap();
    assert_same_bits(&together, &values, "all ends");
    for tree in trees {
        let alone = Ensemble::from_trees(0.5, 1, vec![tree.clone()]).unwrap();
        assert_same_bits(&alone, &values, &format!("{:?}", tree[0]));
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn categories_of_any_value() {
    let random = &mut Random::new(6);
    let split = |random: &mut Random, left: u32| {
        let count = 1 + random.below(40);
        let mut categories: Vec<u32> = (0..count)
            .map(|_| {
                let limit = [8, 300, 1 << 24][random.below(3) as usize];
                random.below(limit) as u32
            })
            .collect();
        categories.sort_unstable();
        categories.dedup();
        Node::CategorySplit {
            feature: random.below(2) as u32,
            categories,
            default_left: random.below(2) == 0,
            left,
            right: left + 1,
            gain: 0.0,
            cover: 1.0,
        }
    };
    let trees: Vec<Tree> = (0..60)
        .map(|tree| {
            let mut nodes: Vec<Node> = (0..7).map(|index| split(random, 2 * index + 1)).collect();
            nodes.extend((0..8).map(|leaf| Node::Leaf {
                value: leaf as f32 / 7.0 - tree as f32,
                cover: 1.0,
            }));
            Tree {
                group: tree % 2,
                nodes,
            }
        })
        .collect();
    let softprob = Objective::from_name("multi:softprob").unwrap();
    let ensemble = Ensemble::grouped(softprob, &[0.25, -0.5], 2, &trees).unwrap();
    let rows: Vec<f32> = (0..2 * 800)
        .map(|_| match random.below(8) {
            0 => f32::NAN,
            1 => [
                -1.0,
                -0.5,
                -0.0,
                2.5,
                16_777_215.0,
                16_777_216.0,
                f32::INFINITY,
                f32::MIN,
            ][random.below(8) as usize],
            2 => random.below(1 << 24) as f32,
            _ => random.below(12) as f32,
        })
        .collect();
    assert_same_bits(&ensemble, &rows, "categories");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn the_reference_shape() {
    let random = &mut Random::new(5);
    let trees: Vec<Vec<Node>> = (0..60).map(|_| full(8, 39, random)).collect();
    let ensemble = Ensemble::from_trees(-1.0, 39, trees).unwrap();
    let values: Vec<f32> = (0..39 * 1037)
        .map(|_| match random.below(10) {
            0 => f32::NAN,
            _ => random.below(1 << 24) as f32 / 65_536.0 - 128.0,
        })
        .collect();
    assert_same_bits(&ensemble, &values, "60 trees of 8 levels");
}
