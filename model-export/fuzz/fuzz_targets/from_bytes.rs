//! Any accepted file can predict and, but for sections that this version does not know, is written back byte for byte;
//! one of version 0 is written back to a file that reads as the same model.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model_export::{MAJOR_VERSION, MINOR_VERSION, Model, ModelFile, Row, sections};

fuzz_target!(|bytes: &[u8]| {
    let listed = sections(bytes);
    let Ok(file) = ModelFile::from_bytes(bytes) else {
        assert!(Model::from_bytes(bytes).is_err());
        return;
    };
    let known = listed.unwrap().iter().all(|section| section.name != "unknown");
    let again = file.to_bytes();
    if bytes[9..11] == [MAJOR_VERSION, MINOR_VERSION] && known {
        assert_eq!(again, bytes);
    }
    let ensemble = file.ensemble();
    assert!(ensemble.nodes() <= 8 * bytes.len());
    ensemble.margins(
        &vec![f32::NAN; ensemble.features()],
        &mut vec![0.0; ensemble.groups()],
    );
    match Model::from_bytes(bytes) {
        Ok(model) => assert!(model.predict(&Row::default()).probability.is_finite()),
        Err(_) => assert!(matches!(file, ModelFile::Features(_) | ModelFile::Table(_))),
    }
    if let ModelFile::Table(model) = &file {
        let (numbers, categories) = (model.schema().numbers().len(), model.schema().categories().len());
        let prediction = model.predict(&vec![f32::NAN; numbers], &vec![Some(1); categories]);
        assert!(prediction.probability.is_finite());
    }
    // Values that are not numbers may stand in covers, which is why bytes are compared and not models.
    assert_eq!(ModelFile::from_bytes(&again).unwrap().to_bytes(), again);
});
