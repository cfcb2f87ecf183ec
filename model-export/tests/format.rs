//! The compact file: round trips, and bytes that are not what was written.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use model_export::{
    Ensemble, FeatureModel, FormatError, Model, ModelFile, Provenance, Row, SampleRow, sections,
};
use proptest::prelude::*;
use support::file::{content_start, features_file, reseal};
use support::forest;

#[test]
fn sections_are_listed_and_fill_the_file() {
    let names = |bytes: &[u8]| -> Vec<&str> {
        let listed = sections(bytes).unwrap();
        let content: u64 = listed.iter().map(|section| section.bytes).sum();
        assert_eq!(content_start(bytes) as u64 + content, bytes.len() as u64);
        listed.iter().map(|section| section.name).collect()
    };
    assert_eq!(
        names(&support::model().to_bytes()),
        ["provenance", "encoder", "trees", "samples", "covers"]
    );
    let model = forest::feature_model();
    assert_eq!(
        names(&model.to_bytes()),
        ["provenance", "trees", "names", "covers"]
    );
    let ensemble = model.ensemble().clone().without_covers();
    let bare = FeatureModel::new(ensemble, Vec::new(), Provenance::default()).unwrap();
    assert_eq!(names(&bare.to_bytes()), ["provenance", "trees"]);
}

#[test]
fn every_cut_and_every_flipped_bit_is_refused() {
    for bytes in [
        support::model().to_bytes(),
        support::model_with_crosses().to_bytes(),
        forest::feature_model().to_bytes(),
    ] {
        for length in 0..bytes.len() {
            assert!(
                ModelFile::from_bytes(&bytes[..length]).is_err(),
                "cut to {length}"
            );
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(ModelFile::from_bytes(&changed).is_err(), "byte {at}");
        }
        assert!(ModelFile::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    }
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let model = support::model();
    let new = |samples, provenance: Provenance| {
        Model::new(
            model.encoder().clone(),
            model.ensemble().clone(),
            provenance,
            samples,
        )
    };
    let sample = SampleRow {
        row: Row::default(),
        margin_bits: 0,
    };
    assert!(matches!(
        new(vec![sample], support::provenance()),
        Err(FormatError::Sample { index: 0, .. })
    ));
    let many = vec![model.samples()[0].clone(); 1025];
    assert!(matches!(
        new(many, support::provenance()),
        Err(FormatError::TooManySamples(1025))
    ));
    let mut provenance = support::provenance();
    provenance.metrics.insert("auc".to_owned(), f64::NAN);
    assert!(matches!(
        new(Vec::new(), provenance),
        Err(FormatError::Metric { .. })
    ));
    let narrow = Ensemble::from_trees(0.0, 39, Vec::new()).unwrap();
    let narrow = Model::new(model.encoder().clone(), narrow, support::provenance(), Vec::new());
    assert!(matches!(
        narrow,
        Err(FormatError::Width {
            encoded: 65,
            features: 39
        })
    ));
}

#[test]
fn a_model_of_features_is_not_one_of_rows() {
    let bytes = forest::feature_model().to_bytes();
    let refused = Model::from_bytes(&bytes).unwrap_err();
    assert!(matches!(refused, FormatError::NotRows));
    assert_eq!(
        refused.to_string(),
        "this model predicts from features, not from the columns of a row"
    );
    assert!(matches!(
        ModelFile::from_bytes(&bytes),
        Ok(ModelFile::Features(_))
    ));
}

#[test]
fn a_model_of_rows_is_not_one_of_features() {
    let features = forest::feature_model();
    assert_eq!(FeatureModel::from_bytes(&features.to_bytes()).unwrap(), features);
    assert_eq!(
        FeatureModel::from_bytes(&support::model().to_bytes())
            .unwrap_err()
            .to_string(),
        "encoder section, byte 0: the section does not belong to this kind of model"
    );
}

#[test]
fn a_model_without_trees_and_one_without_splits_survive() {
    let leaf = |value| {
        vec![model_export::Node::Leaf {
            value,
            cover: f32::NAN,
        }]
    };
    for trees in [vec![], vec![leaf(0.0)], vec![leaf(-0.0), leaf(1e-45), leaf(0.1)]] {
        let ensemble = Ensemble::from_trees(0.25, 65_536, trees).unwrap();
        let model = FeatureModel::new(ensemble, Vec::new(), Provenance::default()).unwrap();
        let read = ModelFile::from_bytes(&model.to_bytes()).unwrap();
        assert_eq!(read, ModelFile::Features(Box::new(model)));
    }
}

#[test]
fn infinite_thresholds_survive() {
    for thresholds in [
        [f32::NEG_INFINITY, 0.5],
        [0.5, f32::INFINITY],
        [f32::NEG_INFINITY, f32::INFINITY],
    ] {
        let split = |threshold, left| model_export::Node::Split {
            feature: 0,
            threshold,
            default_left: false,
            left,
            right: left + 1,
            gain: 0.0,
            cover: 0.0,
        };
        let leaf = |value| model_export::Node::Leaf { value, cover: 0.0 };
        let tree = vec![
            split(thresholds[0], 1),
            leaf(1.0),
            split(thresholds[1], 3),
            leaf(2.0),
            leaf(3.0),
        ];
        let ensemble = Ensemble::from_trees(0.0, 1, vec![tree]).unwrap();
        let model = FeatureModel::new(ensemble, Vec::new(), Provenance::default()).unwrap();
        let read = ModelFile::from_bytes(&model.to_bytes()).unwrap();
        assert_eq!(read, ModelFile::Features(Box::new(model)));
    }
}

#[test]
fn what_costs_next_to_nothing_is_padded_and_survives() {
    let stump = |_| {
        let leaf = |value| model_export::Node::Leaf { value, cover: 1.0 };
        let split = model_export::Node::Split {
            feature: 3,
            threshold: 1.0,
            default_left: true,
            left: 1,
            right: 2,
            gain: 0.0,
            cover: 2.0,
        };
        vec![split, leaf(1.0), leaf(-1.0)]
    };
    let ensemble = Ensemble::from_trees(0.0, 4, (0..5000).map(stump).collect()).unwrap();
    let model = FeatureModel::new(ensemble, Vec::new(), Provenance::default()).unwrap();
    let bytes = model.to_bytes();
    assert!(
        bytes.len() >= 15_000 / 4 && bytes.len() < 15_000 / 4 + 200,
        "{} bytes",
        bytes.len()
    );
    let read = ModelFile::from_bytes(&bytes).unwrap();
    assert_eq!(read.to_bytes(), bytes);
    assert_eq!(read, ModelFile::Features(Box::new(model)));
    for at in bytes.len() - 2000..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] = 1;
        reseal(&mut changed);
        assert!(ModelFile::from_bytes(&changed).is_err());
    }
}

/// Bytes whose checksums hold either are refused or are what the model that they hold is written to.
fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(model) = ModelFile::from_bytes(bytes) else {
        return Ok(());
    };
    prop_assert!(model.ensemble().nodes() <= 4 * bytes.len());
    let ensemble = model.ensemble();
    let mut margins = vec![0.0; ensemble.groups()];
    ensemble.margins(&vec![f32::NAN; ensemble.features()], &mut margins);
    prop_assert_eq!(model.to_bytes(), bytes);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn sealed_changes_never_panic_and_what_is_accepted_is_as_it_is_written(
        seed in 0..50_u64,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = match seed {
            0..5 => support::model().to_bytes(),
            5..10 => support::model_with_crosses().to_bytes(),
            10..20 => forest::feature_model().to_bytes(),
            seed => feature_model(forest::ensemble(seed)).to_bytes(),
        };
        let content = content_start(&bytes);
        for (at, byte) in changes {
            let at = content + at.index(bytes.len() - content);
            bytes[at] = byte;
        }
        reseal(&mut bytes);
        check(&bytes)?;
    }

    #[test]
    fn other_ends_of_small_models_are_refused_or_mean_something_else(
        seed in any::<u64>(),
        last in prop::collection::vec(any::<u8>(), 0..4),
        cut in 0..4_usize,
        more in prop::collection::vec(prop_oneof![Just(0), any::<u8>()], 0..3),
    ) {
        let bytes = feature_model(forest::small_ensemble(seed)).to_bytes();
        // Fourteen bytes of provenance, and the trees.
        let trees = &bytes[content_start(&bytes) + 14..];
        prop_assert_eq!(features_file(trees), &bytes[..]);
        let mut changed = trees.to_vec();
        let start = changed.len().saturating_sub(last.len());
        changed[start..].copy_from_slice(&last[..trees.len() - start]);
        changed.truncate(trees.len().saturating_sub(cut));
        changed.extend(more);
        check(&features_file(&changed))?;
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = ModelFile::from_bytes(&bytes);
        let _ = ModelFile::from_bytes(&[b"CLICKLEAF\0\x01", &bytes[..]].concat());
        let _ = ModelFile::from_bytes(&[b"CLICKLEAF\x01\0", &bytes[..]].concat());
        // A trees section of these bytes, after a provenance of empty texts.
        check(&features_file(&bytes))?;
    }

    #[test]
    fn ensembles_of_every_kind_survive_their_bytes(seed in any::<u64>()) {
        let ensemble = forest::ensemble(seed);
        let model = feature_model(ensemble.clone());
        let bytes = model.to_bytes();
        let read = ModelFile::from_bytes(&bytes).unwrap();
        prop_assert_eq!(read.ensemble(), &ensemble);
        prop_assert_eq!(&read, &ModelFile::Features(Box::new(model)));
        prop_assert_eq!(read.to_bytes(), bytes);
    }

    #[test]
    fn models_of_rows_survive_their_bytes(
        seed in any::<u64>(),
        trees in 0..5_usize,
        depth in 0..6_u32,
        count in 1..60_usize,
    ) {
        let mut fit = model_export::EncoderFit::new(model_export::EncoderConfig { seed, ..Default::default() });
        for (index, row) in support::rows(count, seed).iter().enumerate() {
            fit.observe(index as u64, row).unwrap();
        }
        let (encoder, ensemble) = (fit.finish().unwrap().into_encoder(), support::ensemble(trees, depth, seed));
        let model = Model::new(encoder, ensemble, support::provenance(), Vec::new()).unwrap();
        let bytes = model.to_bytes();
        let read = Model::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &model);
        prop_assert_eq!(read.to_bytes(), bytes);
        for row in support::rows(5, seed ^ 1) {
            prop_assert_eq!(read.predict(&row), model.predict(&row));
        }
    }
}

fn feature_model(ensemble: Ensemble) -> FeatureModel {
    FeatureModel::new(ensemble, Vec::new(), Provenance::default()).unwrap()
}
