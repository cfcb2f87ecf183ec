//! Any trees, in a file whose checksums hold: what is accepted is written back byte for byte, and every evaluator predicts
//! the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model_export::ModelFile;

#[path = "../support/evaluators.rs"]
mod evaluators;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/support/file.rs"]
mod file;

fuzz_target!(|trees: &[u8]| {
    let bytes = file::features_file(trees);
    if let Ok(model) = ModelFile::from_bytes(&bytes) {
        assert_eq!(model.to_bytes(), bytes);
        let ensemble = model.ensemble();
        assert!(ensemble.nodes() <= 8 * bytes.len());
        evaluators::agree(ensemble, trees);
    }
});
