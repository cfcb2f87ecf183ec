//! Which types of columns can be read.

use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::schema::types::ColumnDescriptor;

use crate::Result;
use crate::refusal::Refusal;

/// Numbers, truth values and text; where only the text of values is asked for, also what is kept as a number, such as
/// a time.
pub(crate) fn check_type(column: &Arc<ColumnDescriptor>, as_text_alone: bool) -> Result<()> {
    let whole = matches!(column.physical_type(), Type::INT32 | Type::INT64);
    if as_text_alone && whole {
        return Ok(());
    }
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
