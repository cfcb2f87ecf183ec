//! What every engine does, and which there are.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{gbdt, hessboost, ours, tl2cgen, xgboost};

/// A loaded model. Rows are row-major `f32`, NaN = missing; what comes out is one value per row, a margin or the
/// probability of class 1 as the engine has it.
pub(crate) trait Engine {
    /// Evaluates whole rows.
    fn batch(&mut self, rows: &[f32], out: &mut [f32]) -> Result<()>;
    /// Evaluates one row, by the fastest way that the engine has for that.
    fn single(&mut self, row: &[f32]) -> Result<f32>;
}

/// The engine of that name with the model of a file.
///
/// Only what an application would do at its start is done here: the bytes of the file are given.
pub(crate) fn load(
    name: &str,
    bytes: &[u8],
    columns: usize,
    libxgboost: Option<&Path>,
) -> Result<Box<dyn Engine>> {
    Ok(match name {
        "ours" => Box::new(ours::load(bytes)?),
        "hessboost" => Box::new(hessboost::load(bytes)?),
        "hessboost-compact" => Box::new(hessboost::load_compact(bytes)?),
        "gbdt" => Box::new(gbdt::load(bytes, columns)?),
        "tl2cgen" => Box::new(tl2cgen::load(bytes, columns)?),
        "xgboost-c" => {
            let library = libxgboost.context("no libxgboost.so was named")?;
            Box::new(xgboost::load(library, bytes, columns)?)
        }
        _ => bail!("no engine {name}"),
    })
}
