//! Step 4: booster to the compact file, checked against the engine that grew it, and judged.
//!
//! Invariant: what leaves here predicts as the engine does, bit for bit, on every early-stopping and test row, and
//! its metrics were computed from the file's own predictions.

mod directory;

use model_export::{FormatError, ImportError, Model, Provenance, SampleRow, import_xgboost, sha256_hex};
use registry::Engine;

pub use directory::{BUNDLE_FILE, DirectoryError, ModelDirectory, ModelFile};

use crate::cancel::{CancelToken, Cancelled};
use crate::evaluate::{EvaluateError, evaluate, oracle};
use crate::gbdt_engine::GbdtError;
use crate::gbdt_engine::saved::import as import_gbdt;
use crate::generate::Generator;
use crate::ingest::Ingested;
use crate::metrics::Metrics;
use crate::process::Processed;
use crate::progress::{Progress, Step};
use crate::train::{EngineMargins, TrainError, Trained};

/// Generated rows that every file carries as its self-test.
const SAMPLE_ROWS: usize = 16;

/// Fixed, so that two exports of the same trees carry the same samples.
const SAMPLE_SEED: u64 = 0x5A_4D_50_4C_45;

/// Rows that the independent evaluator, which is slow, checks.
const REFERENCE_ROWS: usize = 2_000;

/// A checked model.
pub struct Exported {
    /// As read back from `bytes`.
    pub model: Model,
    /// The compact file.
    pub bytes: Vec<u8>,
    /// The compact file's digest: its name.
    pub sha256: String,
    /// On the test rows.
    pub metrics: Metrics,
    /// On the test rows, of the true probabilities, where they are known.
    pub oracle: Option<Metrics>,
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

/// Makes the compact file of a booster. `provenance` has no metrics yet: they are added here. Blocking.
pub fn export(
    ingested: &Ingested,
    processed: &Processed,
    trained: &Trained,
    mut provenance: Provenance,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<Exported, ExportError> {
    let test = processed.split.test.clone();
    let checked_rows = test.end - processed.split.stop.start;
    progress.start(Step::Export, Some(checked_rows));
    let ensemble = match trained.engine {
        Engine::Xgboost => import_xgboost(&trained.booster)?,
        Engine::Gbdt => import_gbdt(&trained.booster)?,
    };
    let draft = Model::new(
        processed.encoder.clone(),
        ensemble.clone(),
        provenance.clone(),
        Vec::new(),
    )?;
    let draft = Model::from_bytes(&draft.to_bytes())?;
    let metrics = evaluate(&draft, &ingested.rows, test.clone())?;
    let oracle = ingested
        .generated
        .then(|| oracle(&ingested.rows, test.clone()))
        .transpose()?;

    provenance.metrics = metrics.named("test_");
    let model = Model::new(processed.encoder.clone(), ensemble, provenance, samples(&draft))?;
    let bytes = model.to_bytes();
    let model = Model::from_bytes(&bytes)?;
    agrees_with_engine(&model, ingested, processed, trained, progress, cancel)?;
    if evaluate(&model, &ingested.rows, test)? != metrics {
        return Err(ExportError::MetricsChanged);
    }
    let sha256 = sha256_hex(&bytes);
    progress.finish(&format!(
        "{sha256}.leaf, {:.1} KB, {} trees; margins equal on {checked_rows} rows; test logloss {:.5}, AUC {:.5}",
        bytes.len() as f64 / 1e3,
        model.ensemble().trees(),
        metrics.logloss,
        metrics.auc
    ));
    Ok(Exported {
        model,
        bytes,
        sha256,
        metrics,
        oracle,
    })
}

/// Compares the file's margins from raw rows with the engine's from encoded rows, on all rows after training.
fn agrees_with_engine(
    model: &Model,
    ingested: &Ingested,
    processed: &Processed,
    trained: &Trained,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<(), ExportError> {
    let range = processed.split.stop.start..processed.split.test.end;
    let rows_error = |source| EvaluateError::File {
        path: ingested.rows.path.display().to_string(),
        source,
    };
    let encoded_error = |source| EvaluateError::File {
        path: processed.encoded.path.display().to_string(),
        source,
    };
    let mut rows = ingested.rows.read(range.start, range.end).map_err(rows_error)?;
    let mut batches = processed.encoded.batches(range.clone()).map_err(encoded_error)?;
    let engine = EngineMargins::load(trained.engine, &trained.booster, processed.encoded.width)?;
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    let mut index = range.start;
    while batches.read(&mut features, &mut labels).map_err(encoded_error)? {
        cancel.check()?;
        let batch = rows
            .by_ref()
            .take(labels.len())
            .collect::<Result<Vec<_>, _>>()
            .map_err(rows_error)?;
        let exported: Vec<f32> = batch.iter().map(|row| model.predict(row).margin).collect();
        same(index, &exported, &engine.margins(&features)?, engine.name())?;
        if index == range.start {
            let some = exported.len().min(REFERENCE_ROWS);
            let features = &features[..some * processed.encoded.width];
            if let Some(theirs) = engine.reference_margins(model.ensemble().base_margin(), features)? {
                same(index, &exported[..some], &theirs, "the gbdt crate")?;
            }
        }
        index += labels.len() as u64;
        progress.advance(index - range.start, "rows: comparing margins");
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

/// Generated rows, one row with everything missing among them, and the margins that the model gives.
fn samples(model: &Model) -> Vec<SampleRow> {
    let mut rows: Vec<_> = Generator::new(SAMPLE_SEED).take(SAMPLE_ROWS).collect();
    rows[0] = model_export::Row::default();
    rows.into_iter()
        .map(|row| {
            let row = model_export::Row { label: None, ..row };
            SampleRow {
                margin_bits: model.predict(&row).margin.to_bits(),
                row,
            }
        })
        .collect()
}
