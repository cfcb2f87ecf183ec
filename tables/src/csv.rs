//! CSV to cells, with exact line numbers.
//!
//! Invariant: a line that is empty is refused, for the csv crate would pass over it in silence and a row of the
//! output would stand for another row of the input; at the end of the file they are no rows.

use std::collections::VecDeque;
use std::io::{self, Read};

use crate::Result;
use crate::refusal::{Failure, Refusal};
use crate::text::{Bytes, ROW_BYTES, Text, too_long};

/// Reads records and knows their lines.
pub(crate) struct CsvReader {
    reader: csv::Reader<Tap>,
    record: csv::ByteRecord,
    /// The last line of the record before.
    line: u64,
}

impl CsvReader {
    pub(crate) fn new(reader: Bytes) -> Self {
        let tap = Tap {
            reader,
            bytes: 0,
            record_start: 0,
            newlines: VecDeque::new(),
            lines: 0,
        };
        let mut builder = csv::ReaderBuilder::new();
        let builder = builder.has_headers(false).flexible(true).buffer_capacity(1 << 16);
        Self {
            reader: builder.from_reader(tap),
            record: csv::ByteRecord::new(),
            line: 0,
        }
    }

    pub(crate) fn would_wait(&self) -> bool {
        let tap = self.reader.get_ref();
        tap.reader.buffer().is_empty() && tap.bytes == self.reader.position().byte()
    }
}

/// Appends the next record to `text`; false at the end.
pub(crate) fn push_record(csv: &mut CsvReader, text: &mut Text) -> Result<bool> {
    let start = csv.reader.position().byte();
    csv.reader.get_mut().record_start = start;
    match csv.reader.read_byte_record(&mut csv.record) {
        Ok(true) => {}
        Ok(false) => return Ok(false),
        Err(error) => return Err(failure(error, csv.line + 1)),
    }
    let end = csv.reader.position().byte();
    let content = csv.record.as_slice();
    let breaks = content.iter().filter(|byte| **byte == b'\n').count() as u64;
    // The last byte ends the record or, at the end of the file, is one of its own.
    let last_line = csv.reader.get_mut().line_at(end - 1);
    // Quotes that are not closed may end in a newline of their own.
    let line = last_line.saturating_sub(breaks).max(csv.line + 1);
    if line > csv.line + 1 {
        return Err(Refusal::of_line(csv.line + 1, "the line is empty").into());
    }
    csv.line = last_line.max(line);
    let ends = (0..csv.record.len()).filter_map(|cell| Some(csv.record.range(cell)?.end));
    text.push(line, content, ends);
    Ok(true)
}

fn failure(error: csv::Error, line: u64) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<RowTooLong>()) => {
            too_long(line).into()
        }
        csv::ErrorKind::Io(error) => error.into(),
        other => Refusal::of_line(line, format!("{other:?}")).into(),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the row is too long")]
struct RowTooLong;

/// Notes the newlines that pass, since the csv crate counts lines only roughly.
struct Tap {
    reader: Bytes,
    /// Handed on so far.
    bytes: u64,
    record_start: u64,
    /// Offsets that [`Tap::line_at`] has not passed yet.
    newlines: VecDeque<u64>,
    /// Newlines that it has passed.
    lines: u64,
}

impl Tap {
    /// The number of the line that the byte at `offset` belongs to. Offsets never fall.
    fn line_at(&mut self, offset: u64) -> u64 {
        while self.newlines.front().is_some_and(|newline| *newline < offset) {
            self.newlines.pop_front();
            self.lines += 1;
        }
        self.lines + 1
    }
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes - self.record_start > ROW_BYTES as u64 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, RowTooLong));
        }
        let read = self.reader.read(buffer)?;
        let newlines = buffer[..read]
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n');
        self.newlines
            .extend(newlines.map(|(index, _)| self.bytes + index as u64));
        self.bytes += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::*;

    fn lines(text: &str) -> (Vec<(u64, usize)>, Option<String>) {
        let bytes: Box<dyn Read + Send> = Box::new(Cursor::new(text.to_owned()));
        // A small buffer, so that records are cut anywhere.
        let mut reader = CsvReader::new(BufReader::with_capacity(3, bytes));
        let mut text = Text::default();
        let failure = loop {
            match push_record(&mut reader, &mut text) {
                Ok(true) => {}
                Ok(false) => break None,
                Err(failure) => break Some(failure.to_string()),
            }
        };
        let lines = (0..text.len())
            .map(|row| (text.line(row), text.cells(row).len()))
            .collect();
        (lines, failure)
    }

    #[test]
    fn records_know_their_lines() {
        let cases: [(&str, &[(u64, usize)]); 8] = [
            ("", &[]),
            ("a,b\n1,2\n3,4", &[(1, 2), (2, 2), (3, 2)]),
            ("a,b\r\n1,2\r\n3,4\r\n", &[(1, 2), (2, 2), (3, 2)]),
            ("a\n\"x\ny\",5\n7\n", &[(1, 1), (2, 2), (4, 1)]),
            ("a\r\n\"x\r\n\r\ny\",5\r\n7", &[(1, 1), (2, 2), (5, 1)]),
            ("1\n2\n\n\n", &[(1, 1), (2, 1)]),
            ("1,\n,\n\"\"\n", &[(1, 2), (2, 2), (3, 1)]),
            ("1\n\"2,3\n4\n", &[(1, 1), (2, 1)]),
        ];
        for (text, expected) in cases {
            assert_eq!(lines(text), (expected.to_vec(), None), "{text:?}");
        }
    }

    #[test]
    fn empty_lines_between_rows_are_refused() {
        for text in ["1\n2\n\n3\n", "1\r\n2\r\n\r\n\r\n3"] {
            let (rows, failure) = lines(text);
            assert_eq!(
                (rows.len(), failure.as_deref()),
                (2, Some("line 3: the line is empty")),
                "{text:?}"
            );
        }
        assert_eq!(lines("\n1").1.as_deref(), Some("line 1: the line is empty"));
    }
}
