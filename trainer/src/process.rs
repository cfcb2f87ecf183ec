//! Step 2: rows to encoded rows.
//!
//! Crosses are chosen by the training rows alone. The encoder sees the training rows only, and for a refit the
//! early-stopping rows too. Those are encoded out of fold, each without its own label; all other rows are encoded as any
//! row is later, when the model predicts.

use std::path::Path;

use model_export::{Cross, EncoderConfig, EncoderError, EncoderFit, FittedEncoder};
use serde::{Deserialize, Serialize};

use crate::cancel::{CancelToken, Cancelled};
use crate::crosses::Crosses;
use crate::encoded_file::{EncodedFile, EncodedWriter};
use crate::progress::{Progress, Step};
use crate::row_file::RowFile;
use crate::split::{Split, SplitAt, SplitError};

const REPORT_EVERY_ROWS: u64 = 2_000;

/// How rows are split and encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessConfig {
    /// Where early stopping and test begin.
    pub split: SplitAt,
    /// Weight of the prior in target means, in rows.
    pub prior_weight: f64,
    /// A category seen less often in training counts as rare.
    pub min_count: u32,
    /// Folds of the out-of-fold encoding.
    pub folds: u8,
    /// Seed of the folds.
    pub seed: u64,
    /// Pairs of columns that are encoded as one.
    #[serde(default)]
    pub crosses: Crosses,
}

impl Default for ProcessConfig {
    fn default() -> Self {
        Self {
            split: SplitAt::default(),
            prior_weight: 62.5,
            min_count: 3,
            folds: 5,
            seed: 1,
            crosses: Crosses::Count(5),
        }
    }
}

impl ProcessConfig {
    /// The same with the crosses that were found for these rows, so that they need not be found again.
    pub(crate) fn with_crosses_of(&self, processed: &Processed) -> Self {
        let crosses = processed.encoder.encoder().config().crosses.clone();
        Self {
            crosses: match crosses.is_empty() {
                true => Crosses::None,
                false => Crosses::Listed(crosses),
            },
            ..self.clone()
        }
    }

    pub(crate) fn encoder(&self, crosses: Vec<Cross>) -> EncoderConfig {
        EncoderConfig {
            prior_weight: self.prior_weight,
            min_count: self.min_count,
            folds: self.folds,
            seed: self.seed,
            crosses,
        }
    }
}

/// Encoded rows and the encoder that made them.
pub struct Processed {
    /// Which rows are for what.
    pub split: Split,
    /// The encoder was fitted on the first so many rows.
    pub fitted_rows: u64,
    /// All rows, encoded, in order.
    pub encoded: EncodedFile,
    /// Fitted on those rows.
    pub encoder: FittedEncoder,
}

/// Which rows the encoder is fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FitOn {
    /// The training rows.
    Training,
    /// The training and the early-stopping rows.
    AllButTest,
}

impl FitOn {
    /// How many rows of the split that is, from the first.
    pub fn rows(self, split: &Split) -> u64 {
        match self {
            FitOn::Training => split.train.end,
            FitOn::AllButTest => split.stop.end,
        }
    }
}

/// Rows that can't be encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// No such split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A part of the split knows only one label.
    #[error("the {part} rows have {positives} clicks in {rows} rows: training and judging need both labels")]
    OneClass {
        /// `training`, `early-stopping` or `test`.
        part: &'static str,
        /// Rows of the part.
        rows: u64,
        /// Clicks in it.
        positives: u64,
    },
    /// A table's columns can't be crossed.
    #[error(
        "columns of a table can't be crossed: leave crosses out, or use --crosses 0 or encoder.crosses = 0"
    )]
    TableCrosses,
    /// The encoder refused.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// A file of the work folder can't be read or written.
    #[error("{path}: can't be read or written")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Fits the encoder and encodes all rows into `path`. Blocking.
pub fn process(
    rows: &RowFile,
    config: &ProcessConfig,
    fit_on: FitOn,
    path: &Path,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<Processed, ProcessError> {
    if rows.table.is_some() && !matches!(config.crosses, Crosses::None | Crosses::Count(0)) {
        return Err(ProcessError::TableCrosses);
    }
    let split = Split::new(rows.rows, config.split)?;
    let fitted_rows = fit_on.rows(&split);
    progress.start(Step::Process, Some(fitted_rows + rows.rows));
    if let Crosses::Count(1..) = config.crosses {
        progress.advance(0, "rows: choosing crosses");
    }
    let crosses = config
        .crosses
        .resolved(rows, split.train.end, config.seed, cancel)?;
    let fitted = fit(rows, fitted_rows, config.encoder(crosses), &mut |done| {
        progress.advance(done, "rows: fitting the encoder");
        cancel.check()
    })?;
    let encoded = encode(rows, &split, (fitted_rows, &fitted), path, &mut |done| {
        progress.advance(fitted_rows + done, "rows: encoding");
        cancel.check()
    })?;
    let crosses = &fitted.encoder().config().crosses;
    let crosses = match crosses.len() {
        0 => String::new(),
        _ => format!("; crosses {}", joined(crosses)),
    };
    progress.finish(&format!(
        "{} rows for training, {} for early stopping, {} for the test; {} features{crosses}",
        split.train.end,
        split.stop.end - split.stop.start,
        split.test.end - split.test.start,
        fitted.encoder().width()
    ));
    Ok(Processed {
        split,
        fitted_rows,
        encoded,
        encoder: fitted,
    })
}

/// The names of crosses, with spaces between them.
pub(crate) fn joined(crosses: &[Cross]) -> String {
    let names: Vec<String> = crosses.iter().map(ToString::to_string).collect();
    names.join(" ")
}

/// Fits an encoder on the first so many rows, as [`process`] does: the same rows and config give the same encoder.
pub fn fit(
    rows: &RowFile,
    fitted_rows: u64,
    config: EncoderConfig,
    report: &mut dyn FnMut(u64) -> Result<(), Cancelled>,
) -> Result<FittedEncoder, ProcessError> {
    let read_error = |source| ProcessError::File {
        path: rows.path.display().to_string(),
        source,
    };
    let mut fit = match rows.schema().map_err(read_error)? {
        Some(schema) => EncoderFit::of_table(config, schema),
        None => EncoderFit::new(config),
    };
    for (index, row) in (0..fitted_rows).zip(rows.data(0, fitted_rows).map_err(read_error)?) {
        if index % REPORT_EVERY_ROWS == 0 {
            report(index)?;
        }
        row.map_err(read_error)?.observe(&mut fit, index)?;
    }
    Ok(fit.finish()?)
}

fn encode(
    rows: &RowFile,
    split: &Split,
    (fitted_rows, fitted): (u64, &FittedEncoder),
    path: &Path,
    report: &mut dyn FnMut(u64) -> Result<(), Cancelled>,
) -> Result<EncodedFile, ProcessError> {
    let read_error = |source| ProcessError::File {
        path: rows.path.display().to_string(),
        source,
    };
    let write_error = |source| ProcessError::File {
        path: path.display().to_string(),
        source,
    };
    let encoder = fitted.encoder();
    let mut writer = EncodedWriter::create(path, encoder.width()).map_err(write_error)?;
    let mut features = vec![0.0; encoder.width()];
    let mut positives = [0u64; 3];
    for (index, row) in (0..rows.rows).zip(rows.data(0, rows.rows).map_err(read_error)?) {
        if index % REPORT_EVERY_ROWS == 0 {
            report(index)?;
        }
        let row = row.map_err(read_error)?;
        if index < fitted_rows {
            row.encode_training(fitted, index, &mut features);
        } else {
            row.encode(encoder, &mut features);
        }
        let clicked = row.is_positive();
        let part = usize::from(index >= split.stop.start) + usize::from(index >= split.test.start);
        positives[part] += u64::from(clicked);
        writer.write(&features, clicked).map_err(write_error)?;
    }
    let parts = [
        ("training", &split.train),
        ("early-stopping", &split.stop),
        ("test", &split.test),
    ];
    for ((part, range), positives) in parts.into_iter().zip(positives) {
        let rows = range.end - range.start;
        if positives == 0 || positives == rows {
            return Err(ProcessError::OneClass {
                part,
                rows,
                positives,
            });
        }
    }
    writer.finish().map_err(write_error)
}
