//! The crate `hessboost`: its binary form with rows read in place, and its compact form.

use anyhow::Result;
use hessboost::data::DMatrix;
use hessboost::model::compact::CompactModel;
use hessboost::model::{BoostedModel, Iterations, ModelFormat};

use crate::engine::Engine;

/// Its binary form.
pub(crate) fn convert(booster: &[u8]) -> Result<Vec<u8>> {
    Ok(BoostedModel::decode(booster, ModelFormat::XgboostUbjson)?.encode(ModelFormat::Binary)?)
}

/// Its compact form.
pub(crate) fn convert_compact(booster: &[u8]) -> Result<Vec<u8>> {
    Ok(BoostedModel::decode(booster, ModelFormat::XgboostUbjson)?.to_compact_bytes()?)
}

pub(crate) fn load(bytes: &[u8]) -> Result<Binary> {
    Ok(Binary(BoostedModel::decode(bytes, ModelFormat::Binary)?))
}

pub(crate) fn load_compact(bytes: &[u8]) -> Result<Compact> {
    Ok(Compact(CompactModel::decode(bytes)?))
}

pub(crate) struct Binary(BoostedModel);

impl Engine for Binary {
    fn batch(&mut self, rows: &[f32], out: &mut [f32]) -> Result<()> {
        out.copy_from_slice(self.0.predict_margin_rows(rows, Iterations::Best)?.as_slice());
        Ok(())
    }

    fn single(&mut self, row: &[f32]) -> Result<f32> {
        let mut margin = [0.0];
        self.0
            .predict_margin_row_into(row, Iterations::Best, &mut margin)?;
        Ok(margin[0])
    }
}

pub(crate) struct Compact(CompactModel);

impl Engine for Compact {
    fn batch(&mut self, rows: &[f32], out: &mut [f32]) -> Result<()> {
        let data = DMatrix::from_dense(rows, out.len(), self.0.n_features())?;
        out.copy_from_slice(self.0.predict_margin(&data)?.as_slice());
        Ok(())
    }

    fn single(&mut self, row: &[f32]) -> Result<f32> {
        let mut margin = [0.0];
        self.batch(row, &mut margin)?;
        Ok(margin[0])
    }
}
