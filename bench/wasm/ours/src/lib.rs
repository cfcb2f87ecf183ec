//! This project's evaluator in WebAssembly. Everything the benchmark knows of its interface is in this file and in
//! `native/src/ours.rs`.

use bench_wasm_exports::{Evaluator, export};
use model_export::FeatureModel;

struct Ours(FeatureModel);

impl Evaluator for Ours {
    fn load(bytes: &[u8]) -> Option<Self> {
        FeatureModel::from_bytes(bytes).ok().map(Self)
    }

    fn features(&self) -> usize {
        self.0.ensemble().features()
    }

    fn batch(&mut self, rows: &[f32], out: &mut [f32]) {
        self.0.margins(rows, out);
    }

    fn single(&mut self, row: &[f32]) -> f32 {
        let mut margin = [0.0];
        self.0.margins(row, &mut margin);
        margin[0]
    }
}

export!(Ours);
