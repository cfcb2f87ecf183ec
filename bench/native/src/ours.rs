//! This project's evaluator. Everything the benchmark knows of its interface is in this file and in `wasm/ours`.

use anyhow::Result;
use model_export::{Ensemble, import_xgboost};

use crate::engine::Engine;

/// The file that is shipped, from a booster.
pub(crate) fn convert(booster: &[u8]) -> Result<Vec<u8>> {
    import_xgboost(booster)?;
    Ok(booster.to_vec())
}

/// Trees and nodes of a booster.
pub(crate) fn count(booster: &[u8]) -> Result<(usize, usize)> {
    let ensemble = import_xgboost(booster)?;
    Ok((ensemble.trees(), ensemble.nodes()))
}

/// From the file to an evaluator.
pub(crate) fn load(bytes: &[u8]) -> Result<Ours> {
    Ok(Ours(import_xgboost(bytes)?))
}

pub(crate) struct Ours(Ensemble);

impl Engine for Ours {
    fn batch(&mut self, rows: &[f32], out: &mut [f32]) -> Result<()> {
        for (row, margin) in rows.chunks_exact(self.0.features()).zip(out) {
            *margin = self.0.margin(row);
        }
        Ok(())
    }

    fn single(&mut self, row: &[f32]) -> Result<f32> {
        Ok(self.0.margin(row))
    }
}
