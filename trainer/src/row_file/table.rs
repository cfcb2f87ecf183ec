//! The records of a table's rows: label (1 byte), presence of the categories (a bit each, in whole bytes), numbers
//! (4 bytes each, NaN where one is missing), keys (4 bytes each, 0 where one is missing); little-endian.

use model_export::{Schema, SchemaError};
use serde::{Deserialize, Serialize};

use crate::data_row::TableRow;

/// The columns of the rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableColumns {
    /// Names of the columns of numbers.
    pub numbers: Vec<String>,
    /// Names of the columns of categories.
    pub categories: Vec<String>,
}

impl TableColumns {
    pub(super) fn of(schema: &Schema) -> Self {
        Self {
            numbers: schema.numbers().to_vec(),
            categories: schema.categories().to_vec(),
        }
    }

    pub(super) fn schema(&self) -> Result<Schema, SchemaError> {
        Schema::new(self.numbers.clone(), self.categories.clone())
    }

    /// The line above the canonical rows.
    pub(crate) fn header(&self) -> String {
        let names = self.numbers.iter().chain(&self.categories);
        names.fold("label".to_owned(), |line, name| line + "\t" + name)
    }

    fn presence_bytes(&self) -> usize {
        self.categories.len().div_ceil(8)
    }

    pub(super) fn record_bytes(&self) -> usize {
        1 + self.presence_bytes() + 4 * (self.numbers.len() + self.categories.len())
    }

    pub(super) fn record(&self, row: &TableRow) -> Vec<u8> {
        assert!(
            row.numbers.len() == self.numbers.len() && row.keys.len() == self.categories.len(),
            "a row has the columns of the table"
        );
        let mut bytes = vec![0; 1 + self.presence_bytes()];
        bytes[0] = u8::from(row.label);
        for (index, key) in row.keys.iter().enumerate() {
            bytes[1 + index / 8] |= u8::from(key.is_some()) << (index % 8);
        }
        for number in &row.numbers {
            let number = if number.is_nan() { f32::NAN } else { *number };
            bytes.extend(number.to_le_bytes());
        }
        for key in &row.keys {
            bytes.extend(key.unwrap_or_default().to_le_bytes());
        }
        bytes
    }

    pub(super) fn row(&self, bytes: &[u8]) -> TableRow {
        let (presence, values) = bytes[1..].split_at(self.presence_bytes());
        let (numbers, keys) = values.split_at(4 * self.numbers.len());
        let word = |bytes: &[u8]| u32::from_le_bytes(std::array::from_fn(|at| bytes[at]));
        let is_present = |index: usize| (presence[index / 8] >> (index % 8)) & 1 == 1;
        TableRow {
            label: bytes[0] == 1,
            numbers: numbers
                .chunks_exact(4)
                .map(|bytes| f32::from_bits(word(bytes)))
                .collect(),
            keys: keys
                .chunks_exact(4)
                .enumerate()
                .map(|(index, bytes)| is_present(index).then(|| word(bytes)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_row::DataRow;
    use crate::row_file::RowWriter;

    #[test]
    fn rows_of_a_table_come_back_as_they_went_and_have_the_digest_of_their_text() {
        let names = |count: usize, prefix: &str| (0..count).map(|j| format!("{prefix}{j}")).collect();
        let schema = Schema::new(names(2, "n"), names(9, "ü")).unwrap();
        let rows: Vec<TableRow> = (0..20u32)
            .map(|index| TableRow {
                label: index % 3 == 0,
                numbers: vec![index as f32 * -0.1, 1e-40],
                keys: (0..9)
                    .map(|j| (index % (j + 2) != 0).then_some(index << 9))
                    .collect(),
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let mut writer = RowWriter::create_table(&folder.path().join("rows.bin"), &schema).unwrap();
        rows.iter().for_each(|row| writer.write_table(row).unwrap());
        let file = writer.finish().unwrap();
        let read = |from, to| -> Vec<DataRow> { file.data(from, to).unwrap().map(Result::unwrap).collect() };
        let expected: Vec<DataRow> = rows.iter().cloned().map(DataRow::Table).collect();
        assert_eq!(read(0, 20), expected);
        assert_eq!(read(7, 99), expected[7..]);
        assert!(file.read_all().is_err());
        let mut text = "label\tn0\tn1\tü0\tü1\tü2\tü3\tü4\tü5\tü6\tü7\tü8\n".to_owned();
        expected.iter().for_each(|row| text += &(row.to_tsv() + "\n"));
        assert_eq!(file.digest, model_export::sha256_hex(text.as_bytes()));
        let missing = TableRow {
            label: true,
            numbers: vec![f32::NAN, -0.5],
            keys: vec![None, Some(0xab)],
        };
        assert_eq!(missing.to_tsv(), "1\t\t-0.5\t\t000000ab");
    }
}
