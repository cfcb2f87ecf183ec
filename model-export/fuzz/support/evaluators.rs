//! Every evaluator gives the same bits.

use model_export::{Engine, Ensemble, Kernel, Node};

/// Enough that every kernel takes them as a block.
const ROWS: usize = 100;
/// Larger models take longer than what is learned is worth.
const MOST_VALUES: usize = ROWS * 256;
const MOST_NODES: usize = 4096;

/// Compares all evaluators on rows of thresholds, of what is next to them, and of the bits in `bytes`.
pub(crate) fn agree(ensemble: &Ensemble, bytes: &[u8]) {
    let (features, groups) = (ensemble.features(), ensemble.groups());
    if features.max(groups) * ROWS > MOST_VALUES || ensemble.nodes() > MOST_NODES {
        return;
    }
    let mut values = vec![f32::NAN, 0.0, -0.0, 1.5, f32::INFINITY, f32::NEG_INFINITY];
    for tree in (0..ensemble.trees()).filter_map(|index| ensemble.tree(index)) {
        for node in tree.nodes {
            match node {
                Node::Split { threshold, .. } => {
                    values.extend([threshold.next_down(), threshold, threshold.next_up()]);
                }
                Node::CategorySplit { categories, .. } => {
                    values.extend(categories.into_iter().map(|category| category as f32));
                }
                Node::Leaf { .. } => {}
            }
        }
    }
    let words = bytes.chunks_exact(4).take(256);
    values.extend(words.map(|word| f32::from_bits(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))));
    let step = bytes
        .iter()
        .fold(1, |sum: usize, byte| sum.wrapping_mul(31) + usize::from(*byte));
    let rows: Vec<f32> = (0..ROWS * features)
        .map(|index| values[index.wrapping_mul(step | 1) % values.len()])
        .collect();
    let mut expected = vec![0.0; ROWS * groups];
    for (row, margins) in rows.chunks_exact(features).zip(expected.chunks_exact_mut(groups)) {
        ensemble.margins(row, margins);
    }
    for kernel in Kernel::available() {
        let engine = Engine::with_kernel(ensemble, kernel).unwrap();
        let mut found = vec![0.0; expected.len()];
        engine.margins(&rows, &mut found);
        assert_eq!(bits(&found), bits(&expected), "{kernel:?}");
        for (row, expected) in rows
            .chunks_exact(features)
            .zip(expected.chunks_exact(groups))
            .take(8)
        {
            let mut found = vec![0.0; groups];
            engine.margin_row(row, &mut found);
            assert_eq!(bits(&found), bits(expected), "{kernel:?}, one row");
        }
    }
}

/// All NaNs are one: which of them a sum gives is not said.
fn bits(values: &[f32]) -> Vec<u32> {
    let bits = |value: &f32| {
        if value.is_nan() {
            f32::NAN.to_bits()
        } else {
            value.to_bits()
        }
    };
    values.iter().map(bits).collect()
}
