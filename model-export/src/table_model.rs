//! A model of a table of its own: encoder, trees and provenance.
//!
//! Invariant: the encoder has a schema, its width is the trees' number of features, and the trees give one probability.

use crate::calibration::Calibration;
use crate::encoder::Encoder;
use crate::engine::LazyEngine;
use crate::ensemble::Ensemble;
use crate::explain::ExplainError;
use crate::feature_model::ModelFile;
use crate::format::{self, FormatError};
use crate::model::{Prediction, check_parts};
use crate::provenance::Provenance;
use crate::schema::Schema;

/// Rows that are encoded before any of them is predicted.
const BATCH: usize = 1024;

/// Predicts from named columns of numbers and categories.
#[derive(Clone, Debug, PartialEq)]
pub struct TableModel {
    encoder: Encoder,
    schema: Schema,
    ensemble: Ensemble,
    provenance: Provenance,
    calibration: Option<Calibration>,
    engine: LazyEngine,
}

impl TableModel {
    /// Puts the parts together; refuses parts that do not fit and an encoder of Criteo rows.
    ///
    /// Of the encoder it keeps what the trees can tell apart, [`Encoder::pruned`].
    pub fn new(encoder: Encoder, ensemble: Ensemble, provenance: Provenance) -> Result<Self, FormatError> {
        let Some(schema) = encoder.schema().cloned() else {
            return Err(FormatError::NoSchema);
        };
        check_parts(&encoder, &ensemble, &provenance)?;
        Ok(Self {
            encoder: encoder.pruned(&ensemble),
            schema,
            ensemble,
            provenance,
            calibration: None,
            engine: LazyEngine::default(),
        })
    }

    /// The model whose probabilities are calibrated, by this instead of any it had. Margins stay as they are.
    pub fn with_calibration(self, calibration: Calibration) -> Result<Self, FormatError> {
        calibration.check()?;
        Ok(Self {
            calibration: Some(calibration),
            ..self
        })
    }

    /// Reads a compact file and checks all of it.
    ///
    /// Files that predict from Criteo rows or from features are refused; [`ModelFile::from_bytes`] reads all kinds.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        match format::decode(bytes)? {
            ModelFile::Table(model) => Ok(*model),
            _ => Err(FormatError::NoSchema),
        }
    }

    /// The compact file. The same model always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        format::encode_table(self)
    }

    /// The columns that a row has.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The probability of a row: `numbers` and `keys` are in the order of the schema, NaN and `None` where a value is
    /// missing, and keys those of [`category_key`](crate::category_key).
    ///
    /// Panics unless the row has all columns of the schema.
    pub fn predict(&self, numbers: &[f32], keys: &[Option<u32>]) -> Prediction {
        let (mut features, mut margin) = (vec![0.0; self.encoder.width()], [0.0]);
        self.encoder.encode_table(numbers, keys, &mut features);
        self.margins(&features, &mut margin);
        self.prediction(margin[0])
    }

    /// The probability of a margin: calibrated, where the model has a [`Calibration`], else the sigmoid.
    pub fn probability(&self, margin: f32) -> f32 {
        self.prediction(margin).probability
    }

    fn prediction(&self, margin: f32) -> Prediction {
        Prediction::of(margin, self.calibration.as_ref())
    }

    /// Writes the margins of many rows, one after the other in `numbers` and `keys`, one to each place of `out`.
    ///
    /// Panics unless there is a whole row for each place.
    pub fn table_margins(&self, numbers: &[f32], keys: &[Option<u32>], out: &mut [f32]) {
        let (per_row, keys_per_row) = (self.encoder.numbers(), self.encoder.key_columns());
        assert!(
            numbers.len() == out.len() * per_row && keys.len() == out.len() * keys_per_row,
            "each row has the columns of the schema"
        );
        let width = self.encoder.width();
        let mut features = vec![0.0; width * out.len().min(BATCH)];
        for (batch, out) in out.chunks_mut(BATCH).enumerate() {
            let features = &mut features[..width * out.len()];
            for (index, features) in features.chunks_exact_mut(width).enumerate() {
                let row = batch * BATCH + index;
                let numbers = &numbers[row * per_row..][..per_row];
                let keys = &keys[row * keys_per_row..][..keys_per_row];
                self.encoder.encode_table(numbers, keys, features);
            }
            self.margins(features, out);
        }
    }

    /// Writes to `out` what each column of a row adds to its margin, in the order of the schema's names, then the bias.
    ///
    /// Panics unless the row has all columns and `out` one place more.
    pub fn contributions(
        &self,
        numbers: &[f32],
        keys: &[Option<u32>],
        out: &mut [f32],
    ) -> Result<(), ExplainError> {
        let mut features = vec![0.0; self.encoder.width()];
        self.encoder.encode_table(numbers, keys, &mut features);
        let mut by_feature = vec![0.0; features.len() + 1];
        self.ensemble.contributions(&features, 0, &mut by_feature)?;
        let (of_numbers, rest) = by_feature.split_at(numbers.len());
        let (pairs, bias) = rest.split_at(rest.len() - 1);
        let of_categories = pairs.chunks_exact(2).map(|pair| pair[0] + pair[1]);
        let all = of_numbers
            .iter()
            .copied()
            .chain(of_categories)
            .chain(bias.iter().copied());
        assert_eq!(
            out.len(),
            numbers.len() + keys.len() + 1,
            "contributions are one more than the columns"
        );
        out.iter_mut().zip(all).for_each(|(out, value)| *out = value);
        Ok(())
    }

    /// Writes the margins of encoded rows.
    pub(crate) fn margins(&self, rows: &[f32], out: &mut [f32]) {
        self.engine.margins(&self.ensemble, rows, out);
    }

    /// How margins become probabilities, where that is not by the sigmoid alone.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// Turns rows into features.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The trees.
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// Where it comes from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }
}
