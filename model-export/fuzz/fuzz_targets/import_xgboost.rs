//! Any accepted model can be evaluated on a row with every feature missing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model_export::import_xgboost;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(ensemble) = import_xgboost(bytes) {
        let mut margins = vec![0.0; ensemble.groups()];
        ensemble.margins(&vec![f32::NAN; ensemble.features()], &mut margins);
    }
});
