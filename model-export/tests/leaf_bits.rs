//! Rounded leaves: how far a margin moves, and what is refused.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use model_export::{Ensemble, EnsembleError, FeatureModel, ModelFile, Node, Provenance};
use proptest::prelude::*;
use support::{Random, forest};

fn leaf(value: f32) -> Vec<Node> {
    vec![Node::Leaf { value, cover: 1.0 }]
}

/// The leaf of each tree that a row reaches.
fn reached(ensemble: &Ensemble, row: &[f32]) -> Vec<f64> {
    let mut leaves = vec![0; ensemble.trees()];
    ensemble.leaves(row, &mut leaves);
    let value = |(tree, leaf): (usize, &u32)| f64::from(ensemble.leaf_value(tree, *leaf).unwrap());
    leaves.iter().enumerate().map(value).collect()
}

proptest! {
    #[test]
    fn margins_stay_within_the_bound(seed in any::<u64>(), bits in 4..=24_u8) {
        let ensemble = forest::ensemble(seed);
        let Ok(rounded) = ensemble.with_leaf_bits(bits) else {
            return Ok(());
        };
        let bound = ensemble.leaf_bits_bound(bits).unwrap();
        let mut random = Random::new(seed);
        for _ in 0..5 {
            let row = forest::row(ensemble.features(), &mut random);
            let (before, after) = (reached(&ensemble, &row), reached(&rounded, &row));
            let moves: Vec<f64> = before.iter().zip(&after).map(|(before, after)| (before - after).abs()).collect();
            let largest = moves.iter().copied().fold(0.0, f64::max);
            if ensemble.groups() == 1 {
                let half_step = bound / ensemble.trees().max(1) as f64;
                prop_assert!(largest <= half_step, "{largest} above {half_step}");
                prop_assert!(moves.iter().sum::<f64>() <= bound);
            }
            prop_assert!(largest <= bound);
        }
    }

    #[test]
    fn rounded_leaves_are_few_and_survive_their_bytes(seed in any::<u64>(), bits in 4..=24_u8) {
        let Ok(rounded) = forest::ensemble(seed).with_leaf_bits(bits) else {
            return Ok(());
        };
        prop_assert_eq!(&rounded.with_leaf_bits(bits).unwrap(), &rounded);
        let model = FeatureModel::new(rounded, Vec::new(), Provenance::default()).unwrap();
        let read = ModelFile::from_bytes(&model.to_bytes()).unwrap();
        prop_assert_eq!(read, ModelFile::Features(Box::new(model)));
    }
}

#[test]
fn the_step_is_the_smallest_power_of_two_that_reaches_the_largest_leaf() {
    let trees = vec![leaf(0.75), leaf(-0.3), leaf(0.01)];
    let ensemble = Ensemble::from_trees(0.0, 1, trees).unwrap();
    // With 4 bits multiples go to 7, and 0.75 is 6 steps of 1/8.
    let rounded = ensemble.with_leaf_bits(4).unwrap();
    let leaves: Vec<f32> = (0..3).map(|tree| rounded.leaf_value(tree, 0).unwrap()).collect();
    assert_eq!(leaves, [0.75, -0.25, 0.0]);
    assert_eq!(leaves[2].to_bits(), 0.0_f32.to_bits());
    assert_eq!(ensemble.leaf_bits_bound(4).unwrap(), 3.0 / 16.0);
    assert_eq!(
        ensemble.with_leaf_bits(5).unwrap().leaf_value(1, 0),
        Some(-0.3125)
    );
}

#[test]
fn fewer_bits_take_fewer_bytes() {
    let trees = |random: &mut Random| {
        let value = |random: &mut Random| (random.below(1 << 24) as f32 - 8e6) / 1e8;
        (0..500).map(|_| leaf(value(random))).collect()
    };
    let ensemble = Ensemble::from_trees(0.0, 1, trees(&mut Random::new(1))).unwrap();
    let bytes = |ensemble: &Ensemble| {
        let bare = ensemble.clone().without_covers();
        let model = FeatureModel::new(bare, Vec::new(), Provenance::default()).unwrap();
        model.to_bytes().len()
    };
    let lengths = [24, 20, 16, 12, 8].map(|bits| bytes(&ensemble.with_leaf_bits(bits).unwrap()));
    for (fewer, more) in lengths[1..].iter().zip(&lengths) {
        let saved = more - fewer;
        assert!(
            (230..270).contains(&saved),
            "4 bits of 500 leaves save {saved} bytes"
        );
    }
}

#[test]
fn other_bits_and_larger_leaves_are_refused() {
    let ensemble = |value| Ensemble::from_trees(0.0, 1, vec![leaf(value)]).unwrap();
    for bits in [0, 1, 3, 25, 255] {
        assert_eq!(
            ensemble(1.0).with_leaf_bits(bits),
            Err(EnsembleError::LeafBits(bits))
        );
        assert_eq!(
            ensemble(1.0).leaf_bits_bound(bits),
            Err(EnsembleError::LeafBits(bits))
        );
    }
    assert_eq!(
        EnsembleError::LeafBits(3).to_string(),
        "leaves can be rounded to 4 to 24 bits, not to 3"
    );
    assert_eq!(
        ensemble(f32::MAX).with_leaf_bits(8),
        Err(EnsembleError::LeafTooLarge)
    );
    assert!(ensemble(1.7e38).with_leaf_bits(24).is_ok());
    assert_eq!(ensemble(-1e-45).with_leaf_bits(4), Ok(ensemble(-1e-45)));
}
