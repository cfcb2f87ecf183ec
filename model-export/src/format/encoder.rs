//! The encoder section: how rows become features.
//!
//! It begins with the kind of encoder, of which this version knows two, so that others can follow.

mod columns;

use columns::Columns;

use super::FormatError;
use super::bytes::{Reader, Writer};
use super::coder::{RangeDecoder, RangeEncoder};
use crate::encoder::{
    Column, ColumnParts, Cross, Encoder, EncoderConfig, LEAST_SPARE_BITS, Prior, Statistics,
};
use crate::row::{CATEGORY_COLUMNS, INTEGER_COLUMNS};

/// Integers as they are, categories as statistics of their keys.
const KEY_STATISTICS: u8 = 1;
/// The same, and crosses.
const CROSSED: u8 = 2;

pub(super) fn write(encoder: &Encoder, writer: &mut Writer) {
    let (config, total) = (encoder.config(), encoder.total());
    let kind = if config.crosses.is_empty() {
        KEY_STATISTICS
    } else {
        CROSSED
    };
    writer.raw(&[kind, INTEGER_COLUMNS as u8, CATEGORY_COLUMNS as u8]);
    writer.raw(&config.prior_weight.to_bits().to_le_bytes());
    writer.varint(u64::from(config.min_count));
    writer.raw(&[config.folds]);
    writer.raw(&config.seed.to_le_bytes());
    writer.varint(u64::from(total.rows));
    writer.varint(u64::from(total.clicks));
    if kind == CROSSED {
        writer.raw(&[config.crosses.len() as u8]);
        for cross in &config.crosses {
            writer.raw(&cross.columns().map(|column| column as u8));
        }
    }
    let mut columns = Columns::new(config.min_count, total, usize::MAX);
    let mut coder = RangeEncoder::new();
    for column in encoder.columns() {
        // Only what was never a column is refused.
        let _ = columns.code(&mut coder, &column.parts());
    }
    writer.raw(&coder.finish());
}

pub(super) fn read(mut reader: Reader<'_>) -> Result<Encoder, FormatError> {
    let kind = reader.byte()?;
    if kind != KEY_STATISTICS && kind != CROSSED {
        return Err(FormatError::UnknownEncoder { kind });
    }
    let (mut config, total) = read_head(&mut reader)?;
    if kind == CROSSED {
        config.crosses = read_crosses(&mut reader)?;
        if config.crosses.is_empty() || config.check().is_err() {
            return Err(reader.error("there are no crosses, too many, or two of the same columns"));
        }
    }
    let most_keys = reader.remaining().saturating_mul(8) / LEAST_SPARE_BITS as usize;
    let prior = Prior::new(total, config.prior_weight);
    let mut columns = Columns::new(config.min_count, total, most_keys);
    let mut coder = RangeDecoder::new(reader)?;
    let count = CATEGORY_COLUMNS + config.crosses.len();
    let mut read = Vec::with_capacity(count);
    for index in 0..count {
        let parts = columns
            .code(&mut coder, &ColumnParts::default())
            .map_err(|problem| coder.error(problem))?;
        if index >= CATEGORY_COLUMNS && parts.missing.is_some() {
            return Err(coder.error("a cross is never missing"));
        }
        coder.check()?;
        read.push(Column::new(parts, &prior));
    }
    coder.end()?;
    Ok(Encoder::from_parts(config, total, read))
}

fn read_crosses(reader: &mut Reader<'_>) -> Result<Vec<Cross>, FormatError> {
    let count = reader.byte()?;
    let mut crosses = Vec::with_capacity(count.into());
    for _ in 0..count {
        let [first, second] = reader.array::<2>()?.map(usize::from);
        let cross = Cross::new(first, second);
        crosses.push(cross.map_err(|_| reader.error("a cross is of other columns than it may be"))?);
    }
    Ok(crosses)
}

/// What all versions of the section have first: the columns, which are checked, the configuration and the rows of all data.
pub(super) fn read_head(reader: &mut Reader<'_>) -> Result<(EncoderConfig, Statistics), FormatError> {
    if reader.array()? != [INTEGER_COLUMNS as u8, CATEGORY_COLUMNS as u8] {
        return Err(reader.error("a row has 13 integers and 26 categories"));
    }
    let config = EncoderConfig {
        prior_weight: f64::from_bits(u64::from_le_bytes(reader.array()?)),
        min_count: reader.varint_u32()?,
        folds: reader.byte()?,
        seed: u64::from_le_bytes(reader.array()?),
        crosses: Vec::new(),
    };
    if config.check().is_err() {
        return Err(reader.error("the configuration is outside its limits"));
    }
    let total = Statistics {
        rows: reader.varint_u32()?,
        clicks: reader.varint_u32()?,
    };
    if total.rows == 0 || total.clicks > total.rows {
        return Err(reader.error("the rows and clicks of all data do not fit"));
    }
    Ok((config, total))
}

/// Of an encoder that keeps keys or classes apart that the trees do not.
pub(super) fn not_pruned() -> FormatError {
    FormatError::Section {
        section: "encoder",
        offset: 0,
        problem: "the trees cannot tell all of the classes apart",
    }
}

impl Encoder {
    /// Bytes of the encoder in a model's file.
    pub fn file_bytes(&self) -> usize {
        let mut writer = Writer::default();
        write(self, &mut writer);
        writer.into_bytes().len()
    }
}

#[cfg(test)]
mod tests;
