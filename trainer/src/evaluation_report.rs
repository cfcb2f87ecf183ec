//! The evaluation report of a run: its exported file's predictions of the test rows, from every side.
//!
//! Invariant: the predictions are those that the run's metrics were computed from.

mod importance;

use model_export::{CATEGORY_COLUMNS, Encoder, INTEGER_COLUMNS, column_names};
use report::{Identity, LearningCurves, LearningPoint, MetricsError, RenderError, Report, SliceGroup};

use crate::cancel::{CancelToken, Cancelled};
use crate::data_row::DataRow;
use crate::evaluate::EvaluateError;
use crate::export::Exported;
use crate::pipeline::Inputs;
use crate::train::{TrainError, Trained};

/// Parts by a count of each row.
const COUNT_BANDS: usize = 5;
/// Parts by position.
const POSITION_BANDS: usize = 10;

/// A report that can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationReportError {
    /// The test rows can't be read.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// They have no metrics.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The engine doesn't say what it looks at.
    #[error(transparent)]
    Engine(#[from] TrainError),
    /// No page can be made.
    #[error("the evaluation report can't be drawn")]
    Render(#[from] RenderError),
    /// Stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Makes the report of an exported file. Blocking.
pub fn report(
    inputs: &Inputs<'_>,
    exported: &Exported,
    cancel: &CancelToken,
) -> Result<Report, EvaluationReportError> {
    let test = inputs.processed.split.test.clone();
    let rows = &inputs.ingested.rows;
    let read_error = |source| EvaluateError::File {
        path: rows.path.display().to_string(),
        source,
    };
    let mut counts = Counts::new(inputs.processed.encoder.encoder());
    let mut sample = importance::Sample::new(&exported.model, test.end - test.start);
    for row in rows.data(test.start, test.end).map_err(read_error)? {
        let row = row.map_err(read_error)?;
        counts.see(&row);
        sample.see(&row, cancel)?;
    }
    let slices = slices(&exported.predictions, &counts, test.start + 1)?;
    let importance = importance::importance(inputs, &exported.model, sample)?;
    let identity = identity(exported, test.start + 1);
    let learning = learning(inputs.trained);
    Ok(Report::new(
        identity,
        &exported.predictions,
        slices,
        importance,
        learning,
    )?)
}

/// What the encoder does not know of each row.
struct Counts<'a> {
    encoder: &'a Encoder,
    /// Of each category column the feature that is 0 where its key is rare or was never seen.
    log_counts: Option<Vec<usize>>,
    features: Vec<f32>,
    missing: Vec<u32>,
    rare: Vec<u32>,
}

impl<'a> Counts<'a> {
    fn new(encoder: &'a Encoder) -> Self {
        let names = encoder.feature_names();
        let categories: Vec<String> = match encoder.schema() {
            Some(schema) => schema.categories().to_vec(),
            None => column_names()[INTEGER_COLUMNS..]
                .iter()
                .map(ToString::to_string)
                .collect(),
        };
        let feature = |column: &String| {
            let name = format!("{column}_log_count");
            // Of a table, a column of numbers may be called so too, and stands before it.
            names.iter().rposition(|other| *other == name)
        };
        let log_counts: Option<Vec<usize>> = categories.iter().map(feature).collect();
        Self {
            encoder,
            log_counts: log_counts.filter(|columns| !columns.is_empty()),
            features: vec![0.0; encoder.width()],
            missing: Vec::new(),
            rare: Vec::new(),
        }
    }

    fn see(&mut self, row: &DataRow) {
        self.missing.push(row.missing() as u32);
        if let Some(log_counts) = &self.log_counts {
            row.encode(self.encoder, &mut self.features);
            let columns = row.has_categories().into_iter().zip(log_counts);
            let rare = columns.filter(|(present, feature)| *present && self.features[**feature] == 0.0);
            self.rare.push(rare.count() as u32);
        }
    }

    /// How many columns a row has.
    fn columns(&self) -> usize {
        match self.encoder.schema() {
            Some(schema) => schema.names().count(),
            None => INTEGER_COLUMNS + CATEGORY_COLUMNS,
        }
    }
}

/// By what is missing, by what is rare, by position.
fn slices(
    predictions: &[(f64, bool)],
    counts: &Counts<'_>,
    first_row: u64,
) -> Result<Vec<SliceGroup>, MetricsError> {
    let mut groups = vec![SliceGroup::by_count(
        "missing values",
        &format!(
            "How many of the {} columns are empty in a row, cut at quantiles.",
            counts.columns()
        ),
        predictions,
        &counts.missing,
        COUNT_BANDS,
    )?];
    if counts.log_counts.is_some() {
        groups.push(SliceGroup::by_count(
            "rare categories",
            "How many categories of a row the encoder takes as rare or has never seen, cut at quantiles.",
            predictions,
            &counts.rare,
            COUNT_BANDS,
        )?);
    }
    let hours = match counts.encoder.schema() {
        Some(_) => "",
        None => "; the data has no column of hours",
    };
    groups.push(SliceGroup::by_position(
        "position",
        &format!(
            "Bands of equally many rows, by their numbers in the data set. Rows are in the order of time{hours}."
        ),
        predictions,
        first_row,
        POSITION_BANDS,
    )?);
    Ok(groups)
}

fn identity(exported: &Exported, first_test_row: u64) -> Identity {
    let provenance = exported.model.provenance();
    Identity {
        model_name: provenance.model_name.clone(),
        experiment_name: provenance.experiment_name.clone(),
        run_id: provenance.run_id.clone(),
        run_name: provenance.run_name.clone(),
        model_sha256: exported.sha256.clone(),
        model_bytes: exported.bytes.len() as u64,
        trees: exported.model.ensemble().trees() as u64,
        engine: provenance.engine.clone(),
        dataset_name: provenance.dataset_name.clone(),
        dataset_digest: provenance.dataset_digest.clone(),
        first_test_row,
    }
}

fn learning(trained: &Trained) -> LearningCurves {
    let points = trained.curve.iter().map(|round| LearningPoint {
        round: round.round,
        train_logloss: round.train_logloss,
        validation_logloss: round.validation_logloss,
    });
    LearningCurves::new(points, trained.best_iteration, trained.refit)
}
