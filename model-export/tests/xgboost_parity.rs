//! Imported models against margins and leaves that XGBoost itself gave, bit for bit.
//!
//! `tests/fixtures/xgboost_*.tsv` holds a row a line: margins, values of the leaves of the first trees, features and,
//! in those that `make.py` wrote, outputs; all as the hex bits of `f32`.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]
#![allow(clippy::disallowed_methods, reason = "tests read their fixtures")]

use std::path::PathBuf;

use model_export::{
    Ensemble, ImportError, ImportOptions, Rounds, XgboostModel, import_xgboost, import_xgboost_model,
};

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

/// How far an output may be from XGBoost's: margins are equal, exponentials are another implementation's.
const RELATIVE: f32 = 1e-6;

/// Returns the rows compared.
fn assert_parity(ensemble: &Ensemble, expected: &str) -> usize {
    let text = String::from_utf8(fixture(expected)).unwrap();
    let mut leaves = vec![0; ensemble.trees()];
    let mut margins = vec![0.0; ensemble.groups()];
    // Leaves that are vectors became one tree per target; the first target's values were recorded.
    let recorded_trees = if expected.ends_with("vector_leaf.tsv") {
        ensemble.groups()
    } else {
        1
    };
    for (index, line) in text.lines().enumerate() {
        let fields: Vec<Vec<f32>> = line.split('\t').map(bits).collect();
        let place = format!("{expected}, row {index}");
        ensemble.margins(&fields[2], &mut margins);
        assert_eq!(
            margins.iter().map(|margin| margin.to_bits()).collect::<Vec<_>>(),
            fields[0]
                .iter()
                .map(|margin| margin.to_bits())
                .collect::<Vec<_>>(),
            "{place}: {margins:?} and {:?}",
            fields[0]
        );
        ensemble.leaves(&fields[2], &mut leaves);
        for (tree, value) in fields[1].iter().enumerate() {
            let tree = tree * recorded_trees;
            let found = ensemble.leaf_value(tree, leaves[tree]).unwrap();
            assert_eq!(found.to_bits(), value.to_bits(), "{place}, tree {tree}");
        }
        let Some(expected) = fields.get(3) else { continue };
        let mut outputs = vec![0.0; ensemble.objective().outputs(ensemble.groups())];
        ensemble.objective().apply(&margins, &mut outputs);
        assert_eq!(outputs.len(), expected.len(), "{place}");
        for (output, expected) in outputs.iter().zip(expected) {
            let difference = (output - expected).abs();
            let same = output == expected || difference <= RELATIVE * expected.abs();
            assert!(same, "{place}: {output} and {expected}");
        }
    }
    text.lines().count()
}

fn with_rounds(name: &str, rounds: Rounds) -> XgboostModel {
    import_xgboost_model(&fixture(name), ImportOptions { rounds }).unwrap()
}

/// Names of the fixtures that `make.py` wrote, without their endings.
fn made_fixtures() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".tsv").map(str::to_owned))
        .filter(|name| name.starts_with("xgboost_") && !name.ends_with(".margins"))
        .collect();
    names.sort();
    names
}

#[test]
fn every_kind_of_model_of_every_version_has_xgboosts_margins_leaves_and_outputs() {
    let names = made_fixtures();
    for name in &names {
        let extension = if name.contains("_json_") { "json" } else { "ubj" };
        let model = with_rounds(&format!("{name}.{extension}"), Rounds::All);
        assert_eq!(
            assert_parity(&model.ensemble, &format!("{name}.tsv")),
            40,
            "{name}"
        );
    }
    assert!(names.len() >= 38, "{}", names.len());
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
    let refusal = |text: &str| import_xgboost(text.as_bytes()).unwrap_err();
    let linear = String::from_utf8(fixture("refused_gblinear.json")).unwrap();
    assert_eq!(refusal(&linear), ImportError::Booster("gblinear".to_owned()));
    let regression = String::from_utf8(fixture("xgboost_3_2_json_regression.json")).unwrap();
    assert_eq!(
        refusal(&regression.replace("reg:squarederror", "mine:own")),
        ImportError::Objective("mine:own".to_owned())
    );
    assert_eq!(
        refusal(&regression.replace("[3,2,0]", "[4,0,1]")),
        ImportError::Version("4.0.1".to_owned())
    );
}

#[test]
fn rounds_after_the_best_one_must_be_asked_for() {
    for (name, best, rounds) in [
        ("xgboost_3_2_json_not_sliced.json", 1, 4),
        ("xgboost_1_7_early_stopped.ubj", 6, 12),
        ("xgboost_3_2_early_stopped.ubj", 6, 12),
    ] {
        let refusal = ImportError::NotSliced {
            best_iteration: best,
            rounds,
        };
        assert_eq!(import_xgboost(&fixture(name)), Err(refusal), "{name}");
        let all = with_rounds(name, Rounds::All);
        assert_eq!(
            (all.rounds, all.rounds_taken, all.best_iteration),
            (rounds, rounds, Some(best))
        );
        let sliced = with_rounds(name, Rounds::Best);
        assert_eq!((sliced.rounds, sliced.rounds_taken), (rounds, best + 1));
        assert_eq!(sliced, with_rounds(name, Rounds::First(best + 1)));
        assert_eq!(sliced.ensemble.trees(), best + 1);
    }
    let sliced = fixture("sliced.json");
    assert_eq!(import_xgboost(&sliced).unwrap().trees(), 2);
    assert_eq!(
        import_xgboost_model(
            &sliced,
            ImportOptions {
                rounds: Rounds::First(3)
            }
        ),
        Err(ImportError::TooFewRounds { asked: 3, rounds: 2 })
    );
    // A round of a forest, of classes or of targets is several trees.
    for (name, trees) in [("forest", 3), ("softprob", 3), ("multitarget", 3), ("dart", 1)] {
        for version in ["1_7", "3_2"] {
            let one = with_rounds(&format!("xgboost_{version}_{name}.ubj"), Rounds::First(1));
            assert_eq!(one.ensemble.trees(), trees, "{name}");
        }
    }
}

#[test]
fn names_of_categories_stand_for_the_codes_that_trees_know() {
    // The rows' margins are those of a data frame whose categories had another order than in training.
    for version in ["3_2", "3_4"] {
        let model = with_rounds(&format!("xgboost_{version}_named.ubj"), Rounds::Unambiguous);
        assert_eq!(model.feature_names, ["age", "town", "rooms"]);
        assert_eq!(model.feature_types, ["float", "c", "c"]);
        let [age, town, rooms] = &model.category_names[..] else {
            panic!("{:?}", model.category_names)
        };
        assert!(age.is_empty());
        assert_eq!(town[..], ["Wien", "Aarhus", "Bern"]);
        assert_eq!(rooms[..], ["30", "10", "20", "40"]);
    }
}

#[test]
fn damaged_files_never_panic() {
    for name in [
        "xgboost_3_2_lossguide.ubj",
        "xgboost_3_2_json_categorical.json",
        "xgboost_3_3_dart.ubj",
        "xgboost_2_1_partition.ubj",
        "xgboost_3_2_vector_leaf.ubj",
        "sliced.json",
    ] {
        let bytes = fixture(name);
        for length in (0..bytes.len()).step_by(7) {
            assert!(
                import_xgboost(&bytes[..length]).is_err(),
                "{name} cut to {length}"
            );
        }
        let mut state = 1_u64;
        for _ in 0..2000 {
            let mut changed = bytes.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (state >> 33) as usize % changed.len();
                changed[at] = (state >> 25) as u8;
            }
            if let Ok(ensemble) = import_xgboost(&changed) {
                let mut margins = vec![0.0; ensemble.groups()];
                ensemble.margins(&vec![f32::NAN; ensemble.features()], &mut margins);
            }
        }
    }
}
