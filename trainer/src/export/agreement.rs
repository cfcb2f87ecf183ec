//! Whether the file says what the engine says.

use super::{ExportError, ExportedModel, Parts};
use crate::evaluate::EvaluateError;
use crate::train::{EngineMargins, Trained};

/// Rows that the independent evaluator, which is slow, checks.
const REFERENCE_ROWS: usize = 2_000;

/// Compares the file's margins from raw rows with the engine's from encoded rows, on all rows that the encoder
/// wasn't fitted on.
pub(super) fn check(parts: &Parts<'_>, model: &ExportedModel, trained: &Trained) -> Result<(), ExportError> {
    let processed = parts.processed;
    let range = processed.fitted_rows..processed.split.test.end;
    let encoded_error = |source| EvaluateError::File {
        path: processed.encoded.path.display().to_string(),
        source,
    };
    let mut batches = processed.encoded.batches(range.clone()).map_err(encoded_error)?;
    let engine = EngineMargins::load(trained.engine, &trained.booster, processed.encoded.width)?;
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    let mut index = range.start;
    while batches.read(&mut features, &mut labels).map_err(encoded_error)? {
        parts.cancel.check()?;
        let rows = parts.rows(index..index + labels.len() as u64)?;
        let exported: Vec<f32> = rows.iter().map(|row| model.predict(row).margin).collect();
        same(index, &exported, &engine.margins(&features)?, engine.name())?;
        if index == range.start {
            let some = exported.len().min(REFERENCE_ROWS);
            let features = &features[..some * processed.encoded.width];
            if let Some(theirs) = engine.reference_margins(model.ensemble().base_margin(), features)? {
                same(index, &exported[..some], &theirs, "the gbdt crate")?;
            }
        }
        index += labels.len() as u64;
        parts
            .progress
            .advance(index - range.start, "rows: comparing margins");
    }
    Ok(())
}

fn same(first_index: u64, exported: &[f32], theirs: &[f32], who: &'static str) -> Result<(), ExportError> {
    assert_eq!(exported.len(), theirs.len(), "{who} gives one margin a row");
    match exported
        .iter()
        .zip(theirs)
        .position(|(a, b)| a.to_bits() != b.to_bits())
    {
        None => Ok(()),
        Some(at) => Err(ExportError::Disagree {
            row: first_index + at as u64 + 1,
            exported: exported[at],
            exported_bits: exported[at].to_bits(),
            theirs: theirs[at],
            who,
        }),
    }
}
