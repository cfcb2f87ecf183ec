//! Any accepted model can be evaluated, by every evaluator alike.
#![no_main]

#[path = "../support/evaluators.rs"]
mod evaluators;

use libfuzzer_sys::fuzz_target;
use model_export::import_xgboost;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(ensemble) = import_xgboost(bytes) {
        evaluators::agree(&ensemble, bytes);
    }
});
