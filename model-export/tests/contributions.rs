//! Contributions against those that XGBoost itself gave.
//!
//! `tests/fixtures/contributions_*.tsv`, written by `contributions.py` beside them, hold a row a line: features, then for
//! each group what each feature contributes and the bias; all as the hex bits of `f32`.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]
#![allow(clippy::disallowed_methods, reason = "tests read their fixtures")]

mod support;

use std::path::PathBuf;

use model_export::{Encoder, EncoderConfig, EncoderFit, Ensemble, ExplainError, Model, import_xgboost};

const NEAR: f64 = 1e-5;

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

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= NEAR
}

fn assert_contributions(name: &str, ensemble: &Ensemble, lines: &str) {
    let width = ensemble.features() + 1;
    let mut out = vec![0.0; width];
    let mut margins = vec![0.0; ensemble.groups()];
    for (index, line) in lines.lines().enumerate() {
        let (row, expected) = line.split_once('\t').unwrap();
        let (row, expected) = (bits(row), bits(expected));
        assert_eq!(expected.len(), width * ensemble.groups(), "{name}");
        ensemble.margins(&row, &mut margins);
        for (group, expected) in expected.chunks(width).enumerate() {
            ensemble.contributions(&row, group, &mut out).unwrap();
            for (feature, (found, expected)) in out.iter().zip(expected).enumerate() {
                assert!(
                    near((*found).into(), (*expected).into()),
                    "{name}, row {index}, group {group}, feature {feature}: {found} instead of {expected}"
                );
            }
            let sum: f64 = out.iter().copied().map(f64::from).sum();
            assert!(
                near(sum, margins[group].into()),
                "{name}, row {index}: {sum} of {margins:?}"
            );
        }
    }
}

#[test]
fn contributions_are_xgboosts() {
    for version in ["1_7", "3_2"] {
        for (kind, groups) in [
            ("numeric", 1),
            ("missing", 1),
            ("categorical", 1),
            ("onehot", 1),
            ("dart", 1),
            ("regression", 1),
            ("multiclass", 3),
        ] {
            let name = format!("contributions_{version}_{kind}");
            let ensemble = import_xgboost(&fixture(&format!("{name}.ubj"))).unwrap();
            assert_eq!(ensemble.groups(), groups, "{name}");
            let lines = String::from_utf8(fixture(&format!("{name}.tsv"))).unwrap();
            assert_eq!(lines.lines().count(), 10, "{name}");
            assert_contributions(&name, &ensemble, &lines);
        }
    }
}

fn encoder() -> Encoder {
    let mut fit = EncoderFit::new(EncoderConfig::default());
    for (index, row) in support::rows(400, 1).iter().enumerate() {
        fit.observe(index as u64, row).unwrap();
    }
    fit.finish().unwrap().into_encoder()
}

#[test]
fn columns_of_a_click_model_sum_to_its_margin() {
    let encoder = encoder();
    let ensemble = support::ensemble(6, 5, 2);
    let model = Model::new(encoder, ensemble, support::provenance(), Vec::new()).unwrap();
    let mut features = [0.0; 65];
    let mut by_feature = [0.0; 66];
    let mut last = None;
    for row in support::rows(200, 5) {
        let found = model.contributions(&row).unwrap();
        let margin = f64::from(model.predict(&row).margin);
        let columns = found.columns.iter().copied().map(f64::from);
        let sum = columns.sum::<f64>() + f64::from(found.bias);
        assert!(near(sum, margin), "{sum} of {margin}");

        model.encoder().encode(&row, &mut features);
        model
            .ensemble()
            .contributions(&features, 0, &mut by_feature)
            .unwrap();
        assert_eq!(found.bias, by_feature[65]);
        assert_eq!(found.columns[..13], by_feature[..13]);
        for (category, pair) in by_feature[13..65].chunks(2).enumerate() {
            let expected = f64::from(pair[0]) + f64::from(pair[1]);
            assert!(near(found.columns[13 + category].into(), expected));
        }
        // The bias is the model's, the columns are the row's.
        if let Some(last) = last {
            let model_export::Contributions { columns, bias } = last;
            assert!(bias == found.bias && columns != found.columns);
        }
        last = Some(found);
    }
}

#[test]
fn what_a_cross_adds_is_half_each_of_its_columns() {
    let model = support::model_with_crosses();
    let crosses: Vec<[usize; 2]> = model
        .encoder()
        .config()
        .crosses
        .iter()
        .map(|cross| cross.columns())
        .collect();
    assert_eq!(crosses, [[14, 13], [13, 15], [1, 13], [16, 17]]);
    let mut features = [0.0; 73];
    let mut by_feature = [0.0; 74];
    let mut of_crosses = 0.0_f64;
    for row in support::rows(100, 5) {
        let found = model.contributions(&row).unwrap();
        let columns = found.columns.iter().copied().map(f64::from);
        let sum = columns.sum::<f64>() + f64::from(found.bias);
        assert!(near(sum, model.predict(&row).margin.into()));

        model.encoder().encode(&row, &mut features);
        model
            .ensemble()
            .contributions(&features, 0, &mut by_feature)
            .unwrap();
        assert_eq!(found.bias, by_feature[73]);
        let by_feature = by_feature.map(f64::from);
        let pair = |at: usize| by_feature[at] + by_feature[at + 1];
        for (column, found) in found.columns.into_iter().enumerate() {
            let own = match column.checked_sub(13) {
                None => by_feature[column],
                Some(category) => pair(13 + 2 * category),
            };
            let of_column = crosses
                .iter()
                .enumerate()
                .filter(|(_, columns)| columns.contains(&column));
            let halves: f64 = of_column.map(|(index, _)| pair(65 + 2 * index) / 2.0).sum();
            assert!(near(found.into(), own + halves), "column {column}");
            of_crosses += halves.abs();
        }
    }
    assert!(of_crosses > 1.0, "{of_crosses}");
}

#[test]
fn a_model_without_covers_says_so() {
    let row = &support::rows(1, 5)[0];
    let ensemble = support::ensemble(6, 5, 2).without_covers();
    let model = Model::new(encoder(), ensemble, support::provenance(), Vec::new()).unwrap();
    assert_eq!(model.contributions(row), Err(ExplainError::NoCovers));
}
