//! Any accepted file is written back to a file that reads as the same model and can predict.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model_export::{Model, Row, sections};

fuzz_target!(|bytes: &[u8]| {
    let listed = sections(bytes);
    if let Ok(model) = Model::from_bytes(bytes) {
        assert!(listed.is_ok());
        model.predict(&Row::default());
        assert_eq!(Model::from_bytes(&model.to_bytes()).ok(), Some(model));
    }
});
