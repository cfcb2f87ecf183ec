//! Makes a model fit into so many bytes as served, at the least cost in logloss on the early-stopping rows.
//!
//! What can be given up, the least harmful first: covers, which only explanations need; whole keys for fingerprints;
//! the last bits of leaves; keys that predictions hardly depend on; trees. All combinations that fit are judged, none
//! of them by the test rows.

mod search;

use std::collections::BTreeMap;
use std::fmt;

use model_export::{Encoder, Ensemble, Row};

use self::search::{Candidate, Search, weight};
use super::served::served_bytes;
use super::{Built, ExportError, ExportedModel, Parts};
use crate::data_row::DataRow;
use crate::evaluate::EvaluateError;

/// Training rows that classes of keys are tried in.
const CONTEXTS: u64 = 16;
/// Early-stopping rows that candidates are judged on, at most.
const JUDGED_ROWS: u64 = 50_000;
/// What the names and numbers of a choice may add to the file.
const SLACK_BYTES: u64 = 32;
/// Files to build before giving up; each aims lower by what the one before it was too large.
const ATTEMPTS: u32 = 4;

/// What was given up for a budget, and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetReport {
    /// The budget: bytes as served, brotli or not.
    pub max_bytes: u64,
    /// Bytes as served of the file that gives nothing up.
    pub bytes_before: u64,
    /// Bytes as served of the file.
    pub bytes: u64,
    /// Logloss on the early-stopping rows of the model that gives nothing up.
    pub logloss_before: f64,
    /// Logloss on the same rows of the model.
    pub logloss: f64,
    /// Greatest difference of the two models' margins on early-stopping and test rows.
    pub margin_difference: f32,
    /// Keys with features of their own that the trees can tell from rare ones.
    pub keys_before: usize,
    /// Of them kept.
    pub keys: usize,
    /// How often an unseen key is taken for one with features of its own; 0 where keys are whole.
    pub false_match_rate: f64,
    /// Trees of the model that gives nothing up.
    pub trees_before: usize,
    /// Trees kept.
    pub trees: usize,
    /// Bits of a leaf; `None` where they are whole.
    pub leaf_bits: Option<u8>,
    /// Whether covers were dropped, without which predictions can't be explained.
    pub covers_dropped: bool,
}

impl BudgetReport {
    /// Whether predictions are those of the model that gives nothing up, bit for bit.
    pub fn is_lossless(&self) -> bool {
        self.keys == self.keys_before
            && self.trees == self.trees_before
            && self.leaf_bits.is_none()
            && self.false_match_rate == 0.0
    }

    /// What was chosen, as params.
    pub fn params(&self) -> BTreeMap<String, String> {
        let leaf_bits = self.leaf_bits.map_or("all".to_owned(), |bits| bits.to_string());
        [
            ("max_bytes", self.max_bytes.to_string()),
            ("budget_keys", format!("{} of {}", self.keys, self.keys_before)),
            ("budget_false_match_rate", format!("{:.6}", self.false_match_rate)),
            ("budget_leaf_bits", leaf_bits),
            ("budget_trees", format!("{} of {}", self.trees, self.trees_before)),
            ("budget_covers_dropped", self.covers_dropped.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// What it cost, as metrics.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        [
            ("budget_bytes_before", self.bytes_before as f64),
            ("budget_bytes", self.bytes as f64),
            ("budget_validation_logloss_before", self.logloss_before),
            ("budget_validation_logloss", self.logloss),
            ("budget_margin_difference", f64::from(self.margin_difference)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

impl fmt::Display for BudgetReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes as served instead of {}, of {} allowed",
            self.bytes, self.bytes_before, self.max_bytes
        )?;
        if self.covers_dropped {
            write!(f, "; covers dropped")?;
        }
        if self.is_lossless() {
            return write!(f, "; predictions unchanged");
        }
        write!(f, "; {} of {} keys", self.keys, self.keys_before)?;
        if self.false_match_rate > 0.0 {
            write!(
                f,
                " by fingerprints, at most {:.3} % false matches",
                100.0 * self.false_match_rate
            )?;
        }
        if let Some(bits) = self.leaf_bits {
            write!(f, "; leaves of {bits} bits")?;
        }
        if self.trees < self.trees_before {
            write!(f, "; {} of {} trees", self.trees, self.trees_before)?;
        }
        write!(
            f,
            "; validation logloss {:.5} instead of {:.5}; margins differ by up to {:.4}",
            self.logloss, self.logloss_before, self.margin_difference
        )
    }
}

/// The best model that has at most `max_bytes` as served. `whole` gives nothing up.
pub(super) fn fit(
    parts: &Parts<'_>,
    ensemble: &Ensemble,
    whole: &Built,
    max_bytes: u64,
) -> Result<(Built, BudgetReport), ExportError> {
    let (split, fitted) = (&parts.processed.split, &parts.processed.encoder);
    let contexts = contexts(parts)?;
    let search = Search {
        fitted,
        ensemble,
        rows: &parts.ingested.rows,
        judged: split.stop.start..split.stop.end.min(split.stop.start + JUDGED_ROWS),
        contexts: &contexts,
        progress: parts.progress,
        cancel: parts.cancel,
    };
    let unchanged = search.whole()?;
    let bytes_before = served_bytes(&whole.bytes);
    let bare_bytes = weight(&unchanged.encoder, &unchanged.ensemble)?;
    // Provenance and self-test as served.
    let rest = bytes_before.saturating_sub(bare_bytes) + SLACK_BYTES;
    let keys = |encoder: &Encoder| -> usize {
        let columns = (0..encoder.key_columns()).map(|column| fitted.classes(encoder, column));
        // The first class is that of rare keys.
        columns
            .flat_map(|classes| classes.into_iter().skip(1))
            .map(|class| class.keys)
            .sum()
    };
    let report = |candidate: &Candidate| BudgetReport {
        max_bytes,
        bytes_before,
        bytes: 0,
        logloss_before: unchanged.logloss,
        logloss: candidate.logloss,
        margin_difference: 0.0,
        keys_before: keys(&unchanged.encoder),
        keys: keys(&candidate.encoder),
        false_match_rate: candidate.encoder.false_match_rate(),
        trees_before: ensemble.trees(),
        trees: candidate.ensemble.trees(),
        leaf_bits: candidate.leaf_bits,
        covers_dropped: ensemble.has_covers() && !candidate.ensemble.has_covers(),
    };
    let mut room = max_bytes.saturating_sub(rest);
    let mut least_bytes = u64::MAX;
    for _ in 0..ATTEMPTS {
        let better = match bare_bytes <= room {
            true => None,
            false => Some(search.best(room)?.map_err(|least_bytes| ExportError::Budget {
                max_bytes,
                least_bytes: least_bytes + rest,
            })?),
        };
        let candidate = better.as_ref().unwrap_or(&unchanged);
        let mut report = report(candidate);
        let built = parts.build(&candidate.encoder, &candidate.ensemble, report.params())?;
        report.bytes = served_bytes(&built.bytes);
        if report.bytes <= max_bytes {
            report.margin_difference = margin_difference(parts, &whole.model, &built.model)?;
            return Ok((built, report));
        }
        least_bytes = least_bytes.min(report.bytes);
        room = room.saturating_sub(report.bytes - max_bytes);
    }
    Err(ExportError::Budget {
        max_bytes,
        least_bytes,
    })
}

/// Training rows from all over.
fn contexts(parts: &Parts<'_>) -> Result<Vec<Row>, EvaluateError> {
    let rows = parts.processed.split.train.end;
    let mut contexts = Vec::new();
    for index in 0..CONTEXTS.min(rows) {
        let at = index * rows / CONTEXTS.min(rows);
        contexts.extend(parts.rows(at..at + 1)?.into_iter().filter_map(|row| match row {
            DataRow::Criteo(row) => Some(row),
            DataRow::Table(_) => None,
        }));
    }
    Ok(contexts)
}

/// The greatest difference of two models' margins on all rows after training.
fn margin_difference(
    parts: &Parts<'_>,
    left: &ExportedModel,
    right: &ExportedModel,
) -> Result<f32, ExportError> {
    let split = &parts.processed.split;
    let mut greatest = 0.0_f32;
    let mut start = split.stop.start;
    while start < split.test.end {
        parts.cancel.check()?;
        let end = split.test.end.min(start + 10_000);
        for row in parts.rows(start..end)? {
            greatest = greatest.max((left.predict(&row).margin - right.predict(&row).margin).abs());
        }
        start = end;
    }
    Ok(greatest)
}
