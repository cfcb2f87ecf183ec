//! Rows from files: what predict, explain and diff read.
//!
//! Invariant: memory does not grow with the file, and rows come in their order.

mod csv;
mod layout;
mod missing;
mod options;
mod parquet;
mod parse;
mod refusal;
mod source;
mod text;

use std::path::Path;

use anyhow::Result;
pub(crate) use layout::Wanted;
use layout::{Layout, excerpt_list};
use missing::Missing;
pub(crate) use options::Options;
use options::{Format, Header};
use parquet::{Columns, ParquetReader};
pub(crate) use parse::{Parsed, Parser};
pub(crate) use refusal::Refusal;
pub(crate) use source::Position;
use source::Source;
use text::{Text, TextReader};

/// Some rows as they were read.
pub(crate) enum Batch {
    Text(Text),
    Columns(Columns),
}

impl Batch {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Columns(columns) => columns.rows,
        }
    }

    /// The number of a row in the file, from 1: its line, or its row where there are no lines.
    pub(crate) fn number(&self, row: usize) -> u64 {
        match self {
            Self::Text(text) => text.line(row),
            Self::Columns(columns) => columns.rows_before + row as u64 + 1,
        }
    }
}

/// An open file of rows, its header read.
pub(crate) struct Reader {
    rows: Rows,
    /// A first row that was no header.
    first: Option<Text>,
    position: Position,
    /// What rows are counted by: `line` or `row`.
    pub(crate) unit: &'static str,
}

enum Rows {
    Text(TextReader),
    Parquet(Box<ParquetReader>),
}

impl Reader {
    /// The next rows; `None` at the end.
    pub(crate) fn batch(&mut self) -> Result<Option<Batch>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(Batch::Text(first)));
        }
        let batch = match &mut self.rows {
            Rows::Text(reader) => Batch::Text(reader.batch()?),
            Rows::Parquet(reader) => Batch::Columns(reader.batch()?),
        };
        Ok((batch.len() > 0).then_some(batch))
    }

    pub(crate) fn position(&self) -> Position {
        self.position.clone()
    }
}

/// Opens the rows for one or several models, with a parser for each.
pub(crate) fn open(input: &Path, options: &Options, models: &[Wanted]) -> Result<(Reader, Vec<Parser>)> {
    let missing = Missing::new(&options.missing);
    let parser = |wanted: &Wanted, layout| Parser {
        wanted: wanted.clone(),
        layout,
        missing: missing.clone(),
        read: Vec::new(),
    };
    let (mut reader, position) = match source::open(input)? {
        Source::Parquet(file) => return open_parquet(file, options, models, &parser),
        Source::Bytes(..) if options.format == Some(Format::Parquet) => {
            return Err(Refusal::of_input("this is not a Parquet file").into());
        }
        Source::Bytes(mut reader, position) => {
            source::skip_byte_order_mark(&mut reader)?;
            let tabs = match options.text_format(input) {
                Some(format) => format == Format::Tsv,
                None => source::first_line_has_tab(&mut reader)?,
            };
            (
                if tabs {
                    TextReader::tsv(reader)
                } else {
                    TextReader::csv(reader)
                },
                position,
            )
        }
    };
    let first = reader.first()?;
    let is_header = first.len() > 0
        && match options.input_header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => models.iter().any(|wanted| wanted.is_header(first.cells(0))),
        };
    let layout = |wanted: &Wanted| {
        if !is_header {
            return Ok(Layout::by_position(wanted));
        }
        let names: Vec<String> = first
            .cells(0)
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
            .collect();
        Layout::by_name(wanted, &names, options.allow_absent)
    };
    let parsers = models
        .iter()
        .map(|wanted| Ok(parser(wanted, layout(wanted)?)))
        .collect::<Result<Vec<_>, Refusal>>()?;
    note_ignored(&parsers);
    let first = (first.len() > 0 && !is_header).then_some(first);
    Ok((
        Reader {
            rows: Rows::Text(reader),
            first,
            position,
            unit: "line",
        },
        parsers,
    ))
}

fn open_parquet(
    file: std::fs::File,
    options: &Options,
    models: &[Wanted],
    parser: &dyn Fn(&Wanted, Layout) -> Parser,
) -> Result<(Reader, Vec<Parser>)> {
    let mut reader = ParquetReader::new(file)?;
    let names = reader.names();
    let layout = |wanted: &Wanted| Layout::by_name(wanted, &names, options.allow_absent);
    let mut parsers = models
        .iter()
        .map(|wanted| Ok(parser(wanted, layout(wanted)?)))
        .collect::<Result<Vec<_>, Refusal>>()?;
    note_ignored(&parsers);
    let used = |column: &usize| {
        parsers
            .iter()
            .any(|parser| parser.layout.features[*column].is_some())
    };
    let read: Vec<usize> = (0..names.len()).filter(used).collect();
    reader.want(&read)?;
    parsers
        .iter_mut()
        .for_each(|parser| parser.read.clone_from(&read));
    let position = reader.position();
    Ok((
        Reader {
            rows: Rows::Parquet(Box::new(reader)),
            first: None,
            position,
            unit: "row",
        },
        parsers,
    ))
}

/// A column that nobody looks at may be a misspelt one.
fn note_ignored(parsers: &[Parser]) {
    let Some(parser) = parsers.first() else { return };
    let ignored = |name: &&str| {
        *name != "label"
            && parsers
                .iter()
                .all(|parser| parser.layout.ignored.iter().any(|other| other == name))
    };
    let names: Vec<&str> = parser
        .layout
        .ignored
        .iter()
        .map(String::as_str)
        .filter(ignored)
        .collect();
    if !names.is_empty() {
        eprintln!(
            "note: {} columns of the input are no features: {}",
            names.len(),
            excerpt_list(&names)
        );
    }
}
