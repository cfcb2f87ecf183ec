//! gbdt in WebAssembly, from its JSON. It gives probabilities.

use bench_wasm_exports::{Evaluator, export};
use gbdt::decision_tree::{Data, DataVec, VALUE_TYPE_UNKNOWN};
use gbdt::gradient_boost::GBDT;

/// It doesn't know how many features its model has; the reference models have these.
const FEATURES: usize = 39;

struct Gbdt(GBDT);

impl Evaluator for Gbdt {
    fn load(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().map(Self)
    }

    fn features(&self) -> usize {
        FEATURES
    }

    fn batch(&mut self, rows: &[f32], out: &mut [f32]) {
        let data: DataVec = rows.chunks_exact(FEATURES).map(known_row).collect();
        out.copy_from_slice(&self.0.predict(&data));
    }

    fn single(&mut self, row: &[f32]) -> f32 {
        self.0.predict(&vec![known_row(row)])[0]
    }
}

fn known_row(row: &[f32]) -> Data {
    let known = |value: &f32| {
        if value.is_nan() {
            VALUE_TYPE_UNKNOWN
        } else {
            *value
        }
    };
    Data::new_test_data(row.iter().map(known).collect(), None)
}

/// Nothing asks; an asker gets an error.
#[cfg(target_arch = "wasm32")]
fn no_randomness(_: &mut [u8]) -> Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}

#[cfg(target_arch = "wasm32")]
getrandom::register_custom_getrandom!(no_randomness);

export!(Gbdt);
