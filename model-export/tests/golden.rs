//! Files of every version still load and give the recorded predictions, bit for bit.
//!
//! `MODEL_EXPORT_BLESS=1 cargo test -p model-export --test golden` writes the files of the present version anew, which
//! only a new version of the format may call for. Those of version 0 stay as they are.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read and write their golden files"
)]

mod support;

use std::fmt::Write;
use std::path::PathBuf;

use model_export::{Model, ModelFile, Row, parse_features, sha256_hex};
use support::{Random, forest};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn blesses() -> bool {
    std::env::var_os("MODEL_EXPORT_BLESS").is_some()
}

/// A line for each row: margin bits, probability bits, the row.
fn predictions(model: &Model) -> String {
    let mut text = String::new();
    for row in support::rows(100, 5).iter().chain([&Row::default()]) {
        let prediction = model.predict(row);
        let (margin, probability) = (prediction.margin.to_bits(), prediction.probability.to_bits());
        writeln!(text, "{margin:08x}\t{probability:08x}\t{}", row.to_tsv()).unwrap();
    }
    text
}

fn check_predictions(model: &Model, name: &str) {
    let expected = std::fs::read_to_string(golden(name)).unwrap();
    assert_eq!(expected.lines().count(), 101);
    for (index, line) in expected.lines().enumerate() {
        let (numbers, row) = line.split_at(18);
        let prediction = model.predict(&parse_features(row.as_bytes(), index as u64 + 1).unwrap());
        let (margin, probability) = (prediction.margin.to_bits(), prediction.probability.to_bits());
        assert_eq!(
            format!("{margin:08x}\t{probability:08x}\t"),
            numbers,
            "{name}, line {}",
            index + 1
        );
    }
}

fn hex(numbers: &[f32]) -> String {
    let words: Vec<String> = numbers
        .iter()
        .map(|number| format!("{:08x}", number.to_bits()))
        .collect();
    words.join(" ")
}

/// A line for each row: the bits of each group's margin, the bits of each feature.
fn margins(model: &ModelFile) -> String {
    let ensemble = model.ensemble();
    let mut random = Random::new(8);
    let mut text = String::new();
    let mut margins = vec![0.0; ensemble.groups()];
    for _ in 0..100 {
        let row = forest::row(ensemble.features(), &mut random);
        ensemble.margins(&row, &mut margins);
        writeln!(text, "{}\t{}", hex(&margins), hex(&row)).unwrap();
    }
    text
}

fn check_margins(model: &ModelFile, name: &str) {
    let expected = std::fs::read_to_string(golden(name)).unwrap();
    assert_eq!(expected.lines().count(), 100);
    let mut margins = vec![0.0; model.ensemble().groups()];
    for (index, line) in expected.lines().enumerate() {
        let (numbers, row) = line.split_once('\t').unwrap();
        let row: Vec<f32> = row
            .split(' ')
            .map(|word| f32::from_bits(u32::from_str_radix(word, 16).unwrap()))
            .collect();
        model.ensemble().margins(&row, &mut margins);
        assert_eq!(hex(&margins), numbers, "{name}, line {}", index + 1);
    }
}

/// Compares a model with its golden file, which it is written to when that is wanted.
fn check_file(model: &ModelFile, name: &str) -> ModelFile {
    if blesses() {
        std::fs::write(golden(name), model.to_bytes()).unwrap();
    }
    let bytes = std::fs::read(golden(name)).unwrap();
    assert_eq!(
        sha256_hex(&model.to_bytes()),
        sha256_hex(&bytes),
        "{name}: the format changed without a new version"
    );
    let read = ModelFile::from_bytes(&bytes).unwrap();
    assert_eq!(&read, model);
    read
}

#[test]
#[cfg(not(feature = "v0"))]
fn version_0_is_refused_by_a_reader_that_was_not_asked_to_know_it() {
    let bytes = std::fs::read(golden("v0.leaf")).unwrap();
    assert_eq!(
        ModelFile::from_bytes(&bytes).unwrap_err().to_string(),
        "format version 0.1 is not supported; this reader knows 1.x, and with the feature `v0` 0.x"
    );
}

#[test]
#[cfg(feature = "v0")]
fn version_0_is_read_as_ever() {
    let bytes = std::fs::read(golden("v0.leaf")).unwrap();
    assert_eq!(
        model_export::FeatureModel::from_bytes(&bytes)
            .unwrap_err()
            .to_string(),
        "encoder section, byte 0: the section does not belong to this kind of model"
    );
    let read = Model::from_bytes(&bytes).unwrap();
    let now = support::model();
    assert_eq!(read.ensemble(), &now.ensemble().clone().without_covers());
    assert_eq!(read.samples(), now.samples());
    assert_eq!(read.provenance(), now.provenance());
    assert_eq!(read.encoder(), now.encoder());
    check_predictions(&read, "v0.predictions.tsv");
}

#[test]
fn version_1_of_clicks_is_written_and_read_as_ever() {
    let model = support::model();
    if blesses() {
        std::fs::write(golden("v1_clicks.predictions.tsv"), predictions(&model)).unwrap();
    }
    match check_file(&ModelFile::Clicks(Box::new(model)), "v1_clicks.leaf") {
        ModelFile::Clicks(read) => check_predictions(&read, "v1_clicks.predictions.tsv"),
        other => panic!("a model of clicks was read as {other:?}"),
    }
}

#[test]
fn version_1_with_fingerprints_is_written_and_read_as_ever() {
    let model = support::model_with_fingerprints();
    if blesses() {
        std::fs::write(golden("v1_fingerprints.predictions.tsv"), predictions(&model)).unwrap();
    }
    match check_file(&ModelFile::Clicks(Box::new(model)), "v1_fingerprints.leaf") {
        ModelFile::Clicks(read) => check_predictions(&read, "v1_fingerprints.predictions.tsv"),
        other => panic!("a model of clicks was read as {other:?}"),
    }
}

#[test]
fn version_1_with_crosses_is_written_and_read_as_ever() {
    let model = support::model_with_crosses();
    assert_eq!(model.encoder().width(), 73);
    if blesses() {
        std::fs::write(golden("v1_crosses.predictions.tsv"), predictions(&model)).unwrap();
    }
    match check_file(&ModelFile::Clicks(Box::new(model)), "v1_crosses.leaf") {
        ModelFile::Clicks(read) => check_predictions(&read, "v1_crosses.predictions.tsv"),
        other => panic!("a model of clicks was read as {other:?}"),
    }
}

#[test]
fn version_1_with_a_calibration_is_written_and_read_as_ever() {
    for (name, calibration) in [("platt", support::platt()), ("isotonic", support::isotonic())] {
        let model = support::model().with_calibration(calibration).unwrap();
        let (file, text) = (format!("v1_{name}.leaf"), format!("v1_{name}.predictions.tsv"));
        if blesses() {
            std::fs::write(golden(&text), predictions(&model)).unwrap();
        }
        match check_file(&ModelFile::Clicks(Box::new(model)), &file) {
            ModelFile::Clicks(read) => check_predictions(&read, &text),
            other => panic!("a model of clicks was read as {other:?}"),
        }
    }
}

#[test]
fn version_1_of_a_table_is_written_and_read_as_ever() {
    let model = support::table_model();
    let mut found = String::new();
    for (_, numbers, keys) in support::table_rows(100, 5) {
        let margin = model.predict(&numbers, &keys).margin;
        let keys: Vec<String> = keys
            .iter()
            .map(|key| key.map_or("-".to_owned(), |key| format!("{key:08x}")))
            .collect();
        writeln!(found, "{}\t{}\t{}", hex(&[margin]), hex(&numbers), keys.join(" ")).unwrap();
    }
    if blesses() {
        std::fs::write(golden("v1_table.margins.tsv"), &found).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(golden("v1_table.margins.tsv")).unwrap(),
        found
    );
    check_file(&ModelFile::Table(Box::new(model)), "v1_table.leaf");
}

#[test]
fn version_1_of_features_is_written_and_read_as_ever() {
    let model = ModelFile::Features(Box::new(forest::feature_model()));
    if blesses() {
        std::fs::write(golden("v1_features.margins.tsv"), margins(&model)).unwrap();
    }
    let read = check_file(&model, "v1_features.leaf");
    check_margins(&read, "v1_features.margins.tsv");
}

#[test]
fn version_1_of_rounded_leaves_is_written_and_read_as_ever() {
    let model = ModelFile::Features(Box::new(forest::leaf_bits_model()));
    if blesses() {
        std::fs::write(golden("v1_leaf_bits.margins.tsv"), margins(&model)).unwrap();
    }
    let read = check_file(&model, "v1_leaf_bits.leaf");
    check_margins(&read, "v1_leaf_bits.margins.tsv");
}
