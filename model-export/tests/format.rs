//! The compact file: the golden file, round trips, and bytes that are not what was written.
//!
//! `MODEL_EXPORT_BLESS=1 cargo test -p model-export --test format` writes the golden file anew, which only a new
//! version of the format may call for.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read and write their golden files"
)]

mod support;

use std::fmt::Write;
use std::path::PathBuf;

use model_export::{FormatError, Model, Provenance, Row, SampleRow, parse_features, sections, sha256_hex};
use proptest::prelude::*;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
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

#[test]
fn the_golden_file_is_written_and_read_as_ever() {
    let model = support::model();
    if std::env::var_os("MODEL_EXPORT_BLESS").is_some() {
        std::fs::write(golden("v0.leaf"), model.to_bytes()).unwrap();
        std::fs::write(golden("v0.predictions.tsv"), predictions(&model)).unwrap();
    }
    let bytes = std::fs::read(golden("v0.leaf")).unwrap();
    assert_eq!(
        sha256_hex(&model.to_bytes()),
        sha256_hex(&bytes),
        "the format changed without a new version"
    );
    let read = Model::from_bytes(&bytes).unwrap();
    assert_eq!(read, model);
    let expected = std::fs::read_to_string(golden("v0.predictions.tsv")).unwrap();
    assert_eq!(expected.lines().count(), 101);
    for (index, line) in expected.lines().enumerate() {
        let (numbers, row) = line.split_at(18);
        let prediction = read.predict(&parse_features(row.as_bytes(), index as u64 + 1).unwrap());
        let found = format!(
            "{:08x}\t{:08x}\t",
            prediction.margin.to_bits(),
            prediction.probability.to_bits()
        );
        assert_eq!(found, numbers, "line {}", index + 1);
    }
}

#[test]
fn sections_are_listed_and_fill_the_file() {
    let bytes = support::model().to_bytes();
    let listed = sections(&bytes).unwrap();
    let names: Vec<&str> = listed.iter().map(|section| section.name).collect();
    assert_eq!(names, ["provenance", "encoder", "trees", "samples"]);
    let header = 12 + 4 * 17 + 8;
    assert_eq!(
        header + listed.iter().map(|section| section.bytes).sum::<u64>(),
        bytes.len() as u64
    );
}

#[test]
fn every_cut_and_every_flipped_bit_is_refused() {
    let bytes = support::model().to_bytes();
    for length in 0..bytes.len() {
        assert!(Model::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(Model::from_bytes(&changed).is_err(), "byte {at}");
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
    let narrow = model_export::Ensemble::from_trees(0.0, 39, Vec::new()).unwrap();
    let narrow = Model::new(model.encoder().clone(), narrow, support::provenance(), Vec::new());
    assert!(matches!(
        narrow,
        Err(FormatError::Width {
            encoded: 65,
            features: 39
        })
    ));
}

/// Puts checksums right, so that a change reaches the reader of the section.
fn reseal(file: &mut [u8]) {
    let digest = |bytes: &[u8]| -> Vec<u8> {
        let hex = sha256_hex(bytes);
        (0..8)
            .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    };
    let count = usize::from(file[11]);
    let mut start = 12 + 17 * count + 8;
    for entry in 0..count {
        let at = 12 + 17 * entry;
        let length = u64::from_le_bytes(file[at + 1..at + 9].try_into().unwrap()) as usize;
        let checksum = digest(&file[start..start + length]);
        file[at + 9..at + 17].copy_from_slice(&checksum);
        start += length;
    }
    let end = 12 + 17 * count;
    let checksum = digest(&file[..end]);
    file[end..end + 8].copy_from_slice(&checksum);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn sealed_changes_never_panic_and_what_is_accepted_is_whole(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = support::model().to_bytes();
        let content = 12 + 17 * 4 + 8;
        for (at, byte) in changes {
            let at = content + at.index(bytes.len() - content);
            bytes[at] = byte;
        }
        reseal(&mut bytes);
        if let Ok(model) = Model::from_bytes(&bytes) {
            model.predict(&Row::default());
            let again = model.to_bytes();
            prop_assert_eq!(Model::from_bytes(&again).unwrap(), model);
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Model::from_bytes(&bytes);
        let _ = Model::from_bytes(&[b"CLICKLEAF\0\x01", &bytes[..]].concat());
    }

    #[test]
    fn models_survive_their_bytes(seed in any::<u64>(), trees in 0..5_usize, depth in 0..6_u32, count in 1..60_usize) {
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
