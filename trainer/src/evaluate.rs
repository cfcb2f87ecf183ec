//! What the exported file itself says of rows: nothing here knows the trainer.

use std::ops::Range;

use crate::calibrate::among_sampled;
use crate::data_row::DataRow;
use crate::export::ExportedModel;
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

/// What the model says of a range of the rows from their raw features, each with the row's label. Of the rows without a
/// click the data have this share, and so the probabilities are taken for such rows.
pub fn predict(
    model: &ExportedModel,
    rows: &RowFile,
    range: Range<u64>,
    negative_sampling_rate: f64,
) -> Result<Vec<(f64, bool)>, EvaluateError> {
    labelled(rows, range, |row| {
        among_sampled(f64::from(model.predict(row).probability), negative_sampling_rate)
    })
}

/// The metrics of [`predict`].
pub fn evaluate(
    model: &ExportedModel,
    rows: &RowFile,
    range: Range<u64>,
    negative_sampling_rate: f64,
) -> Result<Metrics, EvaluateError> {
    Ok(Metrics::of(&predict(
        model,
        rows,
        range,
        negative_sampling_rate,
    )?)?)
}

/// The best metrics any model could reach on generated rows: those of the true probabilities.
pub fn oracle(rows: &RowFile, range: Range<u64>) -> Result<Metrics, EvaluateError> {
    let probability = |row: &DataRow| match row {
        DataRow::Criteo(row) => true_probability(row),
        DataRow::Table(_) => f64::NAN,
    };
    Ok(Metrics::of(&labelled(rows, range, probability)?)?)
}

fn labelled(
    rows: &RowFile,
    range: Range<u64>,
    probability: impl Fn(&DataRow) -> f64,
) -> Result<Vec<(f64, bool)>, EvaluateError> {
    let read_error = |source| EvaluateError::File {
        path: rows.path.display().to_string(),
        source,
    };
    let mut predictions = Vec::with_capacity((range.end - range.start) as usize);
    for row in rows.data(range.start, range.end).map_err(read_error)? {
        let row = row.map_err(read_error)?;
        predictions.push((probability(&row), row.is_positive()));
    }
    Ok(predictions)
}
