//! The candidates that fit, and which of them the early-stopping rows like best.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use model_export::{Encoder, Ensemble, FittedEncoder, FormatError, Model, Provenance, Row};

use crate::cancel::{CancelToken, Cancelled};
use crate::evaluate::evaluate;
use crate::export::harm::{Class, by_harm};
use crate::export::{ExportError, ExportedModel};
use crate::progress::Progress;
use crate::row_file::RowFile;

/// Bits of a leaf to choose from, all of them first.
const LEAF_BITS: [Option<u8>; 5] = [None, Some(16), Some(12), Some(10), Some(8)];
/// Spare bits of fingerprints to choose from, whole keys first.
const SPARE_BITS: [Option<u32>; 5] = [None, Some(16), Some(12), Some(8), Some(6)];
/// Longer keys are not worth forgetting others.
const SPARE_BITS_WHEN_FORGETTING: u32 = 8;

/// What candidates are made of and judged by.
pub(super) struct Search<'a> {
    pub(super) fitted: &'a FittedEncoder,
    pub(super) ensemble: &'a Ensemble,
    pub(super) rows: &'a RowFile,
    /// Early-stopping rows.
    pub(super) judged: Range<u64>,
    /// Training rows that classes of keys are tried in.
    pub(super) contexts: &'a [Row],
    pub(super) progress: &'a dyn Progress,
    pub(super) cancel: &'a CancelToken,
}

/// Parts of a model, and how good it is on the judged rows.
pub(super) struct Candidate {
    pub(super) encoder: Encoder,
    pub(super) ensemble: Ensemble,
    pub(super) leaf_bits: Option<u8>,
    pub(super) logloss: f64,
    /// Whether all keys are there, so that less need not be tried.
    complete: bool,
}

/// The encoder that candidates with so many trees are made of.
struct Stock {
    encoder: Encoder,
    /// Of the file with no key.
    bare_bytes: usize,
    /// Classes of keys, those to forget first first.
    order: Vec<Class>,
    /// What keys add to the file, by spare bits and forgotten classes.
    key_bytes: HashMap<(Option<u32>, usize), u64>,
}

impl Search<'_> {
    /// The model that gives nothing up.
    pub(super) fn whole(&self) -> Result<Candidate, ExportError> {
        let encoder = self.fitted.encoder().pruned(self.ensemble);
        self.judge(encoder, self.ensemble.clone(), None, true)
    }

    /// The best model of at most `room` bytes without provenance and self-test, or else the fewest bytes that it can
    /// have.
    pub(super) fn best(&self, room: u64) -> Result<Result<Candidate, u64>, ExportError> {
        let mut best: Option<Candidate> = None;
        let mut least_bytes = u64::MAX;
        let mut trees = self.ensemble.trees();
        loop {
            match self.best_with_trees(trees, room)? {
                Err(bytes) => least_bytes = least_bytes.min(bytes),
                Ok(candidate) if best.as_ref().is_none_or(|best| candidate.logloss < best.logloss) => {
                    let complete = candidate.complete;
                    best = Some(candidate);
                    if complete {
                        break;
                    }
                }
                Ok(_) => break,
            }
            if trees <= 1 {
                break;
            }
            trees = trees * 3 / 4;
        }
        Ok(best.ok_or(least_bytes))
    }

    fn best_with_trees(&self, trees: usize, room: u64) -> Result<Result<Candidate, u64>, ExportError> {
        let ensemble = self.ensemble.clone().first_trees(trees).without_covers();
        let encoder = self.fitted.encoder().pruned(&ensemble);
        let bare = encoder.merged(|_, class| usize::from(class == 1));
        let mut leaves = Vec::new();
        for bits in LEAF_BITS {
            let rounded = match bits {
                Some(bits) => ensemble.with_leaf_bits(bits)?,
                None => ensemble.clone(),
            };
            let bytes = weight(&bare, &rounded)?;
            leaves.push((bits, rounded, bytes));
        }
        let least_bytes = leaves
            .iter()
            .map(|(_, _, bytes)| *bytes)
            .min()
            .unwrap_or(u64::MAX);
        leaves.retain(|(_, _, bytes)| *bytes <= room);
        if leaves.is_empty() {
            return Ok(Err(least_bytes));
        }
        let order = by_harm(self.fitted, &encoder, &ensemble, self.contexts, self.cancel)?;
        let mut stock = Stock {
            bare_bytes: bare.file_bytes(),
            encoder,
            order,
            key_bytes: HashMap::new(),
        };
        let mut best: Option<Candidate> = None;
        for (leaf_bits, ensemble, bytes) in leaves {
            let mut whole = false;
            for spare_bits in SPARE_BITS {
                let Some(forgotten) = self.forgotten(&mut stock, spare_bits, room - bytes)? else {
                    continue;
                };
                let complete = forgotten == 0;
                whole = complete && spare_bits.is_none();
                let encoder = stock.encoder(self.fitted, spare_bits, forgotten);
                let candidate = self.judge(encoder, ensemble.clone(), leaf_bits, complete)?;
                if best.as_ref().is_none_or(|best| candidate.logloss < best.logloss) {
                    best = Some(candidate);
                }
                if complete {
                    break;
                }
            }
            if whole {
                break;
            }
        }
        Ok(best.ok_or(least_bytes))
    }

    /// How many classes of keys must be forgotten, so that the others add at most `room` bytes.
    fn forgotten(
        &self,
        stock: &mut Stock,
        spare_bits: Option<u32>,
        room: u64,
    ) -> Result<Option<usize>, Cancelled> {
        let classes = stock.order.len();
        let mut fits = |forgotten| -> Result<bool, Cancelled> {
            self.cancel.check()?;
            Ok(stock.key_bytes(self.fitted, spare_bits, forgotten) <= room)
        };
        if fits(0)? {
            return Ok(Some(0));
        }
        if spare_bits.is_none_or(|bits| bits > SPARE_BITS_WHEN_FORGETTING) {
            return Ok(None);
        }
        let (mut too_few, mut enough) = (0, classes);
        while enough - too_few > 1 {
            let middle = usize::midpoint(too_few, enough);
            if fits(middle)? {
                enough = middle;
            } else {
                too_few = middle;
            }
        }
        Ok(Some(enough))
    }

    fn judge(
        &self,
        encoder: Encoder,
        ensemble: Ensemble,
        leaf_bits: Option<u8>,
        complete: bool,
    ) -> Result<Candidate, ExportError> {
        self.cancel.check()?;
        let model = ExportedModel::new(encoder, ensemble, Provenance::default(), Vec::new())?;
        let logloss = evaluate(&model, self.rows, self.judged.clone(), 1.0)?.logloss;
        let (encoder, ensemble) = (model.encoder().clone(), model.ensemble().clone());
        self.progress.advance(
            0,
            &format!(
                "budget: {} keys, {} trees: validation logloss {logloss:.5}",
                encoder.keys(),
                ensemble.trees()
            ),
        );
        Ok(Candidate {
            encoder,
            ensemble,
            leaf_bits,
            logloss,
            complete,
        })
    }
}

impl Stock {
    fn encoder(&self, fitted: &FittedEncoder, spare_bits: Option<u32>, forgotten: usize) -> Encoder {
        let forgotten: HashSet<Class> = self.order[..forgotten].iter().copied().collect();
        let kept = self.encoder.merged(|column, class| {
            let forgotten = forgotten.contains(&Class { column, class });
            if forgotten { 0 } else { class }
        });
        match spare_bits {
            Some(bits) => kept.hashed(bits, fitted),
            None => kept,
        }
    }

    /// What keys add to the file.
    fn key_bytes(&mut self, fitted: &FittedEncoder, spare_bits: Option<u32>, forgotten: usize) -> u64 {
        if let Some(bytes) = self.key_bytes.get(&(spare_bits, forgotten)) {
            return *bytes;
        }
        let encoder = self.encoder(fitted, spare_bits, forgotten);
        let bytes = encoder.file_bytes().saturating_sub(self.bare_bytes) as u64;
        self.key_bytes.insert((spare_bits, forgotten), bytes);
        bytes
    }
}

/// Bytes of a file with nothing but encoder and trees.
pub(super) fn weight(encoder: &Encoder, ensemble: &Ensemble) -> Result<u64, FormatError> {
    let model = Model::new(
        encoder.clone(),
        ensemble.clone(),
        Provenance::default(),
        Vec::new(),
    )?;
    Ok(model.to_bytes().len() as u64)
}
