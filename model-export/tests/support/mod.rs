//! A small real model over generated rows, the same on every run and platform.

#![allow(dead_code, reason = "not every test crate needs everything")]

pub(crate) mod file;
pub(crate) mod forest;

use std::collections::BTreeMap;

use model_export::{
    Calibration, Encoder, EncoderConfig, EncoderFit, Ensemble, FittedEncoder, Knot, Model, Node, Provenance,
    Row, SampleRow, Schema, TableModel, category_key,
};

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

pub(crate) fn rows(count: usize, seed: u64) -> Vec<Row> {
    let mut random = Random(seed);
    let mut row = || Row {
        label: Some(random.below(4) == 0),
        integers: std::array::from_fn(|_| (random.below(5) > 0).then(|| random.below(200) as i64 - 4)),
        categories: std::array::from_fn(|column| {
            let range = 2 + 9 * column as u64;
            (random.below(6) > 0)
                .then(|| ((random.below(range) * random.below(range)) as u32).wrapping_mul(0x9e37_79b1))
        }),
    };
    (0..count).map(|_| row()).collect()
}

/// Full trees of `depth` levels with arbitrary but sensible thresholds, and covers that halve at each split.
pub(crate) fn ensemble(trees: usize, depth: u32, seed: u64) -> Ensemble {
    wide_ensemble(65, trees, depth, seed)
}

/// The same over so many features, of which those after the 13th are means and log counts in turn.
pub(crate) fn wide_ensemble(features: usize, trees: usize, depth: u32, seed: u64) -> Ensemble {
    let mut random = Random(seed);
    let tree = |random: &mut Random| -> Vec<Node> {
        let splits = (1_u32 << depth) - 1;
        let split = |index: u32, random: &mut Random| {
            let feature = random.below(features as u64) as u32;
            let threshold = match feature {
                0..13 => random.below(150) as f32 - 3.5,
                _ if feature % 2 == 1 => random.below(100) as f32 / 256.0,
                _ => random.below(48) as f32 / 8.0,
            };
            let default_left = random.below(2) == 0;
            Node::Split {
                feature,
                threshold,
                default_left,
                left: 2 * index + 1,
                right: 2 * index + 2,
                gain: 1.0,
                cover: f32::from(1_u16 << (depth - (index + 1).ilog2())),
            }
        };
        let splits: Vec<Node> = (0..splits).map(|index| split(index, random)).collect();
        let leaf = |random: &mut Random| Node::Leaf {
            value: (random.below(2001) as f32 - 1000.0) / 3000.0,
            cover: 1.0,
        };
        let leaves: Vec<Node> = (0..1 << depth).map(|_| leaf(random)).collect();
        splits.into_iter().chain(leaves).collect()
    };
    let trees = (0..trees).map(|_| tree(&mut random)).collect();
    Ensemble::from_trees(-1.0625, features, trees).unwrap()
}

pub(crate) fn model() -> Model {
    model_of(fitted(&[]).into_encoder())
}

/// The same with fingerprints for keys, as short as they can be.
#[allow(dead_code, reason = "not every test crate needs one")]
pub(crate) fn model_with_fingerprints() -> Model {
    let fitted = fitted(&[]);
    model_of(fitted.encoder().hashed(4, &fitted))
}

/// The same with crosses of columns with few values, some of an integer, and with fingerprints.
#[allow(dead_code, reason = "not every test crate needs one")]
pub(crate) fn model_with_crosses() -> Model {
    let fitted = fitted(&["C2xC1", "C1xC3", "I2xC1", "C4xC5"]);
    model_of(fitted.encoder().hashed(4, &fitted))
}

#[allow(dead_code, reason = "not every test crate needs one")]
pub(crate) fn platt() -> Calibration {
    Calibration::Platt {
        slope: 0.875,
        offset: -0.3,
    }
}

#[allow(dead_code, reason = "not every test crate needs one")]
pub(crate) fn isotonic() -> Calibration {
    let knots = [(-2.5, 0.01), (-1.1, 0.15), (-0.9, 0.15), (0.25, 0.6)];
    let knots = knots.map(|(margin, probability)| Knot { margin, probability });
    Calibration::Isotonic(knots.to_vec())
}

/// Two numbers and three categories of texts.
#[allow(dead_code, reason = "not every test crate needs one")]
pub(crate) fn table_model() -> TableModel {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let schema = Schema::new(
        names(&["age", "hours per week"]),
        names(&["job", "city", "größe"]),
    )
    .unwrap();
    let mut fit = EncoderFit::of_table(EncoderConfig::default(), schema);
    for (index, (label, _, keys)) in (0..).zip(table_rows(400, 1)) {
        fit.observe_table(index, label, &keys).unwrap();
    }
    let encoder = fit.finish().unwrap().into_encoder();
    let ensemble = wide_ensemble(encoder.width(), 6, 4, 2);
    TableModel::new(encoder, ensemble, provenance()).unwrap()
}

/// Rows for [`table_model`]: label, numbers, keys.
#[allow(dead_code, reason = "not every test crate needs them")]
pub(crate) fn table_rows(count: usize, seed: u64) -> Vec<(bool, Vec<f32>, Vec<Option<u32>>)> {
    let mut random = Random(seed);
    let row = |_| {
        let numbers = (0..2).map(|_| match random.below(6) {
            0 => f32::NAN,
            _ => random.below(600) as f32 / 4.0 - 4.0,
        });
        let numbers = numbers.collect();
        let keys = [3, 12, 60].map(|range| match random.below(7) {
            0 => None,
            _ => category_key(format!("value {}", random.below(range)).as_bytes()),
        });
        (random.below(4) == 0, numbers, keys.to_vec())
    };
    (0..count).map(row).collect()
}

fn fitted(crosses: &[&str]) -> FittedEncoder {
    let mut fit = EncoderFit::new(EncoderConfig {
        seed: 3,
        crosses: crosses.iter().map(|cross| cross.parse().unwrap()).collect(),
        ..EncoderConfig::default()
    });
    for (index, row) in rows(400, 1).iter().enumerate() {
        fit.observe(index as u64, row).unwrap();
    }
    fit.finish().unwrap()
}

fn model_of(encoder: Encoder) -> Model {
    let ensemble = wide_ensemble(encoder.width(), 6, 4, 2);
    let bare = Model::new(encoder.clone(), ensemble.clone(), provenance(), Vec::new()).unwrap();
    let unlabelled = rows(6, 99).into_iter().map(|row| Row { label: None, ..row });
    let samples = unlabelled.chain([Row::default()]).map(|row| {
        let margin_bits = bare.predict(&row).margin.to_bits();
        SampleRow { row, margin_bits }
    });
    Model::new(encoder, ensemble, provenance(), samples.collect()).unwrap()
}

pub(crate) fn provenance() -> Provenance {
    Provenance {
        model_name: "criteo_ctr_model".to_owned(),
        experiment_name: "criteo_ctr".to_owned(),
        run_id: "0123456789abcdef0123456789abcdef".to_owned(),
        run_name: "calm-otter-12".to_owned(),
        artifact_uri: "s3://mlflow-artifacts/1/0123456789abcdef0123456789abcdef/artifacts".to_owned(),
        booster_sha256: model_export::sha256_hex(b"booster"),
        dataset_name: "generated".to_owned(),
        dataset_digest: model_export::sha256_hex(b"rows"),
        training_rows: 400,
        trained_at_ms: 1_700_000_000_000,
        engine: "xgboost 3.4.1".to_owned(),
        trainer_version: "0.1.0".to_owned(),
        params: BTreeMap::from([("eta".to_owned(), "0.3".to_owned())]),
        metrics: BTreeMap::from([("logloss".to_owned(), 0.4862)]),
    }
}
