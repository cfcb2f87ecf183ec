//! TSV and CSV to batches of cells.
//!
//! Invariant: every line gives one row, in order, and knows its number. TSV knows no quotes.

use std::io::{BufRead, BufReader, Read};

use crate::Result;
use crate::csv::{CsvReader, push_record};
use crate::refusal::{Failure, Refusal};

/// A batch ends with the first row that reaches one of these.
pub(crate) const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 1 << 20;
/// Longer rows are refused; 65,536 features of 20 digits are a tenth of it.
pub(crate) const ROW_BYTES: usize = 1 << 24;

/// Decompressed bytes.
pub(crate) type Bytes = BufReader<Box<dyn Read + Send>>;

/// Rows as cells of text.
#[derive(Debug, Default)]
pub struct Text {
    bytes: Vec<u8>,
    /// Where each cell is in `bytes`: batch and row together are far below 4 GiB.
    cells: Vec<(u32, u32)>,
    /// Of each row: the number of its first line, and where its cells end in `cells`.
    rows: Vec<(u64, usize)>,
}

impl Text {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of a row's first line.
    pub fn line(&self, row: usize) -> u64 {
        self.rows[row].0
    }

    /// The cells of a row.
    pub fn cells(&self, row: usize) -> impl ExactSizeIterator<Item = &[u8]> {
        let first = row.checked_sub(1).map_or(0, |before| self.rows[before].1);
        let cells = &self.cells[first..self.rows[row].1];
        cells
            .iter()
            .map(|(start, end)| &self.bytes[*start as usize..*end as usize])
    }

    /// Appends a row whose cells are given as bytes and where each ends in them.
    pub(crate) fn push(&mut self, line: u64, bytes: &[u8], ends: impl Iterator<Item = usize>) {
        let (offset, mut start) = (self.bytes.len(), 0);
        self.bytes.extend_from_slice(bytes);
        for end in ends {
            self.cells.push(((offset + start) as u32, (offset + end) as u32));
            start = end;
        }
        self.rows.push((line, self.cells.len()));
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS || self.bytes.len() >= BATCH_BYTES
    }
}

/// Reads batches of cells.
pub(crate) struct TextReader {
    rows: Rows,
    /// What came after the rows of the last batch.
    failure: Option<Failure>,
}

enum Rows {
    Tsv { reader: Bytes, line: u64 },
    Csv(Box<CsvReader>),
}

impl TextReader {
    pub(crate) fn tsv(reader: Bytes) -> Self {
        Self {
            rows: Rows::Tsv { reader, line: 0 },
            failure: None,
        }
    }

    pub(crate) fn csv(reader: Bytes) -> Self {
        Self {
            rows: Rows::Csv(Box::new(CsvReader::new(reader))),
            failure: None,
        }
    }

    /// The first row alone, to see whether it is a header; none where there is no row.
    pub(crate) fn first(&mut self) -> Result<Text> {
        let mut text = Text::default();
        self.rows.push(&mut text)?;
        Ok(text)
    }

    /// The next rows; none at the end. It does not wait for more rows than one.
    pub(crate) fn batch(&mut self) -> Result<Text> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut text = Text::default();
        loop {
            match self.rows.push(&mut text) {
                Ok(true) if !text.is_full() && !self.rows.would_wait() => {}
                Ok(_) => return Ok(text),
                Err(failure) if !text.is_empty() => {
                    self.failure = Some(failure);
                    return Ok(text);
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}

impl Rows {
    /// Appends the next row; false at the end.
    fn push(&mut self, text: &mut Text) -> Result<bool> {
        match self {
            Self::Tsv { reader, line } => push_line(reader, line, text),
            Self::Csv(reader) => push_record(reader, text),
        }
    }

    /// Whether all bytes that were read are used up, so that the next row may be long in coming.
    fn would_wait(&self) -> bool {
        match self {
            Self::Tsv { reader, .. } => reader.buffer().is_empty(),
            Self::Csv(reader) => reader.would_wait(),
        }
    }
}

fn push_line(reader: &mut Bytes, line: &mut u64, text: &mut Text) -> Result<bool> {
    let start = text.bytes.len();
    let read = reader.take(ROW_BYTES as u64).read_until(b'\n', &mut text.bytes)?;
    if read == 0 {
        return Ok(false);
    }
    *line += 1;
    if read == ROW_BYTES {
        text.bytes.truncate(start);
        return Err(too_long(*line).into());
    }
    for ending in [b'\n', b'\r'] {
        if text.bytes.len() > start && text.bytes.last() == Some(&ending) {
            text.bytes.pop();
        }
    }
    let mut cell = start;
    for (index, byte) in text.bytes[start..].iter().enumerate() {
        if *byte == b'\t' {
            text.cells.push((cell as u32, (start + index) as u32));
            cell = start + index + 1;
        }
    }
    text.cells.push((cell as u32, text.bytes.len() as u32));
    text.rows.push((*line, text.cells.len()));
    Ok(true)
}

pub(crate) fn too_long(line: u64) -> Refusal {
    Refusal::of_line(line, "the row is longer than 16 MiB")
}
