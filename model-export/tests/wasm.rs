//! The same bits everywhere: natively by `cargo test`, in WebAssembly by `wasm-bindgen-test-runner`, each against the
//! same pinned digests of margins and probabilities.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use model_export::{Model, ModelFile, Row, TableModel, import_xgboost, sha256_hex};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test;

const ROWS: usize = 25_000;

/// Ordinary rows, and every fifth with a value at an end of its domain and a category that no training row had.
fn hostile_rows() -> Vec<Row> {
    let mut rows = support::rows(ROWS, 11);
    let ends = [i64::MAX, i64::MIN, -1, 0, 16_777_217, -16_777_217];
    for (index, row) in rows.iter_mut().enumerate().step_by(5) {
        row.integers[index % 13] = Some(ends[index % ends.len()]);
        row.categories[index % 26] = Some(0xdead_0000 + index as u32);
    }
    rows[0] = Row::default();
    rows
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn predictions_of_raw_rows_have_the_same_bits() {
    assert_eq!(
        digest_of_predictions(&support::model()),
        "51fac4108d62208f04ff5138407bf52f01904f44a8325fefd421331b4c35f1e8"
    );
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn predictions_with_crosses_have_the_same_bits() {
    assert_eq!(
        digest_of_predictions(&support::model_with_crosses()),
        "8727e87d81b241552816d4d1c1198bcb2df5a18ab6c225708858c82ed3a26aa9"
    );
}

/// Of margins and probabilities of the model's file.
fn digest_of_predictions(model: &Model) -> String {
    let model = Model::from_bytes(&model.to_bytes()).unwrap();
    let mut bits = Vec::with_capacity(ROWS * 8);
    for row in hostile_rows() {
        let prediction = model.predict(&row);
        bits.extend_from_slice(&prediction.margin.to_le_bytes());
        bits.extend_from_slice(&prediction.probability.to_le_bytes());
    }
    sha256_hex(&bits)
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn margins_of_an_xgboost_model_have_the_same_bits() {
    let ensemble = import_xgboost(include_bytes!("fixtures/xgboost_3_4.ubj")).unwrap();
    let mut random = support::Random::new(5);
    let special = [f32::NAN, f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45, -0.0, 0.0];
    let mut features = vec![0.0_f32; ensemble.features()];
    let mut bits = Vec::with_capacity(ROWS * 8);
    for _ in 0..ROWS {
        for value in &mut features {
            *value = match random.below(6) {
                0 => special[random.below(special.len() as u64) as usize],
                _ => (random.below(8_001) as f32 - 4_000.0) / 1_000.0,
            };
        }
        let margin = ensemble.margin(&features);
        bits.extend_from_slice(&margin.to_le_bytes());
        bits.extend_from_slice(&model_export::probability(margin).to_le_bytes());
    }
    assert_eq!(
        sha256_hex(&bits),
        "09a46c2da5a852be5b43e1f014ffa03b045b126e9f233f87c899bb9df573aead"
    );
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn contributions_have_the_same_bits() {
    let ensemble = support::ensemble(12, 9, 7);
    let mut random = support::Random::new(5);
    let mut features = [0.0_f32; 65];
    let mut contributions = [0.0_f32; 66];
    let mut bits = Vec::new();
    for _ in 0..200 {
        for value in &mut features {
            *value = match random.below(6) {
                0 => f32::NAN,
                _ => random.below(8_001) as f32 / 100.0,
            };
        }
        ensemble.contributions(&features, 0, &mut contributions).unwrap();
        bits.extend(contributions.iter().flat_map(|value| value.to_le_bytes()));
    }
    assert_eq!(
        sha256_hex(&bits),
        "86d3dc731a7fba9f2053e670f29b800e785a2daa4430bf517bd85c79b17aa378"
    );
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_golden_file_is_read_and_written_alike() {
    for bytes in [
        &include_bytes!("golden/v1_clicks.leaf")[..],
        include_bytes!("golden/v1_fingerprints.leaf"),
        include_bytes!("golden/v1_crosses.leaf"),
    ] {
        assert_eq!(Model::from_bytes(bytes).unwrap().to_bytes(), bytes);
    }
    let bytes = include_bytes!("golden/v1_table.leaf");
    let table = TableModel::from_bytes(bytes).unwrap();
    assert_eq!(table.to_bytes(), bytes);
    let mut margins = include_str!("golden/v1_table.margins.tsv").lines();
    for (_, numbers, keys) in support::table_rows(100, 5) {
        let expected = margins.next().unwrap().split('\t').next().unwrap();
        let margin = table.predict(&numbers, &keys).margin;
        assert_eq!(format!("{:08x}", margin.to_bits()), expected);
    }
    let bytes = include_bytes!("golden/v1_features.leaf");
    let model = ModelFile::from_bytes(bytes).unwrap();
    assert_eq!(model.to_bytes(), bytes);
    let ensemble = model.ensemble();
    let mut margins = vec![0.0; ensemble.groups()];
    for line in include_str!("golden/v1_features.margins.tsv").lines() {
        let (expected, row) = line.split_once('\t').unwrap();
        let words = |text: &str| -> Vec<u32> {
            let word = |word| u32::from_str_radix(word, 16).unwrap();
            text.split(' ').map(word).collect()
        };
        let row: Vec<f32> = words(row).into_iter().map(f32::from_bits).collect();
        ensemble.margins(&row, &mut margins);
        let bits: Vec<u32> = margins.iter().map(|margin| margin.to_bits()).collect();
        assert_eq!(bits, words(expected));
    }
}
