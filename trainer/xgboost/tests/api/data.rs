//! Small, reproducible training data.

use xgboost::{Booster, DMatrix};

pub(crate) const COLUMNS: usize = 6;
pub(crate) const PARAMS: [(&str, &str); 7] = [
    ("objective", "binary:logistic"),
    ("eval_metric", "logloss"),
    ("tree_method", "hist"),
    ("max_bin", "64"),
    ("max_depth", "4"),
    ("eta", "0.3"),
    ("nthread", "1"),
];

/// Rows, row by row, and their labels.
pub(crate) struct Data {
    pub(crate) features: Vec<f32>,
    pub(crate) labels: Vec<f32>,
}

/// A linear congruential generator: high bits only, uniform in [0, 1).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn uniform(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u32 << 24) as f32
    }
}

impl Data {
    /// Every tenth value is missing; the label depends on three columns and on chance.
    pub(crate) fn generate(rows: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        let (mut features, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let row: Vec<f32> = (0..COLUMNS).map(|_| random.uniform() * 4.0 - 2.0).collect();
            let score = row[0] * 2.0 - row[1] * row[2];
            labels.push(f32::from(u8::from(score + random.uniform() - 0.5 > 0.3)));
            features.extend(
                row.into_iter()
                    .map(|value| if random.uniform() < 0.1 { f32::NAN } else { value }),
            );
        }
        Self { features, labels }
    }

    pub(crate) fn rows(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn matrix(&self) -> DMatrix {
        let mut matrix = DMatrix::from_dense(&self.features, self.rows(), COLUMNS).unwrap();
        matrix.set_labels(&self.labels).unwrap();
        matrix
    }
}

pub(crate) fn trained(matrix: &DMatrix, rounds: u32) -> Booster {
    let mut booster = Booster::new(&PARAMS, &[matrix]).unwrap();
    for round in 0..rounds {
        booster.update(round, matrix).unwrap();
    }
    booster
}
