//! The compact file of a model.

use std::collections::BTreeMap;

use model_export::{Ensemble, FeatureModel, ModelFile, Provenance, sha256_hex};

/// Writes the trees to a compact file and reads them back: nothing may change, and writing again gives the same bytes.
pub(super) fn same_from_file(name: &str, ensemble: &Ensemble, booster: &[u8]) -> Vec<u8> {
    let model = FeatureModel::new(ensemble.clone(), Vec::new(), provenance(name, booster)).unwrap();
    let bytes = model.to_bytes();
    let read = ModelFile::from_bytes(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(read.ensemble(), ensemble, "{name}");
    assert_eq!(read.to_bytes(), bytes, "{name}");
    bytes
}

fn provenance(name: &str, booster: &[u8]) -> Provenance {
    Provenance {
        model_name: name.to_owned(),
        experiment_name: "matrix".to_owned(),
        run_id: "0123456789abcdef0123456789abcdef".to_owned(),
        run_name: "matrix".to_owned(),
        artifact_uri: String::new(),
        booster_sha256: sha256_hex(booster),
        dataset_name: "generated".to_owned(),
        dataset_digest: sha256_hex(b"rows"),
        training_rows: 300,
        trained_at_ms: 0,
        engine: "xgboost".to_owned(),
        trainer_version: "0.1.0".to_owned(),
        params: BTreeMap::new(),
        metrics: BTreeMap::new(),
    }
}
