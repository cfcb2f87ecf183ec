//! The checked models in one file, for `model-export/tests/matrix_wasm.rs`.
//!
//! Numbers are little-endian, lengths `u32`. For each model: its name, XGBoost's UBJSON, the compact file, then the `f32` of its base
//! margins, rows and margins, each list after its length.

use std::fs;
use std::path::{Path, PathBuf};

use crate::check::Checked;

/// Cargo's folder for what integration tests leave behind.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("matrix.pack")
}

pub(crate) fn write(checked: &[Checked]) {
    let mut bytes = Vec::new();
    for model in checked {
        push_bytes(&mut bytes, model.name.as_bytes());
        push_bytes(&mut bytes, &model.booster);
        push_bytes(&mut bytes, &model.file);
        for numbers in [model.model.ensemble.base_margins(), &model.rows, &model.margins] {
            push_length(&mut bytes, numbers.len());
            numbers
                .iter()
                .for_each(|number| bytes.extend(number.to_le_bytes()));
        }
    }
    fs::create_dir_all(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(path(), bytes).unwrap();
}

fn push_bytes(bytes: &mut Vec<u8>, part: &[u8]) {
    push_length(bytes, part.len());
    bytes.extend_from_slice(part);
}

fn push_length(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend(u32::try_from(length).unwrap().to_le_bytes());
}
