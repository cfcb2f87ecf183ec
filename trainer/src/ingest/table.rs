//! Rows of a table: CSV, TSV or Parquet, by a schema.
//!
//! Invariant: a row is one of the table or it is refused with its source, number and column; rows that have an order
//! come in it.

mod cells;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::sync::atomic::Ordering;

use tables::{Absent, Batch, Failure, Format, Header, Input, Kind, PARQUET_SIGNATURE, Parsed, Parser};
use tables::{Position, Reader, Refusal, Wanted};

use self::cells::{Order, is_positive};
use super::{BadRowPolicy, BadRows, IngestError, RowProblem};
use crate::cancel::CancelToken;
use crate::data_row::TableRow;
use crate::progress::Progress;
use crate::recipe::TableSchema;
use crate::row_file::RowWriter;
use crate::source::{OpenSource, Source};

/// Reads all rows of one source after the other.
pub(super) struct TableReader<'a> {
    schema: &'a TableSchema,
    policy: BadRowPolicy,
    bad_rows: &'a mut BadRows,
    writer: &'a mut RowWriter,
    order: Order,
}

/// An open source.
struct Rows {
    name: String,
    remote: bool,
    compression: &'static str,
    reader: Reader,
    /// Of the columns, and of label and order.
    parsers: Vec<Parser>,
    /// The last row that was read.
    number: u64,
}

impl<'a> TableReader<'a> {
    /// Rows go to `writer`, bad ones into `bad_rows`.
    pub(super) fn new(
        schema: &'a TableSchema,
        policy: BadRowPolicy,
        bad_rows: &'a mut BadRows,
        writer: &'a mut RowWriter,
    ) -> Self {
        Self {
            schema,
            policy,
            bad_rows,
            writer,
            order: Order::default(),
        }
    }

    /// Reads one source to its end.
    pub(super) fn read(
        &mut self,
        source: &Source,
        artifacts: Option<&registry::Artifacts>,
        write_error: &dyn Fn(std::io::Error) -> IngestError,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<(), IngestError> {
        let mut rows = self.open(source, artifacts)?;
        loop {
            cancel.check()?;
            let batch = match rows.reader.batch() {
                Ok(Some(batch)) => batch,
                Ok(None) => return Ok(()),
                Err(failure) => return Err(rows.failure(failure)),
            };
            self.take(&mut rows, &batch, write_error)?;
            progress.advance(self.writer.rows(), &rows.message());
        }
    }

    fn take(
        &mut self,
        rows: &mut Rows,
        batch: &Batch,
        write_error: &dyn Fn(std::io::Error) -> IngestError,
    ) -> Result<(), IngestError> {
        let mut from = 0;
        while from < batch.len() {
            let (columns, refusal) = rows.parsers[0].parse_from(batch, from);
            let (texts, other) = rows.parsers[1].parse_from(batch, from);
            let good = columns.len().min(texts.len());
            for row in 0..good {
                rows.number = batch.number(from + row);
                match self.row(rows, (&columns, &texts), row) {
                    Ok(table_row) => {
                        self.check_order(rows, &texts, row)?;
                        self.writer.write_table(&table_row).map_err(write_error)?;
                    }
                    Err(refusal) => self.meet(rows, refusal)?,
                }
            }
            from += good;
            let refusal = if texts.len() < columns.len() {
                other
            } else {
                refusal
            };
            if let Some(refusal) = refusal {
                self.meet(rows, refusal)?;
                from += 1;
            }
        }
        Ok(())
    }

    fn meet(&mut self, rows: &Rows, refusal: Refusal) -> Result<(), IngestError> {
        self.bad_rows
            .meet(self.policy, &rows.name, RowProblem::Table(refusal))
    }

    /// A row whose label can be understood.
    fn row(
        &self,
        rows: &Rows,
        (columns, texts): (&Parsed, &Parsed),
        row: usize,
    ) -> Result<TableRow, Refusal> {
        let label = text_of(texts, row, 0);
        let label = is_positive(label, &self.schema.positive)
            .map_err(|problem| rows.refusal(0, &self.schema.label, problem))?;
        if self.schema.order_by.is_some() && text_of(texts, row, 1).is_none() {
            let name = self.schema.order_by.as_deref().unwrap_or_default();
            return Err(rows.refusal(1, name, "expected a value that rows are ordered by".to_owned()));
        }
        let (of_numbers, of_keys) = (
            self.schema.columns.numbers().len(),
            self.schema.columns.categories().len(),
        );
        let (numbers, keys) = match columns {
            Parsed::Table { numbers, keys, .. } => (&numbers[..], &keys[..]),
            _ => (&[][..], &[][..]),
        };
        Ok(TableRow {
            label,
            numbers: numbers[row * of_numbers..][..of_numbers].to_vec(),
            keys: keys[row * of_keys..][..of_keys].to_vec(),
        })
    }

    /// Rows out of order are never left out: they would be everywhere, and sorting needs memory.
    fn check_order(&mut self, rows: &Rows, texts: &Parsed, row: usize) -> Result<(), IngestError> {
        let (Some(name), Some(text)) = (&self.schema.order_by, text_of(texts, row, 1)) else {
            return Ok(());
        };
        self.order.follow(text).map_err(|problem| IngestError::Refused {
            source_name: rows.name.clone(),
            refusal: rows.refusal(1, name, problem),
        })
    }

    fn open(&self, source: &Source, artifacts: Option<&registry::Artifacts>) -> Result<Rows, IngestError> {
        let mut open = source.open(artifacts)?;
        let name = source.name();
        let remote = matches!(source, Source::Url(_));
        let compression = open.compression;
        let read_error = |source| IngestError::Read {
            source_name: name.clone(),
            line: 0,
            compression,
            remote,
            source,
        };
        let is_parquet = open
            .reader
            .fill_buf()
            .map_err(read_error)?
            .starts_with(PARQUET_SIGNATURE);
        let input = match is_parquet {
            true => Input::Parquet(whole_file(source, open).map_err(read_error)?),
            false => {
                let position = Position {
                    done: open.raw_read.clone(),
                    total: open.raw_bytes,
                };
                let reader: Box<dyn Read + Send> = Box::new(open.reader);
                Input::Bytes(BufReader::with_capacity(1 << 17, reader), position)
            }
        };
        let options = tables::Options {
            format: self.schema.format.or_else(|| Format::of_name(&name)),
            header: Header::Yes,
            missing: self.schema.missing.clone(),
            absent: Absent::Refuse,
        };
        let columns = &self.schema.columns;
        let texts = [Some(&self.schema.label), self.schema.order_by.as_ref()];
        let wanted = [
            Wanted {
                names: columns.names().map(str::to_owned).collect(),
                kind: Kind::Table {
                    numbers: columns.numbers().len(),
                },
            },
            Wanted {
                names: texts.into_iter().flatten().cloned().collect(),
                kind: Kind::Texts,
            },
        ];
        match tables::open(input, &options, &wanted) {
            Ok((reader, parsers)) => Ok(Rows {
                name,
                remote,
                compression,
                reader,
                parsers,
                number: 0,
            }),
            Err(Failure::Refused(refusal)) => Err(IngestError::Refused {
                source_name: name,
                refusal,
            }),
            Err(Failure::Io(error)) => Err(read_error(error)),
            Err(error) => Err(read_error(std::io::Error::other(error))),
        }
    }
}

impl Rows {
    fn failure(&self, failure: Failure) -> IngestError {
        let source_name = self.name.clone();
        let source = match failure {
            Failure::Refused(refusal) => return IngestError::Refused { source_name, refusal },
            Failure::Io(error) => error,
            error => std::io::Error::other(error),
        };
        IngestError::Read {
            source_name,
            line: self.number,
            compression: self.compression,
            remote: self.remote,
            source,
        }
    }

    /// Refuses a value of the row that was read last: of the label (0) or the order (1).
    fn refusal(&self, text: usize, name: &str, problem: String) -> Refusal {
        Refusal {
            line: self.number,
            unit: self.reader.unit,
            column: self.parsers[1].column_of(text).map_or(0, |column| column + 1),
            name: Some(name.to_owned()),
            problem,
        }
    }

    fn message(&self) -> String {
        let position = self.reader.position();
        let done = position.done.load(Ordering::Relaxed);
        match (self.reader.unit, position.total) {
            ("row", Some(total)) => format!("rows; {}: {done} of {total} rows", self.name),
            (_, Some(total)) => format!(
                "rows; {}: {:.1} of {:.1} MB",
                self.name,
                done as f64 / 1e6,
                total as f64 / 1e6
            ),
            (_, None) => format!("rows; {}: {:.1} MB", self.name, done as f64 / 1e6),
        }
    }
}

fn text_of(texts: &Parsed, row: usize, column: usize) -> Option<&[u8]> {
    match texts {
        Parsed::Texts { values, width } => values.get(row * width + column)?.as_deref(),
        _ => None,
    }
}

/// Parquet is read from its end: what is no plain file on this machine becomes a temporary one.
fn whole_file(source: &Source, mut open: OpenSource) -> std::io::Result<File> {
    if let (Source::Path(path), "plain", Some(_)) = (source, open.compression, open.raw_bytes) {
        return File::open(path);
    }
    let mut file = tempfile::tempfile()?;
    std::io::copy(&mut open.reader, &mut file)?;
    file.rewind()?;
    Ok(file)
}
