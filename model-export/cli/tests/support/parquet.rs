//! Parquet files, written and read column by column.

#![allow(dead_code, reason = "not every test crate needs all of it")]

use std::fs::File;
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, Repetition, Type as PhysicalType};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

/// A column whose rows may be null.
pub(crate) enum Column {
    Bool(Vec<Option<bool>>),
    Int(Vec<Option<i32>>),
    /// With the logical type of unsigned numbers.
    Unsigned(Vec<Option<u32>>),
    Long(Vec<Option<i64>>),
    Float(Vec<Option<f32>>),
    Double(Vec<Option<f64>>),
    Text(Vec<Option<String>>),
}

/// Writes the columns in row groups of `group` rows.
pub(crate) fn write(path: &str, columns: &[(&str, Column)], group: usize, compression: Compression) {
    let kind = |column: &Column| match column {
        Column::Bool(_) => (PhysicalType::BOOLEAN, ConvertedType::NONE),
        Column::Int(_) => (PhysicalType::INT32, ConvertedType::NONE),
        Column::Unsigned(_) => (PhysicalType::INT32, ConvertedType::UINT_32),
        Column::Long(_) => (PhysicalType::INT64, ConvertedType::NONE),
        Column::Float(_) => (PhysicalType::FLOAT, ConvertedType::NONE),
        Column::Double(_) => (PhysicalType::DOUBLE, ConvertedType::NONE),
        Column::Text(_) => (PhysicalType::BYTE_ARRAY, ConvertedType::UTF8),
    };
    let field = |(name, column): &(&str, Column)| {
        let (physical, converted) = kind(column);
        let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        Arc::new(builder.with_converted_type(converted).build().unwrap())
    };
    let schema = Type::group_type_builder("rows")
        .with_fields(columns.iter().map(field).collect())
        .build()
        .unwrap();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = SerializedFileWriter::new(
        File::create(path).unwrap(),
        Arc::new(schema),
        Arc::new(properties),
    )
    .unwrap();
    let rows = columns[0].1.len();
    for start in (0..rows).step_by(group) {
        let end = rows.min(start + group);
        let mut group = writer.next_row_group().unwrap();
        for (_, column) in columns {
            let mut writer = group.next_column().unwrap().unwrap();
            match column {
                Column::Bool(values) => push::<BoolType, _>(&mut writer, &values[start..end], |value| *value),
                Column::Int(values) => push::<Int32Type, _>(&mut writer, &values[start..end], |value| *value),
                Column::Unsigned(values) => {
                    push::<Int32Type, _>(&mut writer, &values[start..end], |value| *value as i32)
                }
                Column::Long(values) => {
                    push::<Int64Type, _>(&mut writer, &values[start..end], |value| *value)
                }
                Column::Float(values) => {
                    push::<FloatType, _>(&mut writer, &values[start..end], |value| *value)
                }
                Column::Double(values) => {
                    push::<DoubleType, _>(&mut writer, &values[start..end], |value| *value)
                }
                Column::Text(values) => {
                    push::<ByteArrayType, _>(&mut writer, &values[start..end], |value| {
                        ByteArray::from(value.as_str())
                    });
                }
            }
            writer.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
}

impl Column {
    /// The first rows.
    pub(crate) fn head(&self, rows: usize) -> Self {
        match self {
            Self::Bool(values) => Self::Bool(values[..rows].to_vec()),
            Self::Int(values) => Self::Int(values[..rows].to_vec()),
            Self::Unsigned(values) => Self::Unsigned(values[..rows].to_vec()),
            Self::Long(values) => Self::Long(values[..rows].to_vec()),
            Self::Float(values) => Self::Float(values[..rows].to_vec()),
            Self::Double(values) => Self::Double(values[..rows].to_vec()),
            Self::Text(values) => Self::Text(values[..rows].to_vec()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Unsigned(values) => values.len(),
            Self::Long(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Double(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }
}

fn push<T: DataType, V>(
    writer: &mut parquet::file::writer::SerializedColumnWriter<'_>,
    rows: &[Option<V>],
    convert: impl Fn(&V) -> T::T,
) {
    let values: Vec<T::T> = rows.iter().flatten().map(convert).collect();
    let levels: Vec<i16> = rows.iter().map(|row| i16::from(row.is_some())).collect();
    writer
        .typed::<T>()
        .write_batch(&values, Some(&levels), None)
        .unwrap();
}

/// The names of a file's columns of 32-bit floats, and their values.
pub(crate) fn read_floats(path: &str) -> Vec<(String, Vec<f32>)> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr();
    let mut columns: Vec<(String, Vec<f32>)> = schema
        .columns()
        .iter()
        .map(|column| (column.name().to_owned(), Vec::new()))
        .collect();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).unwrap();
        let rows = group.metadata().num_rows() as usize;
        for (index, (_, values)) in columns.iter_mut().enumerate() {
            let mut column = get_typed_column_reader::<FloatType>(group.get_column_reader(index).unwrap());
            column.read_records(rows, None, None, values).unwrap();
        }
    }
    columns
}
