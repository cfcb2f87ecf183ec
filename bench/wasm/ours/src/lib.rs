//! This project's evaluator in WebAssembly. Everything the benchmark knows of its interface is in this file and in
//! `native/src/ours.rs`.

use bench_wasm_exports::{Evaluator, export};
use model_export::{Ensemble, import_xgboost};

struct Ours(Ensemble);

impl Evaluator for Ours {
    fn load(bytes: &[u8]) -> Option<Self> {
        import_xgboost(bytes).ok().map(Self)
    }

    fn features(&self) -> usize {
        self.0.features()
    }

    fn batch(&mut self, rows: &[f32], out: &mut [f32]) {
        for (row, margin) in rows.chunks_exact(self.0.features()).zip(out) {
            *margin = self.0.margin(row);
        }
    }

    fn single(&mut self, row: &[f32]) -> f32 {
        self.0.margin(row)
    }
}

export!(Ours);
