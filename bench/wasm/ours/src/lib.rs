//! This project's evaluator in WebAssembly. Everything the benchmark knows of its interface is in this file and in
//! `native/src/ours.rs`.

use bench_wasm_exports::{Evaluator, export};
use model_export::{Engine, ModelFile};

struct Ours {
    engine: Engine,
    features: usize,
}

impl Evaluator for Ours {
    fn load(bytes: &[u8]) -> Option<Self> {
        let file = ModelFile::from_bytes(bytes).ok()?;
        let ensemble = file.ensemble();
        Some(Self {
            engine: Engine::new(ensemble),
            features: ensemble.features(),
        })
    }

    fn features(&self) -> usize {
        self.features
    }

    fn batch(&mut self, rows: &[f32], out: &mut [f32]) {
        self.engine.margins(rows, out);
    }

    fn single(&mut self, row: &[f32]) -> f32 {
        let mut margin = [0.0];
        self.engine.margin_row(row, &mut margin);
        margin[0]
    }
}

export!(Ours);
