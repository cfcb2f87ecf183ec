//! A model that predicts many rows.

use model_export::ModelFile;

use crate::rows::Parsed;

/// A model that rows are parsed for.
pub(crate) struct Evaluator {
    model: ModelFile,
}

impl Evaluator {
    pub(crate) fn new(model: ModelFile) -> Self {
        Self { model }
    }

    pub(crate) fn model(&self) -> &ModelFile {
        &self.model
    }

    /// Row by row, the margin of each group. The rows are those of the model's kind.
    pub(crate) fn margins(&self, rows: &Parsed) -> Vec<f32> {
        let mut margins = vec![0.0; rows.len() * self.model.ensemble().groups()];
        match (&self.model, rows) {
            (_, Parsed::Features { values, .. }) => self.model.margins(values, &mut margins),
            (ModelFile::Clicks(model), Parsed::Clicks(rows)) => {
                let width = model.encoder().width();
                let mut features = vec![0.0; rows.len() * width];
                for (row, features) in rows.iter().zip(features.chunks_exact_mut(width)) {
                    model.encoder().encode(row, features);
                }
                self.model.margins(&features, &mut margins);
            }
            (ModelFile::Table(model), Parsed::Table { numbers, keys, .. }) => {
                model.table_margins(numbers, keys, &mut margins);
            }
            _ => unreachable!("rows are parsed for the model that predicts them"),
        }
        margins
    }

    /// Row by row, what margins come to.
    pub(crate) fn outputs(&self, margins: &[f32]) -> Vec<f32> {
        let ensemble = self.model.ensemble();
        let (objective, groups) = (ensemble.objective(), ensemble.groups());
        let width = objective.outputs(groups);
        let mut outputs = vec![0.0; margins.len() / groups * width];
        self.model.outputs(margins, &mut outputs);
        outputs
    }
}
