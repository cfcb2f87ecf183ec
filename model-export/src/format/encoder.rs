//! The encoder section: how rows become features.
//!
//! It begins with the kind of encoder, of which this version knows three, so that others can follow.

mod columns;

use columns::Columns;

use super::FormatError;
use super::bytes::{Reader, Writer};
use super::coder::{RangeDecoder, RangeEncoder};
use crate::encoder::{
    Column, ColumnParts, Cross, Encoder, EncoderConfig, LEAST_SPARE_BITS, Prior, Statistics, check_crosses,
};
use crate::row::{CATEGORY_COLUMNS, INTEGER_COLUMNS};
use crate::schema::{MAX_COLUMNS, Schema};

/// Integers as they are, categories as statistics of their keys.
const KEY_STATISTICS: u8 = 1;
/// The same, and crosses.
const CROSSED: u8 = 2;
/// Numbers as they are, categories as statistics of their keys, all with names.
const TABLE: u8 = 3;

pub(super) fn write(encoder: &Encoder, writer: &mut Writer) {
    let (config, total) = (encoder.config(), encoder.total());
    let kind = match encoder.schema() {
        Some(_) => TABLE,
        None if config.crosses.is_empty() => KEY_STATISTICS,
        None => CROSSED,
    };
    writer.raw(&[kind]);
    match encoder.schema() {
        Some(schema) => {
            writer.varint(schema.numbers().len() as u64);
            writer.varint(schema.categories().len() as u64);
            schema.names().for_each(|name| writer.text(name));
        }
        None => writer.raw(&[INTEGER_COLUMNS as u8, CATEGORY_COLUMNS as u8]),
    }
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
        if config.crosses.is_empty() || check_crosses(&config.crosses).is_err() {
            return Err(reader.error("there are no crosses, too many, or two of the same columns"));
        }
    }
    let columns = CATEGORY_COLUMNS + config.crosses.len();
    let columns = read_columns(reader, (&config, total), columns, CATEGORY_COLUMNS)?;
    Ok(Encoder::from_parts(config, total, columns, None))
}

/// Whether a section is of a table of its own.
pub(super) fn is_of_a_table(section: &[u8]) -> bool {
    section.first() == Some(&TABLE)
}

/// The encoder of a table of its own.
pub(super) fn read_table(mut reader: Reader<'_>) -> Result<Encoder, FormatError> {
    let kind = reader.byte()?;
    if kind != TABLE {
        return Err(FormatError::UnknownEncoder { kind });
    }
    // A name takes at least a byte for its length and one for itself.
    let (numbers, categories) = (reader.count(16)?, reader.count(16)?);
    if numbers + categories > MAX_COLUMNS {
        return Err(reader.error("a table has at most 4096 columns"));
    }
    let mut names = Vec::with_capacity(numbers + categories);
    for _ in 0..numbers + categories {
        names.push(reader.text()?.to_owned());
    }
    let names_of_categories = names.split_off(numbers);
    let schema = Schema::new(names, names_of_categories);
    let schema = schema.map_err(|_| reader.error("columns have no names, or two have the same"))?;
    let (config, total) = read_config(&mut reader)?;
    let columns = read_columns(reader, (&config, total), categories, categories)?;
    Ok(Encoder::from_parts(config, total, columns, Some(schema)))
}

/// The coded stream. The columns after the first `may_be_missing` have no missing value.
fn read_columns(
    reader: Reader<'_>,
    (config, total): (&EncoderConfig, Statistics),
    count: usize,
    may_be_missing: usize,
) -> Result<Vec<Column>, FormatError> {
    let most_keys = reader.remaining().saturating_mul(8) / LEAST_SPARE_BITS as usize;
    let prior = Prior::new(total, config.prior_weight);
    let mut columns = Columns::new(config.min_count, total, most_keys);
    let mut coder = RangeDecoder::new(reader)?;
    let mut read = Vec::with_capacity(count);
    for index in 0..count {
        let parts = columns
            .code(&mut coder, &ColumnParts::default())
            .map_err(|problem| coder.error(problem))?;
        if index >= may_be_missing && parts.missing.is_some() {
            return Err(coder.error("a cross is never missing"));
        }
        coder.check()?;
        read.push(Column::new(parts, &prior));
    }
    coder.end()?;
    Ok(read)
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
    read_config(reader)
}

fn read_config(reader: &mut Reader<'_>) -> Result<(EncoderConfig, Statistics), FormatError> {
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
