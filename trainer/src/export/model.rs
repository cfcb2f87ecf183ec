//! A model of Criteo rows or of a table, whichever the rows are.

use model_export::{
    Calibration, Encoder, Ensemble, FormatError, Model, Prediction, Provenance, SampleRow, TableModel,
};

use crate::data_row::DataRow;

/// What a compact file of this program predicts with.
#[derive(Clone, Debug)]
pub enum ExportedModel {
    /// From Criteo rows.
    Clicks(Box<Model>),
    /// From rows of a table.
    Table(Box<TableModel>),
}

impl ExportedModel {
    /// Puts the parts together; `samples` become the self-test of a model of Criteo rows and are none for a table's.
    pub fn new(
        encoder: Encoder,
        ensemble: Ensemble,
        provenance: Provenance,
        samples: Vec<SampleRow>,
    ) -> Result<Self, FormatError> {
        Ok(match encoder.schema() {
            None => Self::Clicks(Box::new(Model::new(encoder, ensemble, provenance, samples)?)),
            Some(_) => Self::Table(Box::new(TableModel::new(encoder, ensemble, provenance)?)),
        })
    }

    /// Reads the file of a model of this one's kind.
    pub fn read_back(&self) -> Result<(Self, Vec<u8>), FormatError> {
        Ok(match self {
            Self::Clicks(model) => {
                let bytes = model.to_bytes();
                (Self::Clicks(Box::new(Model::from_bytes(&bytes)?)), bytes)
            }
            Self::Table(model) => {
                let bytes = model.to_bytes();
                (Self::Table(Box::new(TableModel::from_bytes(&bytes)?)), bytes)
            }
        })
    }

    /// The model whose probabilities are calibrated.
    pub fn with_calibration(self, calibration: Calibration) -> Result<Self, FormatError> {
        Ok(match self {
            Self::Clicks(model) => Self::Clicks(Box::new(model.with_calibration(calibration)?)),
            Self::Table(model) => Self::Table(Box::new(model.with_calibration(calibration)?)),
        })
    }

    /// What it says of a row. Panics when the row is of another kind.
    pub fn predict(&self, row: &DataRow) -> Prediction {
        match (self, row) {
            (Self::Clicks(model), DataRow::Criteo(row)) => model.predict(row),
            (Self::Table(model), DataRow::Table(row)) => model.predict(&row.numbers, &row.keys),
            _ => panic!("rows are of the kind that the model was trained on"),
        }
    }

    /// Turns rows into features.
    pub fn encoder(&self) -> &Encoder {
        match self {
            Self::Clicks(model) => model.encoder(),
            Self::Table(model) => model.encoder(),
        }
    }

    /// The trees.
    pub fn ensemble(&self) -> &Ensemble {
        match self {
            Self::Clicks(model) => model.ensemble(),
            Self::Table(model) => model.ensemble(),
        }
    }

    /// Where it comes from.
    pub fn provenance(&self) -> &Provenance {
        match self {
            Self::Clicks(model) => model.provenance(),
            Self::Table(model) => model.provenance(),
        }
    }

    /// Encoded rows that show what the trees take, at most so many. None of them is of the data: a table's is the row
    /// with everything missing.
    pub fn examples(&self, most: usize) -> Vec<Vec<f32>> {
        let encoder = self.encoder();
        let mut features = vec![0.0; encoder.width()];
        match self {
            Self::Clicks(model) => {
                let samples = model.samples().iter().take(most);
                let encoded = samples.map(|sample| {
                    encoder.encode(&sample.row, &mut features);
                    features.clone()
                });
                encoded.collect()
            }
            Self::Table(_) => {
                let (numbers, keys) = (
                    vec![f32::NAN; encoder.numbers()],
                    vec![None; encoder.key_columns()],
                );
                encoder.encode_table(&numbers, &keys, &mut features);
                vec![features]
            }
        }
    }
}
