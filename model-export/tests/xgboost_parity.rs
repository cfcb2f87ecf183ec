//! Imported models against margins and leaves that XGBoost itself gave, bit for bit.
//!
//! `tests/fixtures/xgboost_*.margins.tsv` holds a row a line: margin, values of the leaves of the first trees,
//! features; all as the hex bits of `f32`.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]
#![allow(clippy::disallowed_methods, reason = "tests read their fixtures")]

use std::path::PathBuf;

use model_export::{Ensemble, ImportError, import_xgboost};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn bits(text: &str) -> Vec<f32> {
    text.split(' ')
        .map(|hex| f32::from_bits(u32::from_str_radix(hex, 16).unwrap()))
        .collect()
}

/// Returns the rows compared.
fn assert_parity(ensemble: &Ensemble, expected: &str) -> usize {
    let expected = String::from_utf8(fixture(expected)).unwrap();
    let mut leaves = vec![0; ensemble.trees()];
    for (index, line) in expected.lines().enumerate() {
        let fields: Vec<Vec<f32>> = line.split('\t').map(bits).collect();
        let [margin, leaf_values, features] = &fields[..] else {
            panic!("row {index}")
        };
        assert_eq!(
            ensemble.margin(features).to_bits(),
            margin[0].to_bits(),
            "row {index}"
        );
        ensemble.leaves(features, &mut leaves);
        for (tree, value) in leaf_values.iter().enumerate() {
            let found = ensemble.leaf_value(tree, leaves[tree]).unwrap();
            assert_eq!(found.to_bits(), value.to_bits(), "row {index}, tree {tree}");
        }
    }
    expected.lines().count()
}

#[test]
fn margins_and_leaves_are_xgboosts() {
    for version in ["1_7", "3_2", "3_4"] {
        for (kind, trees) in [("", 12), ("_lossguide", 6), ("_pruned", 5)] {
            let name = format!("xgboost_{version}{kind}");
            let ensemble = import_xgboost(&fixture(&format!("{name}.ubj"))).unwrap();
            assert_eq!((ensemble.trees(), ensemble.features()), (trees, 5), "{name}");
            assert_eq!(
                assert_parity(&ensemble, &format!("{name}.margins.tsv")),
                60,
                "{name}"
            );
        }
    }
}

#[test]
fn json_and_ubjson_give_the_same_ensemble() {
    for version in ["1_7", "3_2", "3_4"] {
        let import = |extension| import_xgboost(&fixture(&format!("xgboost_{version}.{extension}"))).unwrap();
        assert_eq!(import("json"), import("ubj"));
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let refusal = |name: &str| import_xgboost(&fixture(&format!("refused_{name}.json"))).unwrap_err();
    assert_eq!(refusal("dart"), ImportError::Booster("dart".to_owned()));
    assert_eq!(refusal("gblinear"), ImportError::Booster("gblinear".to_owned()));
    assert_eq!(
        refusal("regression"),
        ImportError::Objective("reg:squarederror".to_owned())
    );
    assert_eq!(refusal("multiclass"), ImportError::MultiClass("3".to_owned()));
    assert_eq!(refusal("multitarget"), ImportError::MultiTarget("2".to_owned()));
    assert_eq!(
        refusal("not_sliced"),
        ImportError::NotSliced {
            best_iteration: 1,
            rounds: 4
        }
    );
    assert!(matches!(
        refusal("categorical"),
        ImportError::CategoricalSplit { .. }
    ));
    assert_eq!(import_xgboost(&fixture("sliced.json")).unwrap().trees(), 2);
}

#[test]
fn damaged_files_never_panic() {
    for name in ["xgboost_3_2_lossguide.ubj", "sliced.json"] {
        let bytes = fixture(name);
        for length in (0..bytes.len()).step_by(7) {
            assert!(
                import_xgboost(&bytes[..length]).is_err(),
                "{name} cut to {length}"
            );
        }
        let mut state = 1_u64;
        for _ in 0..3000 {
            let mut changed = bytes.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (state >> 33) as usize % changed.len();
                changed[at] = (state >> 25) as u8;
            }
            if let Ok(ensemble) = import_xgboost(&changed) {
                ensemble.margin(&vec![f32::NAN; ensemble.features()]);
            }
        }
    }
}
