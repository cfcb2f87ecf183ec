//! Parquet to batches of columns.
//!
//! Invariant: only the columns that are asked for are read, a batch at a time. They stand at the top of the schema,
//! one value a row; nested and repeated ones are as good as absent.

mod check;
mod guard;

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use check::check_type;
use guard::guarded;
use parquet::basic::{ConvertedType, LogicalType};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use crate::refusal::Refusal;
use crate::text::BATCH_ROWS;
use crate::{Position, Result};

/// Rows as columns, in the order they were asked for.
pub struct Columns {
    /// Rows of the file before the first of these.
    pub rows_before: u64,
    /// How many rows.
    pub rows: usize,
    /// Those that are read.
    pub columns: Vec<Column>,
}

/// One value a row.
pub struct Column {
    /// Of the rows that have one, in their order.
    pub values: Values,
    /// 1 where a row has a value, 0 where it is null; empty where none can be null.
    pub levels: Vec<i16>,
}

/// Values of one type.
pub enum Values {
    /// Truth values.
    Bool(Vec<bool>),
    /// Integers of any size, signed or not.
    Int(Vec<i64>),
    /// Of 32 bits.
    Float(Vec<f32>),
    /// Of 64 bits.
    Double(Vec<f64>),
    /// Texts.
    Bytes(Vec<ByteArray>),
}

/// Reads batches of columns.
pub(crate) struct ParquetReader {
    reader: SerializedFileReader<File>,
    /// Names of all columns at the top of the schema, and where they stand in it.
    found: Vec<(String, usize)>,
    /// Those to be read.
    wanted: Vec<usize>,
    next_group: usize,
    open: Vec<ColumnReader>,
    left_in_group: usize,
    position: Position,
}

impl ParquetReader {
    pub(crate) fn new(file: File) -> Result<Self> {
        let reader = guarded(|| SerializedFileReader::new(file).map_err(damaged))?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let flat =
            |column: &ColumnDescriptor| column.path().parts().len() == 1 && column.max_rep_level() == 0;
        let found = schema
            .columns()
            .iter()
            .enumerate()
            .filter(|(_, column)| flat(column));
        let found = found
            .map(|(index, column)| (column.name().to_owned(), index))
            .collect();
        let total = u64::try_from(reader.metadata().file_metadata().num_rows()).ok();
        Ok(Self {
            reader,
            found,
            wanted: Vec::new(),
            next_group: 0,
            open: Vec::new(),
            left_in_group: 0,
            position: Position {
                total,
                ..Position::default()
            },
        })
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.found.iter().map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn position(&self) -> Position {
        self.position.clone()
    }

    /// Chooses the columns to read by their places in [`ParquetReader::names`]; of some only the text is asked for.
    pub(crate) fn want(&mut self, columns: &[usize], as_text_alone: impl Fn(usize) -> bool) -> Result<()> {
        self.wanted = columns.iter().map(|column| self.found[*column].1).collect();
        let schema = self.reader.metadata().file_metadata().schema_descr();
        columns
            .iter()
            .zip(&self.wanted)
            .try_for_each(|(column, index)| check_type(&schema.column(*index), as_text_alone(*column)))
    }

    /// The next rows; none at the end.
    pub(crate) fn batch(&mut self) -> Result<Columns> {
        guarded(|| self.next_rows())
    }

    fn next_rows(&mut self) -> Result<Columns> {
        while self.left_in_group == 0 && self.next_group < self.reader.num_row_groups() {
            let group = self.reader.get_row_group(self.next_group).map_err(damaged)?;
            let readers = self.wanted.iter().map(|column| group.get_column_reader(*column));
            self.open = readers.collect::<Result<_, _>>().map_err(damaged)?;
            self.left_in_group = usize::try_from(group.metadata().num_rows()).map_err(damaged)?;
            self.next_group += 1;
        }
        let rows = self.left_in_group.min(BATCH_ROWS);
        self.left_in_group -= rows;
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let read =
            |(reader, index): (&mut ColumnReader, &usize)| read_column(reader, &schema.column(*index), rows);
        let columns = if rows > 0 {
            self.open
                .iter_mut()
                .zip(&self.wanted)
                .map(read)
                .collect::<Result<_>>()?
        } else {
            Vec::new()
        };
        let rows_before = self.position.done.fetch_add(rows as u64, Ordering::Relaxed);
        Ok(Columns {
            rows_before,
            rows,
            columns,
        })
    }
}

fn read_column(reader: &mut ColumnReader, column: &Arc<ColumnDescriptor>, rows: usize) -> Result<Column> {
    let unsigned = match column.logical_type_ref() {
        Some(LogicalType::Integer(kind)) => !kind.is_signed,
        _ => matches!(
            column.converted_type(),
            ConvertedType::UINT_32 | ConvertedType::UINT_64
        ),
    };
    let nullable = column.max_def_level() > 0;
    let (values, levels) = match reader {
        ColumnReader::BoolColumnReader(reader) => {
            let (values, levels) = read(reader, nullable, rows)?;
            (Values::Bool(values), levels)
        }
        ColumnReader::Int32ColumnReader(reader) => {
            let (values, levels) = read(reader, nullable, rows)?;
            let widen = |value: i32| {
                if unsigned {
                    i64::from(value as u32)
                } else {
                    i64::from(value)
                }
            };
            (Values::Int(values.into_iter().map(widen).collect()), levels)
        }
        ColumnReader::Int64ColumnReader(reader) => {
            let (values, levels) = read(reader, nullable, rows)?;
            if unsigned && values.iter().any(|value| *value < 0) {
                let problem = "the column holds numbers of 2^63 and above";
                return Err(Refusal {
                    name: Some(column.name().to_owned()),
                    ..Refusal::of_input(problem)
                }
                .into());
            }
            (Values::Int(values), levels)
        }
        ColumnReader::FloatColumnReader(reader) => {
            let (values, levels) = read(reader, nullable, rows)?;
            (Values::Float(values), levels)
        }
        ColumnReader::DoubleColumnReader(reader) => {
            let (values, levels) = read(reader, nullable, rows)?;
            (Values::Double(values), levels)
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            let (values, levels) = read(reader, nullable, rows)?;
            (Values::Bytes(values), levels)
        }
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            return Err(damaged("a column changed its type").into());
        }
    };
    Ok(Column { values, levels })
}

fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    nullable: bool,
    rows: usize,
) -> Result<(Vec<T::T>, Vec<i16>)> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let (records, _, _) = reader
        .read_records(rows, nullable.then_some(&mut levels), None, &mut values)
        .map_err(damaged)?;
    let present = if nullable {
        levels.iter().filter(|level| **level > 0).count()
    } else {
        rows
    };
    if records != rows || values.len() != present || (nullable && levels.len() != rows) {
        return Err(damaged("a column is shorter than its row group").into());
    }
    Ok((values, levels))
}

fn damaged(error: impl ToString) -> Refusal {
    Refusal::of_input(error.to_string())
}
