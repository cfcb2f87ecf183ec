//! Which classes of keys are missed least.
//!
//! A class's harm is how much predictions change when its keys are taken for rare ones: the mean, over a few training
//! rows, of half the squared change of the margin times `p (1 - p)`, the second-order form of the Kullback–Leibler
//! divergence between the two predictions; times the training rows that have one of its keys.

use model_export::{Encoder, Engine, Ensemble, FittedEncoder, INTEGER_COLUMNS, Row, probability};

use crate::cancel::{CancelToken, Cancelled};

/// A class of a column with keys, as the encoder numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Class {
    pub(super) column: usize,
    pub(super) class: usize,
}

/// All classes of keys of `encoder`, made from `fitted`, the least harm by key first. `rows` are training rows.
pub(super) fn by_harm(
    fitted: &FittedEncoder,
    encoder: &Encoder,
    ensemble: &Ensemble,
    rows: &[Row],
    cancel: &CancelToken,
) -> Result<Vec<Class>, Cancelled> {
    let engine = Engine::new(ensemble);
    let width = encoder.width();
    let mut contexts = vec![0.0; rows.len() * width];
    for (row, features) in rows.iter().zip(contexts.chunks_exact_mut(width)) {
        encoder.encode(row, features);
    }
    let weights: Vec<f64> = margins(&engine, &contexts, rows.len())
        .into_iter()
        .map(weight)
        .collect();
    let mut classes = Vec::new();
    for column in 0..encoder.key_columns() {
        cancel.check()?;
        let of_column = fitted.classes(encoder, column);
        let mut tried = Vec::with_capacity(of_column.len() * contexts.len());
        for class in &of_column {
            tried.extend_from_slice(&contexts);
            let begin = tried.len() - contexts.len();
            for features in tried[begin..].chunks_exact_mut(width) {
                features[INTEGER_COLUMNS + 2 * column..][..2].copy_from_slice(&class.features);
            }
        }
        let margins = margins(&engine, &tried, of_column.len() * rows.len());
        let (of_rare, _) = margins.split_at(rows.len());
        let by_class = of_column.iter().zip(margins.chunks_exact(rows.len())).enumerate();
        for (class, (keys, margins)) in by_class.filter(|(_, (keys, _))| keys.keys > 0) {
            let changes = margins
                .iter()
                .zip(of_rare)
                .zip(&weights)
                .map(|((own, rare), weight)| {
                    let change = f64::from(own - rare);
                    weight * change * change
                });
            let harm = changes.sum::<f64>() * keys.rows as f64 / keys.keys as f64;
            classes.push((harm, Class { column, class }));
        }
    }
    classes.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    Ok(classes.into_iter().map(|(_, class)| class).collect())
}

fn margins(engine: &Engine, features: &[f32], rows: usize) -> Vec<f32> {
    let mut margins = vec![0.0; rows];
    engine.margins(features, &mut margins);
    margins
}

/// `p (1 - p) / 2`.
fn weight(margin: f32) -> f64 {
    let probability = f64::from(probability(margin));
    probability * (1.0 - probability) / 2.0
}

#[cfg(test)]
mod tests {
    use model_export::{EncoderConfig, EncoderFit, Node};

    use super::*;
    use crate::generate::Generator;

    #[test]
    fn classes_that_no_split_asks_for_are_forgotten_first_and_popular_ones_last() {
        let rows: Vec<Row> = Generator::new(1).take(3_000).collect();
        let mut fit = EncoderFit::new(EncoderConfig::default());
        for (index, row) in rows.iter().enumerate() {
            fit.observe(index as u64, row).unwrap();
        }
        let fitted = fit.finish().unwrap();
        let leaf = |value| Node::Leaf { value, cover: 1.0 };
        // Keys of the second category column with 20 rows or more.
        let split = Node::Split {
            feature: INTEGER_COLUMNS as u32 + 3,
            threshold: 20.5_f32.ln(),
            default_left: false,
            left: 1,
            right: 2,
            gain: 1.0,
            cover: 1.0,
        };
        let trees = vec![vec![split, leaf(-0.5), leaf(0.5)]];
        let encoder = fitted.encoder();
        let ensemble = Ensemble::from_trees(0.0, encoder.width(), trees).unwrap();
        let order = by_harm(&fitted, encoder, &ensemble, &rows[..8], &CancelToken::new()).unwrap();
        let classes = fitted.classes(encoder, 1);
        let rows_of_a_key = |class: &Class| classes[class.class].rows / classes[class.class].keys as u64;
        let asked_for = |class: &Class| class.column == 1 && rows_of_a_key(class) >= 20;
        let first = order.iter().position(asked_for).unwrap();
        assert!(
            first > 100 && order[first..].iter().all(asked_for),
            "{first} of {}",
            order.len()
        );
        let rows: Vec<u64> = order[first..].iter().map(rows_of_a_key).collect();
        assert!(rows.len() > 3 && rows.is_sorted(), "{rows:?}");
    }
}
