//! A model: encoder, trees and provenance, checked once so that predicting cannot fail.
//!
//! Invariant: the encoder's width is the trees' number of features, and every sample row gives exactly its margin.

use crate::calibration::Calibration;
use crate::encoder::{Encoder, MAX_WIDTH};
use crate::engine::LazyEngine;
use crate::ensemble::Ensemble;
use crate::format::{self, FormatError};
use crate::objective::Objective;
use crate::provenance::Provenance;
use crate::row::Row;

/// Self-test rows a model may carry.
pub(crate) const MAX_SAMPLES: usize = 1024;

/// Rows that are encoded before any of them is predicted.
const BATCH: usize = 2048;

/// A self-test row carried in the file: generated data, never a row of a real data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleRow {
    /// What is predicted.
    pub row: Row,
    /// The bits of the `f32` margin it must give.
    pub margin_bits: u32,
}

/// What a model says of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Click probability, `1 / (1 + exp(-margin))` unless the model has a [`Calibration`].
    pub probability: f32,
    /// Sum of base margin and leaves, before the sigmoid.
    pub margin: f32,
}

impl Prediction {
    /// Of a margin, calibrated where there is a calibration.
    pub fn of(margin: f32, calibration: Option<&Calibration>) -> Self {
        let probability = match calibration {
            Some(calibration) => calibration.probability(margin),
            None => probability(margin),
        };
        Self { probability, margin }
    }
}

/// A complete model. Equality is of everything the file holds, of which the encoder is the pruned one.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    encoder: Encoder,
    ensemble: Ensemble,
    provenance: Provenance,
    samples: Vec<SampleRow>,
    calibration: Option<Calibration>,
    engine: LazyEngine,
}

impl Model {
    /// Puts the parts together; refuses parts that do not fit and samples that give another margin.
    ///
    /// Of the encoder it keeps what the trees can tell apart, [`Encoder::pruned`].
    pub fn new(
        encoder: Encoder,
        ensemble: Ensemble,
        provenance: Provenance,
        samples: Vec<SampleRow>,
    ) -> Result<Self, FormatError> {
        if encoder.schema().is_some() {
            return Err(FormatError::OwnTable);
        }
        check_parts(&encoder, &ensemble, &provenance)?;
        if samples.len() > MAX_SAMPLES {
            return Err(FormatError::TooManySamples(samples.len()));
        }
        let model = Self {
            encoder: encoder.pruned(&ensemble),
            ensemble,
            provenance,
            samples,
            calibration: None,
            engine: LazyEngine::default(),
        };
        for (index, sample) in model.samples.iter().enumerate() {
            let margin = model
                .ensemble
                .margin(model.encoded(&sample.row, &mut [0.0; MAX_WIDTH]));
            let (expected, found) = (sample.margin_bits, margin.to_bits());
            if found != expected {
                return Err(FormatError::Sample {
                    index,
                    expected,
                    found,
                });
            }
        }
        Ok(model)
    }

    /// The model whose probabilities are calibrated, by this instead of any it had. Margins stay as they are.
    pub fn with_calibration(self, calibration: Calibration) -> Result<Self, FormatError> {
        calibration.check()?;
        Ok(Self {
            calibration: Some(calibration),
            ..self
        })
    }

    /// Reads a compact file and checks all of it: `FORMAT.md` says what is in it.
    ///
    /// A file that predicts from features or from a table of its own is refused;
    /// [`ModelFile::from_bytes`](crate::ModelFile::from_bytes) reads all kinds.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        format::decode_clicks(bytes)
    }

    /// The compact file. The same model always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        format::encode_model(self)
    }

    /// The click probability of a row.
    pub fn predict(&self, row: &Row) -> Prediction {
        let mut margin = [0.0];
        self.margins(self.encoded(row, &mut [0.0; MAX_WIDTH]), &mut margin);
        self.prediction(margin[0])
    }

    /// The click probabilities of many rows: those of [`Model::predict`], sooner.
    pub fn predict_batch(&self, rows: &[Row]) -> Vec<Prediction> {
        let width = self.encoder.width();
        let mut features = vec![0.0; width * rows.len().min(BATCH)];
        let mut margins = vec![0.0; rows.len().min(BATCH)];
        let mut predictions = Vec::with_capacity(rows.len());
        for rows in rows.chunks(BATCH) {
            let (features, margins) = (&mut features[..width * rows.len()], &mut margins[..rows.len()]);
            for (row, features) in rows.iter().zip(features.chunks_exact_mut(width)) {
                self.encoder.encode(row, features);
            }
            self.margins(features, margins);
            predictions.extend(margins.iter().copied().map(|margin| self.prediction(margin)));
        }
        predictions
    }

    /// The probability of a margin: calibrated, where the model has a [`Calibration`], else the sigmoid.
    pub fn probability(&self, margin: f32) -> f32 {
        self.prediction(margin).probability
    }

    fn prediction(&self, margin: f32) -> Prediction {
        Prediction::of(margin, self.calibration.as_ref())
    }

    /// Lays the trees out for fast evaluation now, which otherwise happens after a few rows.
    pub fn prepare(&self) {
        self.engine.made(&self.ensemble);
    }

    /// Writes the margins of encoded rows.
    pub(crate) fn margins(&self, rows: &[f32], out: &mut [f32]) {
        self.engine.margins(&self.ensemble, rows, out);
    }

    /// The features of a row, at the beginning of `out`.
    pub(crate) fn encoded<'out>(&self, row: &Row, out: &'out mut [f32; MAX_WIDTH]) -> &'out [f32] {
        let features = &mut out[..self.encoder.width()];
        self.encoder.encode(row, features);
        features
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

    /// How margins become probabilities, where that is not by the sigmoid alone.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// The self-test rows.
    pub fn samples(&self) -> &[SampleRow] {
        &self.samples
    }
}

/// What holds of all models with an encoder.
pub(crate) fn check_parts(
    encoder: &Encoder,
    ensemble: &Ensemble,
    provenance: &Provenance,
) -> Result<(), FormatError> {
    if encoder.width() != ensemble.features() {
        let (encoded, features) = (encoder.width(), ensemble.features());
        return Err(FormatError::Width { encoded, features });
    }
    provenance.check()?;
    if ensemble.groups() != 1 || ensemble.objective() != Objective::BINARY_LOGISTIC {
        return Err(FormatError::NotClicks {
            objective: ensemble.objective().name(),
            groups: ensemble.groups(),
        });
    }
    Ok(())
}

/// `1 / (1 + exp(-margin))` in `f32`, the same bits on every platform.
pub fn probability(margin: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-margin))
}

#[cfg(test)]
mod tests {
    use super::probability;

    #[test]
    fn probability_is_the_logistic_function() {
        assert_eq!(probability(0.0), 0.5);
        assert_eq!(
            (probability(f32::INFINITY), probability(f32::NEG_INFINITY)),
            (1.0, 0.0)
        );
        for margin in [-20.0_f32, -3.5, -0.1, 0.7, 4.0] {
            let exact = 1.0 / (1.0 + (-f64::from(margin)).exp());
            assert!((f64::from(probability(margin)) / exact - 1.0).abs() < 3e-7);
        }
    }
}
