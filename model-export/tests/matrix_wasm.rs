//! The matrix of `trainer/tests/matrix` again, in WebAssembly: every model that XGBoost trained there gives the margins
//! that it gave, bit for bit. `CLICKLEAF_MATRIX` names the file that the native test left, `CLICKLEAF_MATRIX_FEATURE` the
//! instructions this is built with or without.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use model_export::{Engine, Ensemble, Kernel, ModelFile, import_xgboost};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(module = "fs")]
extern "C" {
    #[wasm_bindgen(js_name = readFileSync)]
    fn read_file(path: &str) -> Vec<u8>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = ["process", "env"], js_name = CLICKLEAF_MATRIX)]
    static MATRIX: JsValue;
    #[wasm_bindgen(thread_local_v2, js_namespace = ["process", "env"], js_name = CLICKLEAF_MATRIX_FEATURE)]
    static EXPECTED: JsValue;
}

/// More than two blocks of rows that any kernel takes at once, and a rest.
const ROWS_AT_ONCE: usize = 1_100;

/// A model of the matrix with rows and their margins.
struct Entry {
    name: String,
    booster: Vec<u8>,
    file: Vec<u8>,
    base_margins: Vec<f32>,
    rows: Vec<f32>,
    margins: Vec<f32>,
}

#[wasm_bindgen_test]
fn every_imported_model_has_the_bits_it_has_natively() {
    let entries = entries();
    assert!(entries.len() >= 200, "{}", entries.len());
    let mut same_base = 0;
    for entry in &entries {
        let ensemble = import_xgboost(&entry.booster).unwrap();
        let bases = ensemble.base_margins().iter().zip(&entry.base_margins);
        // A logarithm of Rust's own, not of the library that XGBoost is linked with.
        let apart = bases
            .map(|(found, native)| found.to_bits().abs_diff(native.to_bits()))
            .max();
        assert!(apart <= Some(1), "{}: {:?}", entry.name, ensemble.base_margins());
        if apart == Some(0) {
            same_base += 1;
            assert_margins(&ensemble, entry);
        }
    }
    assert!(same_base * 100 >= entries.len() * 97, "{same_base}");
}

#[wasm_bindgen_test]
fn every_compact_file_has_the_bits_it_has_natively_by_every_kernel() {
    for entry in entries() {
        let model = ModelFile::from_bytes(&entry.file).unwrap();
        assert_margins(model.ensemble(), &entry);
        assert_engines(model.ensemble(), &entry);
        assert!(model.to_bytes() == entry.file, "{}", entry.name);
    }
}

#[wasm_bindgen_test]
fn this_build_has_the_kernels_it_is_made_for() {
    let (feature, kernel) = if cfg!(target_feature = "simd128") {
        ("+simd128", Kernel::Simd128)
    } else {
        ("-simd128", Kernel::Portable)
    };
    assert_eq!(Kernel::available(), [kernel]);
    assert_eq!(
        EXPECTED.with(|expected| expected.as_string()).as_deref(),
        Some(feature)
    );
}

fn assert_margins(ensemble: &Ensemble, entry: &Entry) {
    let mut found = vec![0.0; ensemble.groups()];
    let rows = entry.rows.chunks_exact(ensemble.features());
    assert_eq!(
        rows.len() * ensemble.groups(),
        entry.margins.len(),
        "{}",
        entry.name
    );
    for (row, expected) in rows.zip(entry.margins.chunks_exact(ensemble.groups())) {
        ensemble.margins(row, &mut found);
        assert_eq!(bits(&found), bits(expected), "{}, {row:?}", entry.name);
    }
}

/// Many rows at a time and one at a time, by every kernel of this build.
fn assert_engines(ensemble: &Ensemble, entry: &Entry) {
    let (features, groups) = (ensemble.features(), ensemble.groups());
    let repeats = ROWS_AT_ONCE.div_ceil(entry.rows.len() / features);
    let (rows, expected) = (entry.rows.repeat(repeats), entry.margins.repeat(repeats));
    for kernel in Kernel::available() {
        let engine = Engine::with_kernel(ensemble, kernel).unwrap();
        let mut found = vec![0.0; expected.len()];
        engine.margins(&rows, &mut found);
        assert!(
            bits(&found) == bits(&expected),
            "{}, {kernel:?}, many rows",
            entry.name
        );
        for (row, expected) in entry
            .rows
            .chunks_exact(features)
            .zip(entry.margins.chunks_exact(groups))
        {
            let mut found = vec![0.0; groups];
            engine.margin_row(row, &mut found);
            assert_eq!(
                bits(&found),
                bits(expected),
                "{}, {kernel:?}, {row:?}",
                entry.name
            );
        }
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn entries() -> Vec<Entry> {
    let path = MATRIX
        .with(|path| path.as_string())
        .expect("CLICKLEAF_MATRIX is set");
    let bytes = read_file(&path);
    let mut rest = &bytes[..];
    let mut entries = Vec::new();
    while !rest.is_empty() {
        entries.push(Entry {
            name: String::from_utf8(take(&mut rest, 1).to_vec()).unwrap(),
            booster: take(&mut rest, 1).to_vec(),
            file: take(&mut rest, 1).to_vec(),
            base_margins: numbers(&mut rest),
            rows: numbers(&mut rest),
            margins: numbers(&mut rest),
        });
    }
    entries
}

fn numbers(rest: &mut &[u8]) -> Vec<f32> {
    let words = take(rest, 4).chunks_exact(4);
    words
        .map(|word| f32::from_le_bytes(word.try_into().unwrap()))
        .collect()
}

/// The next length, and as many elements of this width.
fn take<'bytes>(rest: &mut &'bytes [u8], width: usize) -> &'bytes [u8] {
    let (length, after) = rest.split_first_chunk().unwrap();
    let (taken, after) = after.split_at(u32::from_le_bytes(*length) as usize * width);
    *rest = after;
    taken
}
