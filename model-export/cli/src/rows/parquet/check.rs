//! What is refused of a Parquet file before its first row.

use std::fs::File;
use std::sync::Arc;

use anyhow::Result;
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::damaged;
use crate::rows::refusal::Refusal;

/// The parquet crate panics where a place in the file is negative.
pub(super) fn check_places(reader: &SerializedFileReader<File>) -> Result<()> {
    let mut chunks = reader
        .metadata()
        .row_groups()
        .iter()
        .flat_map(|group| group.columns());
    let negative = |chunk: &ColumnChunkMetaData| {
        let places = [
            chunk.dictionary_page_offset().unwrap_or(0),
            chunk.data_page_offset(),
            chunk.compressed_size(),
        ];
        places.into_iter().any(|place| place < 0)
    };
    if chunks.any(negative) {
        return Err(damaged("a column is before the file's beginning").into());
    }
    Ok(())
}

/// Numbers, truth values and text.
pub(super) fn check_type(column: &Arc<ColumnDescriptor>) -> Result<()> {
    let plain = match column.logical_type_ref() {
        None => !matches!(
            column.converted_type(),
            ConvertedType::DECIMAL
                | ConvertedType::DATE
                | ConvertedType::TIME_MILLIS
                | ConvertedType::TIME_MICROS
                | ConvertedType::TIMESTAMP_MILLIS
                | ConvertedType::TIMESTAMP_MICROS
                | ConvertedType::INTERVAL
        ),
        Some(LogicalType::Integer(_) | LogicalType::String | LogicalType::Enum | LogicalType::Unknown) => {
            true
        }
        Some(_) => false,
    };
    if plain && !matches!(column.physical_type(), Type::INT96 | Type::FIXED_LEN_BYTE_ARRAY) {
        return Ok(());
    }
    let kind = match column.logical_type_ref() {
        Some(kind) => format!("{kind:?}")
            .split(['(', ' '])
            .next()
            .unwrap_or_default()
            .to_owned(),
        None if plain => column.physical_type().to_string(),
        None => column.converted_type().to_string(),
    };
    let problem = format!("the column is of type {kind}; numbers, booleans and text can be read");
    Err(Refusal {
        name: Some(column.name().to_owned()),
        ..Refusal::of_input(problem)
    }
    .into())
}
