//! The crate `gbdt`. It reads a text form of a booster, and evaluates rows of its own type in which a constant stands
//! for a missing value. It gives probabilities.

use std::io::Cursor;

use anyhow::{Result, anyhow};
use gbdt::decision_tree::{Data, DataVec, VALUE_TYPE_UNKNOWN};
use gbdt::gradient_boost::GBDT;

use crate::engine::Engine;

/// The form that it saves and loads.
pub(crate) fn convert(text: &[u8]) -> Result<Vec<u8>> {
    let model = GBDT::from_xgboost_reader(Cursor::new(text), "binary:logistic");
    Ok(serde_json::to_vec(&model.map_err(|error| anyhow!("{error}"))?)?)
}

pub(crate) fn load(bytes: &[u8], columns: usize) -> Result<Gbdt> {
    Ok(Gbdt {
        model: serde_json::from_slice(bytes)?,
        columns,
    })
}

pub(crate) struct Gbdt {
    model: GBDT,
    columns: usize,
}

impl Engine for Gbdt {
    fn batch(&mut self, rows: &[f32], out: &mut [f32]) -> Result<()> {
        let data: DataVec = rows.chunks_exact(self.columns).map(known_row).collect();
        out.copy_from_slice(&self.model.predict(&data));
        Ok(())
    }

    fn single(&mut self, row: &[f32]) -> Result<f32> {
        Ok(self.model.predict(&vec![known_row(row)])[0])
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
