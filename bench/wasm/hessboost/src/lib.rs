//! hessboost in WebAssembly, from its binary form.

use bench_wasm_exports::{Evaluator, export};
use hessboost::model::{BoostedModel, Iterations, ModelFormat};

struct Hessboost(BoostedModel);

impl Evaluator for Hessboost {
    fn load(bytes: &[u8]) -> Option<Self> {
        BoostedModel::decode(bytes, ModelFormat::Binary).ok().map(Self)
    }

    fn features(&self) -> usize {
        self.0.n_features()
    }

    fn batch(&mut self, rows: &[f32], out: &mut [f32]) {
        match self.0.predict_margin_rows(rows, Iterations::Best) {
            Ok(margins) => out.copy_from_slice(margins.as_slice()),
            Err(_) => out.fill(f32::NAN),
        }
    }

    fn single(&mut self, row: &[f32]) -> f32 {
        let mut margin = [f32::NAN];
        match self.0.predict_margin_row_into(row, Iterations::Best, &mut margin) {
            Ok(()) => margin[0],
            Err(_) => f32::NAN,
        }
    }
}

export!(Hessboost);
