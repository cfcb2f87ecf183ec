//! What the exported file itself says of rows: nothing here knows the trainer.

use std::ops::Range;

use model_export::Model;

use crate::generate::true_probability;
use crate::metrics::{Metrics, MetricsError};
use crate::row_file::RowFile;

/// Rows that can't be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The rows can't be read.
    #[error("{path}: can't be read")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// They have no metrics.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}

/// What the model says of a range of the rows from their raw features, each with the row's label.
pub fn predict(model: &Model, rows: &RowFile, range: Range<u64>) -> Result<Vec<(f64, bool)>, EvaluateError> {
    labelled(rows, range, |row| f64::from(model.predict(row).probability))
}

/// The metrics of [`predict`].
pub fn evaluate(model: &Model, rows: &RowFile, range: Range<u64>) -> Result<Metrics, EvaluateError> {
    Ok(Metrics::of(&predict(model, rows, range)?)?)
}

/// The best metrics any model could reach on generated rows: those of the true probabilities.
pub fn oracle(rows: &RowFile, range: Range<u64>) -> Result<Metrics, EvaluateError> {
    Ok(Metrics::of(&labelled(rows, range, true_probability)?)?)
}

fn labelled(
    rows: &RowFile,
    range: Range<u64>,
    probability: impl Fn(&model_export::Row) -> f64,
) -> Result<Vec<(f64, bool)>, EvaluateError> {
    let read_error = |source| EvaluateError::File {
        path: rows.path.display().to_string(),
        source,
    };
    let mut predictions = Vec::with_capacity((range.end - range.start) as usize);
    for row in rows.read(range.start, range.end).map_err(read_error)? {
        let row = row.map_err(read_error)?;
        predictions.push((probability(&row), row.label == Some(true)));
    }
    Ok(predictions)
}
