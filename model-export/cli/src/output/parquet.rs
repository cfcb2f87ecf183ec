//! Results as a Parquet file of 32-bit floats, one required column for each.

use std::fs::File;
use std::sync::Arc;

use anyhow::Result;
use parquet::basic::{Compression, Repetition, Type as PhysicalType};
use parquet::data_type::FloatType;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

/// A row group is written when it has this many rows.
const GROUP_ROWS: usize = 1 << 16;

/// Collects row groups.
pub(crate) struct ParquetSink {
    writer: SerializedFileWriter<File>,
    /// Of the row group to come, by column.
    columns: Vec<Vec<f32>>,
}

impl ParquetSink {
    pub(super) fn new(file: File, names: &[String]) -> Result<Self> {
        let column = |name: &String| {
            let column = Type::primitive_type_builder(name, PhysicalType::FLOAT);
            column.with_repetition(Repetition::REQUIRED).build().map(Arc::new)
        };
        let fields = names.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("results").with_fields(fields).build()?;
        // Hardly any number comes twice.
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_dictionary_enabled(false)
            .build();
        let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
        Ok(Self {
            writer,
            columns: vec![Vec::new(); names.len()],
        })
    }

    /// Takes the numbers of whole rows. Where they are cut into calls does not show in the file.
    pub(super) fn write(&mut self, values: &[f32]) -> Result<()> {
        for row in values.chunks_exact(self.columns.len()) {
            for (column, value) in self.columns.iter_mut().zip(row) {
                column.push(*value);
            }
            if self.columns[0].len() == GROUP_ROWS {
                self.write_group()?;
            }
        }
        Ok(())
    }

    pub(super) fn close(mut self) -> Result<()> {
        if !self.columns[0].is_empty() {
            self.write_group()?;
        }
        self.writer.close()?;
        Ok(())
    }

    fn write_group(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for values in &mut self.columns {
            if let Some(mut column) = group.next_column()? {
                column.typed::<FloatType>().write_batch(values, None, None)?;
                column.close()?;
            }
            values.clear();
        }
        group.close()?;
        Ok(())
    }
}
