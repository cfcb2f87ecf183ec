//! This project's evaluator. Everything the benchmark knows of its interface is in this file and in `wasm/ours`.

use anyhow::Result;
use model_export::{Ensemble, FeatureModel, ModelFile, Provenance, import_xgboost};

use crate::engine::Engine;

/// Bits of a leaf in [`rounded`].
pub(crate) const LEAF_BITS: u8 = 16;

/// The file that is shipped, from a booster.
pub(crate) fn convert(booster: &[u8]) -> Result<Vec<u8>> {
    file(import_xgboost(booster)?.without_covers())
}

/// The file with the covers that explanations need.
pub(crate) fn explained(booster: &[u8]) -> Result<Vec<u8>> {
    file(import_xgboost(booster)?)
}

/// The file with leaves of [`LEAF_BITS`] bits.
pub(crate) fn rounded(booster: &[u8]) -> Result<Vec<u8>> {
    file(
        import_xgboost(booster)?
            .without_covers()
            .with_leaf_bits(LEAF_BITS)?,
    )
}

fn file(ensemble: Ensemble) -> Result<Vec<u8>> {
    Ok(FeatureModel::new(ensemble, Vec::new(), Provenance::default())?.to_bytes())
}

/// Trees and nodes of a booster.
pub(crate) fn count(booster: &[u8]) -> Result<(usize, usize)> {
    let ensemble = import_xgboost(booster)?;
    Ok((ensemble.trees(), ensemble.nodes()))
}

/// From the file to an evaluator.
pub(crate) fn load(bytes: &[u8]) -> Result<Ours> {
    Ok(Ours(ModelFile::from_bytes(bytes)?))
}

pub(crate) struct Ours(ModelFile);

impl Engine for Ours {
    fn batch(&mut self, rows: &[f32], out: &mut [f32]) -> Result<()> {
        self.0.margins(rows, out);
        Ok(())
    }

    fn single(&mut self, row: &[f32]) -> Result<f32> {
        let mut margin = [0.0];
        self.0.margins(row, &mut margin);
        Ok(margin[0])
    }
}
