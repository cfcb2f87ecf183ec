//! Every kernel gives the bits of the plain evaluator and reaches the same leaves, natively and in WebAssembly.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

#[path = "engine_shapes/forest.rs"]
mod forest;
#[path = "engine_shapes/rows.rs"]
mod rows;
mod support;

use forest::{Forest, Growth};
use model_export::{Engine, Ensemble, FeatureModel, Kernel, Model, Node, Objective};
use support::Random;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Around the numbers of rows that kernels take at a time and that are too few for a block.
const SIZES: [usize; 18] = [
    0, 1, 2, 7, 47, 48, 63, 64, 65, 79, 80, 127, 129, 256, 300, 511, 513, 1100,
];

fn bits(margins: &[f32]) -> Vec<u32> {
    margins.iter().map(|margin| margin.to_bits()).collect()
}

/// Compares all kernels with the plain evaluator over rows, one by one and in batches of many sizes.
fn check_margins(name: &str, ensemble: &Ensemble, rows: &[f32]) {
    let (features, groups) = (ensemble.features(), ensemble.groups());
    let count = rows.len() / features;
    let mut expected = vec![0.0; count * groups];
    for (row, out) in rows.chunks_exact(features).zip(expected.chunks_exact_mut(groups)) {
        ensemble.margins(row, out);
    }
    let expected = bits(&expected);
    for kernel in Kernel::available() {
        let engine = Engine::with_kernel(ensemble, kernel).unwrap();
        let mut one = vec![f32::NAN; groups];
        for (index, row) in rows.chunks_exact(features).enumerate() {
            engine.margin_row(row, &mut one);
            let expected = &expected[index * groups..][..groups];
            assert_eq!(bits(&one), expected, "{name}: {kernel:?}, row {index} alone");
        }
        for size in SIZES.into_iter().filter(|size| *size <= count) {
            // From another row on for each size.
            let first = (count - size) / 2;
            let mut out = vec![f32::NAN; size * groups];
            engine.margins(&rows[first * features..][..size * features], &mut out);
            let differ = bits(&out)
                .iter()
                .zip(&expected[first * groups..])
                .position(|(a, b)| a != b);
            assert_eq!(differ, None, "{name}: {kernel:?}, {size} rows");
        }
    }
}

/// Compares all kernels with the plain evaluator leaf by leaf: every tree has a group of its own and gives the number of
/// its leaf.
fn check_leaves(name: &str, forest: &Forest, rows: &[f32]) {
    let numbered = forest.with_numbered_leaves().ensemble();
    let (features, trees) = (numbered.features(), numbered.trees());
    let mut leaves = vec![0; trees];
    let mut expected = Vec::with_capacity(rows.len() / features * trees);
    for row in rows.chunks_exact(features) {
        numbered.leaves(row, &mut leaves);
        let value = |(tree, leaf): (usize, &u32)| numbered.leaf_value(tree, *leaf).unwrap();
        expected.extend(leaves.iter().enumerate().map(value));
    }
    for kernel in Kernel::available() {
        let engine = Engine::with_kernel(&numbered, kernel).unwrap();
        let mut found = vec![f32::NAN; expected.len()];
        engine.margins(rows, &mut found);
        assert_eq!(found, expected, "{name}: {kernel:?}, many rows");
        for (row, found) in rows.chunks_exact(features).zip(found.chunks_exact_mut(trees)) {
            engine.margin_row(row, found);
        }
        assert_eq!(found, expected, "{name}: {kernel:?}, one row");
    }
}

fn check(name: &str, forest: &Forest, seed: u64) {
    let rows = rows::hostile(forest, 1100, seed);
    check_margins(name, &forest.ensemble(), &rows);
    let few = &rows[..130 * forest.features];
    check_leaves(name, forest, few);
}

#[test]
fn the_fastest_kernel_is_the_first_that_is_available() {
    let ensemble = Forest::grow(&mut Random::new(1), &Growth::default()).ensemble();
    let available = Kernel::available();
    assert_eq!(Engine::new(&ensemble).kernel(), available[0]);
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    assert_eq!(available, [Kernel::Simd128]);
    #[cfg(all(target_arch = "wasm32", not(target_feature = "simd128")))]
    assert_eq!(available, [Kernel::Portable]);
    assert!(Engine::with_kernel(&ensemble, available[0]).is_some());
}

#[test]
fn complete_trees_of_every_height_agree() {
    for height in 0..=12 {
        let growth = Growth {
            trees: if height > 9 { 3 } else { 11 },
            leaves: 1 << height,
            complete: true,
            ..Growth::default()
        };
        let forest = Forest::grow(&mut Random::new(100 + height), &growth);
        check(&format!("height {height}"), &forest, height);
    }
}

#[test]
fn trees_of_any_shape_agree() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let growth = Growth {
            trees: 1 + random.below(23) as usize,
            features: 1 + random.below(50) as usize,
            groups: [1, 1, 1, 3, 5][random.below(5) as usize],
            leaves: [1, 2, 9, 40, 200, 300][random.below(6) as usize],
            thresholds: [2, 30, 400, 5000][random.below(4) as usize],
            categorical: [0, 0, 3][random.below(3) as usize],
            ..Growth::default()
        };
        let forest = Forest::grow(&mut random, &growth);
        check(&format!("seed {seed}, {growth:?}"), &forest, seed);
    }
}

#[test]
fn heights_that_change_from_tree_to_tree_agree() {
    let mut random = Random::new(7);
    let mut forest = Forest::grow(
        &mut random,
        &Growth {
            trees: 0,
            groups: 3,
            ..Growth::default()
        },
    );
    for tree in 0..60 {
        let leaves = [1, 200, 3, 12, 1, 90, 17, 6][tree % 8];
        let complete = tree % 3 == 0;
        let growth = Growth {
            trees: 1,
            leaves,
            complete,
            groups: 3,
            ..Growth::default()
        };
        forest.append(Forest::grow(&mut random, &growth));
    }
    check("changing heights", &forest, 7);
}

#[test]
fn chains_of_many_levels_agree() {
    for length in [1, 4, 5, 8, 9, 16, 17, 63, 64, 70, 500] {
        for sides in [[0, 0], [1, 1], [0, 1]] {
            let forest = Forest::chains(&mut Random::new(length), length as usize, sides);
            check(&format!("chain of {length} to {sides:?}"), &forest, length);
        }
    }
}

#[test]
fn more_thresholds_than_one_column_holds_agree() {
    let growth = Growth {
        trees: 60,
        features: 2,
        leaves: 64,
        thresholds: 3000,
        ..Growth::default()
    };
    check("many thresholds", &Forest::grow(&mut Random::new(3), &growth), 3);
}

#[test]
fn more_conditions_than_one_part_holds_agree() {
    let growth = Growth {
        trees: 90,
        features: 9,
        leaves: 256,
        thresholds: 1 << 20,
        ..Growth::default()
    };
    let forest = Forest::grow(&mut Random::new(4), &growth);
    assert!(
        forest.ensemble().nodes() > 2 * 20_000,
        "the trees are to be split into parts"
    );
    check("many conditions", &forest, 4);
}

#[test]
fn trees_too_large_for_programs_and_parts_agree() {
    let mut random = Random::new(5);
    let shared = Growth {
        trees: 2,
        leaves: 60,
        thresholds: 50,
        ..Growth::default()
    };
    let mut forest = Forest::grow(&mut random, &shared);
    forest.append(Forest::grow(
        &mut random,
        &Growth {
            trees: 1,
            leaves: 5000,
            ..shared.clone()
        },
    ));
    forest.append(Forest::grow(
        &mut random,
        &Growth {
            trees: 1,
            leaves: 20_000,
            thresholds: 1 << 22,
            ..shared.clone()
        },
    ));
    forest.append(Forest::grow(&mut random, &shared));
    let rows = rows::hostile(&forest, 600, 5);
    check_margins("large trees", &forest.ensemble(), &rows);
    check_leaves("large trees", &forest, &rows[..130 * forest.features]);
}

#[test]
fn more_features_than_a_row_has_bytes_for_agree() {
    let growth = Growth {
        trees: 70,
        features: 400,
        leaves: 100,
        thresholds: 20,
        categorical: 50,
        ..Growth::default()
    };
    check("many features", &Forest::grow(&mut Random::new(6), &growth), 6);
    let growth = Growth {
        trees: 3,
        features: 65_536,
        leaves: 40,
        ..Growth::default()
    };
    let forest = Forest::grow(&mut Random::new(6), &growth);
    let rows = rows::hostile(&forest, 80, 6);
    check_margins("all features", &forest.ensemble(), &rows);
}

#[test]
fn sets_of_categories_agree() {
    for (seed, listed) in [(1, 3), (2, 40), (3, 600)] {
        let growth = Growth {
            trees: 40,
            features: 6,
            leaves: 60,
            categorical: 6,
            listed,
            ..Growth::default()
        };
        check(
            &format!("{listed} categories"),
            &Forest::grow(&mut Random::new(seed), &growth),
            seed,
        );
    }
}

#[test]
fn many_groups_agree() {
    for groups in [2, 64, 1024, 1030] {
        let growth = Growth {
            trees: 80,
            groups,
            leaves: 12,
            ..Growth::default()
        };
        let forest = Forest::grow(&mut Random::new(8), &growth);
        check_margins(
            &format!("{groups} groups"),
            &forest.ensemble(),
            &rows::hostile(&forest, 530, 8),
        );
    }
}

#[test]
fn an_ensemble_without_trees_gives_its_base_margins() {
    let ensemble = Ensemble::from_trees(-0.0, 3, Vec::new()).unwrap();
    check_margins("no trees", &ensemble, &[0.5; 3 * 1100]);
    let ensemble = Ensemble::from_trees(
        0.25,
        1,
        vec![vec![Node::Leaf {
            value: -0.25,
            cover: 1.0,
        }]],
    )
    .unwrap();
    check_margins("one leaf", &ensemble, &[f32::NAN; 1100]);
}

#[test]
fn models_predict_one_row_as_they_predict_many() {
    let model = support::model();
    let rows = support::rows(2500, 12);
    let one_by_one: Vec<_> = rows.iter().map(|row| model.predict(row)).collect();
    assert_eq!(model.predict_batch(&rows), one_by_one);
    assert_eq!(model.predict_batch(&[]), []);
    for (row, prediction) in rows.iter().zip(one_by_one) {
        let mut features = vec![0.0; model.encoder().width()];
        model.encoder().encode(row, &mut features);
        assert_eq!(prediction.margin, model.ensemble().margin(&features));
        assert_eq!(
            prediction.probability,
            model_export::probability(prediction.margin)
        );
    }
    assert_eq!(model.clone(), model);
    assert_eq!(Model::from_bytes(&model.to_bytes()).unwrap(), model);
}

#[test]
fn models_of_features_give_the_outputs_of_their_objective() {
    let growth = Growth {
        trees: 12,
        groups: 3,
        ..Growth::default()
    };
    let forest = Forest::grow(&mut Random::new(9), &growth);
    let rows = rows::hostile(&forest, 200, 9);
    for name in ["multi:softprob", "multi:softmax", "reg:squarederror"] {
        let objective = Objective::from_name(name).unwrap();
        let model =
            FeatureModel::new(forest.ensemble_for(objective), Vec::new(), support::provenance()).unwrap();
        let mut margins = vec![0.0; 200 * 3];
        model.margins(&rows, &mut margins);
        let mut expected = vec![0.0; 200 * model.outputs()];
        for (margins, out) in margins
            .chunks_exact(3)
            .zip(expected.chunks_exact_mut(model.outputs()))
        {
            objective.apply(margins, out);
        }
        let mut outputs = vec![f32::NAN; expected.len()];
        model.predict_batch(&rows, &mut outputs);
        assert_eq!(outputs, expected, "{name}");
        for (row, out) in rows
            .chunks_exact(forest.features)
            .zip(outputs.chunks_exact_mut(model.outputs()))
        {
            out.fill(f32::NAN);
            model.predict(row, out);
        }
        assert_eq!(outputs, expected, "{name}, one by one");
    }
}
