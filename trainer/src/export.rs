//! Step 4: booster to the compact file, checked against the engine that grew it, and judged.
//!
//! Invariant: what leaves here predicts as the engine does, bit for bit, on every row that the encoder wasn't fitted on,
//! unless a budget of bytes forbids it: then a file that does was made first, and how far the two differ is reported.
//! The metrics were computed from the file's own predictions.

mod agreement;
mod budget;
mod directory;
mod harm;
mod model;
mod served;

use std::collections::BTreeMap;
use std::ops::Range;

use model_export::{
    Encoder, Ensemble, EnsembleError, FormatError, ImportError, Provenance, Row, SampleRow, import_xgboost,
    sha256_hex,
};
use registry::Engine;

pub use budget::BudgetReport;
pub use directory::{BUNDLE_FILE, DirectoryError, ModelDirectory, ModelFile};
pub use model::ExportedModel;

use crate::calibrate::Calibrated;
use crate::cancel::{CancelToken, Cancelled};
use crate::data_row::DataRow;
use crate::evaluate::{EvaluateError, evaluate, oracle, predict};
use crate::gbdt_engine::GbdtError;
use crate::gbdt_engine::saved::import as import_gbdt;
use crate::generate::Generator;
use crate::ingest::Ingested;
use crate::metrics::Metrics;
use crate::process::Processed;
use crate::progress::{Progress, Step};
use crate::train::{TrainError, Trained};

/// Generated rows that every file carries as its self-test.
const SAMPLE_ROWS: usize = 16;

/// Fixed, so that two exports of the same trees carry the same samples.
const SAMPLE_SEED: u64 = 0x5A_4D_50_4C_45;

/// A checked model.
pub struct Exported {
    /// As read back from `bytes`.
    pub model: ExportedModel,
    /// The compact file.
    pub bytes: Vec<u8>,
    /// The compact file's digest: its name.
    pub sha256: String,
    /// What it says of the test rows, each with the row's label.
    pub predictions: Vec<(f64, bool)>,
    /// On the test rows.
    pub metrics: Metrics,
    /// On the test rows, of the true probabilities, where they are known.
    pub oracle: Option<Metrics>,
    /// What a budget made it give up.
    pub budget: Option<BudgetReport>,
}

/// A booster that isn't exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The booster's bytes can't be read.
    #[error("the booster can't be exported")]
    Import(#[from] ImportError),
    /// The same, of the gbdt crate's.
    #[error("the booster can't be exported")]
    ImportGbdt(#[from] GbdtError),
    /// The parts make no model.
    #[error("the model can't be written")]
    Format(#[from] FormatError),
    /// Trees that can't be rounded.
    #[error("the trees can't be rounded")]
    Ensemble(#[from] EnsembleError),
    /// No way to fit into so few bytes.
    #[error(
        "no model of at most {max_bytes} bytes can be made of this one: the smallest has about {least_bytes}"
    )]
    Budget {
        /// What was allowed.
        max_bytes: u64,
        /// What the smallest model has.
        least_bytes: u64,
    },
    /// The rows that would judge what a budget costs were trained on.
    #[error(
        "a budget of bytes is judged on the early-stopping rows, and this model was trained on them too: train \
         with --no-refit"
    )]
    BudgetAfterRefit,
    /// Bytes can't be saved in models of tables.
    #[error("a budget of bytes is for models of Criteo rows: leave max_bytes out for a table")]
    BudgetOfTable,
    /// The exported file and another evaluator disagree.
    #[error("row {row}: the exported margin is {exported:e} ({exported_bits:#010x}), {who} says {theirs:e}")]
    Disagree {
        /// Which row, from 1.
        row: u64,
        /// The file's.
        exported: f32,
        /// The file's, as bits.
        exported_bits: u32,
        /// The other's.
        theirs: f32,
        /// The other evaluator.
        who: &'static str,
    },
    /// The file's metrics changed between writing and reading.
    #[error("the written file has other test metrics than the model it was made from")]
    MetricsChanged,
    /// The engine can't predict.
    #[error(transparent)]
    Engine(#[from] TrainError),
    /// The test rows can't be judged.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// Stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Makes the compact file of a booster, of at most `max_bytes` as served where that is given. `provenance` has no
/// metrics yet: they are added here. Blocking.
pub fn export(
    ingested: &Ingested,
    processed: &Processed,
    trained: &Trained,
    provenance: Provenance,
    max_bytes: Option<u64>,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<Exported, ExportError> {
    let checked_rows = processed.split.test.end - processed.fitted_rows;
    if max_bytes.is_some() && processed.fitted_rows > processed.split.train.end {
        return Err(ExportError::BudgetAfterRefit);
    }
    if max_bytes.is_some() && ingested.rows.table.is_some() {
        return Err(ExportError::BudgetOfTable);
    }
    progress.start(Step::Export, Some(checked_rows));
    let ensemble = match trained.engine {
        Engine::Xgboost => import_xgboost(&trained.booster)?,
        Engine::Gbdt => import_gbdt(&trained.booster)?,
    };
    let parts = Parts {
        ingested,
        processed,
        calibrated: &trained.calibrated,
        provenance,
        progress,
        cancel,
    };
    let whole = parts.build(processed.encoder.encoder(), &ensemble, BTreeMap::new())?;
    agreement::check(&parts, &whole.model, trained)?;
    let (built, budget) = match max_bytes {
        None => (whole, None),
        Some(max_bytes) => {
            let (built, report) = budget::fit(&parts, &ensemble, &whole, max_bytes)?;
            (built, Some(report))
        }
    };
    let oracle = ingested
        .generated
        .then(|| oracle(&ingested.rows, processed.split.test.clone()))
        .transpose()?;
    let sha256 = sha256_hex(&built.bytes);
    let given_up = budget
        .as_ref()
        .map_or(String::new(), |report| format!("; {report}"));
    progress.finish(&format!(
        "{sha256}.leaf, {:.1} KB, {} trees; margins equal on {checked_rows} rows{given_up}; test logloss {:.5}, AUC {:.5}",
        built.bytes.len() as f64 / 1e3,
        built.model.ensemble().trees(),
        built.metrics.logloss,
        built.metrics.auc
    ));
    Ok(Exported {
        model: built.model,
        bytes: built.bytes,
        sha256,
        predictions: built.predictions,
        metrics: built.metrics,
        oracle,
        budget,
    })
}

/// What files are made of and told to.
struct Parts<'a> {
    ingested: &'a Ingested,
    processed: &'a Processed,
    calibrated: &'a Calibrated,
    provenance: Provenance,
    progress: &'a dyn Progress,
    cancel: &'a CancelToken,
}

/// A file, read back, and what it says of the test rows.
struct Built {
    model: ExportedModel,
    bytes: Vec<u8>,
    predictions: Vec<(f64, bool)>,
    metrics: Metrics,
}

impl Parts<'_> {
    /// Makes a file whose provenance has these params too.
    fn build(
        &self,
        encoder: &Encoder,
        ensemble: &Ensemble,
        params: BTreeMap<String, String>,
    ) -> Result<Built, ExportError> {
        let mut provenance = self.provenance.clone();
        provenance.params.extend(params);
        let rate = self.calibrated.negative_sampling_rate;
        let draft = self.calibrate(ExportedModel::new(
            encoder.clone(),
            ensemble.clone(),
            provenance.clone(),
            Vec::new(),
        )?)?;
        let (draft, _) = draft.read_back()?;
        let (rows, test) = (&self.ingested.rows, &self.processed.split.test);
        let metrics = evaluate(&draft, rows, test.clone(), rate)?;
        provenance.metrics = metrics.named("test_");
        let model = self.calibrate(ExportedModel::new(
            encoder.clone(),
            ensemble.clone(),
            provenance,
            samples(&draft),
        )?)?;
        let (model, bytes) = model.read_back()?;
        let predictions = predict(&model, rows, test.clone(), rate)?;
        if Metrics::of(&predictions).map_err(EvaluateError::from)? != metrics {
            return Err(ExportError::MetricsChanged);
        }
        Ok(Built {
            model,
            bytes,
            predictions,
            metrics,
        })
    }

    fn calibrate(&self, model: ExportedModel) -> Result<ExportedModel, FormatError> {
        match &self.calibrated.calibration {
            Some(calibration) => model.with_calibration(calibration.clone()),
            None => Ok(model),
        }
    }

    /// Some of the rows.
    fn rows(&self, range: Range<u64>) -> Result<Vec<DataRow>, EvaluateError> {
        let rows = &self.ingested.rows;
        let read = rows.data(range.start, range.end).and_then(Iterator::collect);
        read.map_err(|source| EvaluateError::File {
            path: rows.path.display().to_string(),
            source,
        })
    }
}

/// Generated rows, one row with everything missing among them, and the margins that the model gives. A table's model has none.
fn samples(model: &ExportedModel) -> Vec<SampleRow> {
    let ExportedModel::Clicks(model) = model else {
        return Vec::new();
    };
    let mut rows: Vec<_> = Generator::new(SAMPLE_SEED).take(SAMPLE_ROWS).collect();
    rows[0] = Row::default();
    rows.into_iter()
        .map(|row| {
            let row = Row { label: None, ..row };
            SampleRow {
                margin_bits: model.predict(&row).margin.to_bits(),
                row,
            }
        })
        .collect()
}
