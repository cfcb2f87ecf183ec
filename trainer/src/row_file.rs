//! Checked rows on disk: as many bytes each, so that every later pass streams at disk speed and can start at any row.
//!
//! Record of a Criteo row, 217 bytes: label (1 byte), presence of the 39 columns (8 bytes, bit `j` = column `j`), 13 integers (8 bytes each),
//! 26 categories (4 bytes each); little-endian, absent values are zero.

mod table;

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use model_export::{CATEGORY_COLUMNS, INTEGER_COLUMNS, Row, Schema};
use sha2::{Digest, Sha256};

pub use table::TableColumns;

use crate::data_row::{DataRow, TableRow};

const RECORD_BYTES: usize = 1 + 8 + 8 * INTEGER_COLUMNS + 4 * CATEGORY_COLUMNS;

/// Criteo rows and those of a table never share a file.
const KIND: &str = "the file has rows of the other kind";

/// Writes rows and keeps their digest.
pub struct RowWriter {
    file: BufWriter<File>,
    path: PathBuf,
    digest: Sha256,
    rows: u64,
    table: Option<TableColumns>,
}

/// A finished file of rows.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowFile {
    /// Where it lies.
    pub path: PathBuf,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 over the rows as canonical TSV lines, each ended by `\n`: the digest of that text file. Above the rows of
    /// a table there is a line with its columns' names.
    pub digest: String,
    /// The columns, where they aren't Criteo's.
    #[serde(default)]
    pub table: Option<TableColumns>,
}

impl RowWriter {
    /// Starts a file of Criteo rows, over one that may be there.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 18, File::create(path)?);
        Ok(Self {
            file,
            path: path.to_owned(),
            digest: Sha256::new(),
            rows: 0,
            table: None,
        })
    }

    /// Starts a file of the rows of a table.
    pub fn create_table(path: &Path, schema: &Schema) -> std::io::Result<Self> {
        let table = TableColumns::of(schema);
        let mut writer = Self::create(path)?;
        writer.add_to_digest(&table.header());
        writer.table = Some(table);
        Ok(writer)
    }

    /// Appends a labelled Criteo row. Panics if the file is of a table.
    pub fn write(&mut self, row: &Row) -> std::io::Result<()> {
        assert!(self.table.is_none(), "{KIND}");
        self.file.write_all(&record(row))?;
        self.add_to_digest(&row.to_tsv());
        self.rows += 1;
        Ok(())
    }

    /// Appends a row of a table. Panics unless the file is of its table.
    pub fn write_table(&mut self, row: &TableRow) -> std::io::Result<()> {
        let table = self.table.as_ref().expect(KIND);
        self.file.write_all(&table.record(row))?;
        self.add_to_digest(&row.to_tsv());
        self.rows += 1;
        Ok(())
    }

    fn add_to_digest(&mut self, line: &str) {
        self.digest.update(line.as_bytes());
        self.digest.update(b"\n");
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Flushes and closes.
    pub fn finish(self) -> std::io::Result<RowFile> {
        self.file.into_inner().map_err(|error| error.into_error())?;
        let digest = self
            .digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(RowFile {
            path: self.path,
            rows: self.rows,
            digest,
            table: self.table,
        })
    }
}

impl RowFile {
    /// The Criteo rows from `from` (0-based) up to, without, `to`; an error when they are of a table.
    pub fn read(
        &self,
        from: u64,
        to: u64,
    ) -> std::io::Result<impl Iterator<Item = std::io::Result<Row>> + use<>> {
        if self.table.is_some() {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, KIND));
        }
        let records = self.records(RECORD_BYTES, from, to)?;
        Ok(records.map(|bytes| bytes.map(|bytes| row(&bytes))))
    }

    /// All Criteo rows.
    pub fn read_all(&self) -> std::io::Result<impl Iterator<Item = std::io::Result<Row>> + use<>> {
        self.read(0, self.rows)
    }

    /// The rows of either kind from `from` (0-based) up to, without, `to`.
    pub fn data(
        &self,
        from: u64,
        to: u64,
    ) -> std::io::Result<impl Iterator<Item = std::io::Result<DataRow>> + use<>> {
        let table = self.table.clone();
        let bytes = table.as_ref().map_or(RECORD_BYTES, TableColumns::record_bytes);
        let records = self.records(bytes, from, to)?;
        let parse = move |bytes: Vec<u8>| match &table {
            Some(table) => DataRow::Table(table.row(&bytes)),
            None => DataRow::Criteo(row(&bytes)),
        };
        Ok(records.map(move |bytes| bytes.map(&parse)))
    }

    /// The columns of a table; `None` of Criteo rows.
    pub fn schema(&self) -> std::io::Result<Option<Schema>> {
        let schema = self.table.as_ref().map(TableColumns::schema).transpose();
        schema.map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
    }

    fn records(
        &self,
        bytes: usize,
        from: u64,
        to: u64,
    ) -> std::io::Result<impl Iterator<Item = std::io::Result<Vec<u8>>> + use<>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(from * bytes as u64))?;
        let mut file = BufReader::with_capacity(1 << 18, file);
        Ok((from..to.min(self.rows)).map(move |_| {
            let mut record = vec![0; bytes];
            file.read_exact(&mut record).map(|()| record)
        }))
    }
}

fn record(row: &Row) -> [u8; RECORD_BYTES] {
    let mut bytes = [0; RECORD_BYTES];
    bytes[0] = u8::from(row.label == Some(true));
    let mut present = 0u64;
    let (integers, categories) = bytes[9..].split_at_mut(8 * INTEGER_COLUMNS);
    for (j, (out, value)) in integers.chunks_exact_mut(8).zip(row.integers).enumerate() {
        present |= u64::from(value.is_some()) << j;
        out.copy_from_slice(&value.unwrap_or_default().to_le_bytes());
    }
    for (j, (out, value)) in categories.chunks_exact_mut(4).zip(row.categories).enumerate() {
        present |= u64::from(value.is_some()) << (INTEGER_COLUMNS + j);
        out.copy_from_slice(&value.unwrap_or_default().to_le_bytes());
    }
    bytes[1..9].copy_from_slice(&present.to_le_bytes());
    bytes
}

fn row(bytes: &[u8]) -> Row {
    let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|k| bytes[at + k]));
    let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|k| bytes[at + k]));
    let present = u64_at(1);
    let is_present = |j: usize| (present >> j) & 1 == 1;
    Row {
        label: Some(bytes[0] == 1),
        integers: std::array::from_fn(|j| is_present(j).then(|| u64_at(9 + 8 * j) as i64)),
        categories: std::array::from_fn(|j| {
            is_present(INTEGER_COLUMNS + j).then(|| u32_at(9 + 8 * INTEGER_COLUMNS + 4 * j))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Generator;

    #[test]
    fn rows_come_back_as_they_went() {
        let folder = tempfile::tempdir().unwrap();
        let mut rows: Vec<Row> = Generator::new(3).take(50).collect();
        rows[7].integers = [Some(i64::MIN); INTEGER_COLUMNS];
        rows[8].categories = [Some(0); CATEGORY_COLUMNS];
        rows[9] = Row {
            label: Some(true),
            ..Row::default()
        };
        let mut writer = RowWriter::create(&folder.path().join("rows.bin")).unwrap();
        rows.iter().for_each(|row| writer.write(row).unwrap());
        let file = writer.finish().unwrap();
        let back: Vec<Row> = file.read_all().unwrap().map(Result::unwrap).collect();
        assert_eq!(back, rows);
        let part: Vec<Row> = file.read(7, 10).unwrap().map(Result::unwrap).collect();
        assert_eq!(part, rows[7..10]);
        let text: String = rows.iter().map(|row| row.to_tsv() + "\n").collect();
        assert_eq!(file.digest, model_export::sha256_hex(text.as_bytes()));
    }
}
