//! The fast evaluators, a row at a time and many at a time.

use model_export::{Engine, Ensemble, Kernel};

use super::bits;

/// More than two blocks of rows that any kernel takes at once, and a rest.
const ROWS_AT_ONCE: usize = 1_100;

/// Compares the margins of every kernel with `margins`, those of `rows`.
pub(super) fn same_engines(name: &str, ensemble: &Ensemble, rows: &[f32], margins: &[f32]) {
    let (features, groups) = (ensemble.features(), ensemble.groups());
    let repeats = ROWS_AT_ONCE.div_ceil(rows.len() / features);
    let (many_rows, expected) = (rows.repeat(repeats), margins.repeat(repeats));
    for kernel in Kernel::available() {
        let engine = Engine::with_kernel(ensemble, kernel).unwrap();
        let mut found = vec![0.0; expected.len()];
        engine.margins(&many_rows, &mut found);
        assert_eq!(
            first_difference(&found, &expected),
            None,
            "{name}, {kernel:?}, many rows"
        );
        for (row, expected) in rows.chunks_exact(features).zip(margins.chunks_exact(groups)) {
            let mut found = vec![0.0; groups];
            engine.margin_row(row, &mut found);
            assert_eq!(bits(&found), bits(expected), "{name}, {kernel:?}, {row:?}");
        }
    }
}

fn first_difference(found: &[f32], expected: &[f32]) -> Option<(usize, f32, f32)> {
    let mut pairs = found.iter().zip(expected).enumerate();
    pairs
        .find(|(_, (found, expected))| found.to_bits() != expected.to_bits())
        .map(|(index, (found, expected))| (index, *found, *expected))
}
