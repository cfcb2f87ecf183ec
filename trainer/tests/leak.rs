//! No row's label finds its way into its own features: labels that say nothing can't be learnt.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use model_export::{EncoderConfig, EncoderFit, FittedEncoder, Row};
use trainer::generate::Generator;
use trainer::metrics::Metrics;

/// Generated rows, each with the label of another one.
fn shuffled(count: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Generator::new(11).take(count).collect();
    let mut state = 0x5EED_u64;
    for last in (1..count).rev() {
        // A linear congruential generator (Knuth, MMIX).
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = ((state >> 33) % (last as u64 + 1)) as usize;
        let label = rows[last].label;
        rows[last].label = rows[other].label;
        rows[other].label = label;
    }
    rows
}

/// How far the area under the ROC curve of so many rows strays from 0.5 by chance, five standard deviations wide
/// (the variance of the Mann-Whitney statistic without ties).
fn noise(rows: &[Row]) -> f64 {
    let clicks = rows.iter().filter(|row| row.label == Some(true)).count() as f64;
    let others = rows.len() as f64 - clicks;
    5.0 * ((clicks + others + 1.0) / (12.0 * clicks * others)).sqrt()
}

/// The area under the ROC curve when the feature itself ranks the rows; a missing one ranks lowest.
fn auc(rows: &[Row], feature: impl Fn(u64, &Row) -> f32) -> f64 {
    let ranked: Vec<(f64, bool)> = (0..)
        .zip(rows)
        .map(|(index, row)| {
            let value = f64::from(feature(index, row));
            let place = if value.is_nan() {
                0.0
            } else {
                0.5 + 0.5 * value / (1.0 + value.abs())
            };
            (place, row.label == Some(true))
        })
        .collect();
    Metrics::of(&ranked).unwrap().auc
}

fn fitted(rows: &[Row]) -> FittedEncoder {
    let crosses = ["C6xC14", "C23xC3", "I2xC26", "C20xC9"];
    let mut fit = EncoderFit::new(EncoderConfig {
        crosses: crosses.map(|cross| cross.parse().unwrap()).into(),
        ..EncoderConfig::default()
    });
    for (index, row) in (0..).zip(rows) {
        fit.observe(index, row).unwrap();
    }
    fit.finish().unwrap()
}

#[test]
fn no_feature_of_a_training_row_knows_its_label() {
    let rows = shuffled(30_000);
    let fitted = fitted(&rows);
    let encoder = fitted.encoder();
    let noise = noise(&rows);
    let (mut strongest, mut features) = (0.0_f64, vec![0.0; encoder.width()]);
    let mut encoded = vec![Vec::new(); encoder.width()];
    for (index, row) in (0..).zip(&rows) {
        fitted.encode_training_row(index, row, &mut features);
        for (column, value) in encoded.iter_mut().zip(&features) {
            column.push(*value);
        }
    }
    for (name, column) in encoder.feature_names().iter().zip(&encoded) {
        let area = auc(&rows, |index, _| column[index as usize]);
        assert!((area - 0.5).abs() < noise, "{name}: {area}");
    }
    // The same means with the row's own label in them give it away: what is ruled out above would be seen.
    for feature in 0..encoder.width() {
        let area = auc(&rows, |_, row| {
            let mut features = vec![0.0; encoder.width()];
            encoder.encode(row, &mut features);
            features[feature]
        });
        strongest = strongest.max(area - 0.5);
        if strongest > 2.0 * noise {
            return;
        }
    }
    panic!("no mean leaks even with the row's own label in it: {strongest}");
}
