//! Rows from CSV, TSV and Parquet files: what programs that predict and programs that train read.
//!
//! Invariant: memory does not grow with the file, rows come in their order, and what is refused has its place.

mod csv;
mod input;
mod layout;
mod missing;
mod parquet;
mod parse;
mod refusal;
mod text;

pub use input::{Absent, Format, Header, Input, Options, PARQUET_SIGNATURE, Position};
pub use layout::{Kind, Layout, Wanted};
pub use parquet::{Column, Columns, Values};
pub use parse::{Parsed, Parser};
pub use refusal::{Failure, Refusal, excerpt, excerpt_list};
pub use text::Text;

use missing::Missing;
use parquet::ParquetReader;
use text::TextReader;

type Result<T, E = Failure> = std::result::Result<T, E>;

/// Some rows as they were read.
pub enum Batch {
    /// Of a text file.
    Text(Text),
    /// Of a Parquet file.
    Columns(Columns),
}

impl Batch {
    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Columns(columns) => columns.rows,
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of a row in the file, from 1: its line, or its row where there are no lines.
    pub fn number(&self, row: usize) -> u64 {
        match self {
            Self::Text(text) => text.line(row),
            Self::Columns(columns) => columns.rows_before + row as u64 + 1,
        }
    }
}

/// An open file of rows, its header read.
pub struct Reader {
    rows: Rows,
    /// A first row that was no header.
    first: Option<Text>,
    position: Position,
    /// What rows are counted by: `line` or `row`.
    pub unit: &'static str,
}

enum Rows {
    Text(TextReader),
    Parquet(Box<ParquetReader>),
}

impl Reader {
    /// The next rows; `None` at the end.
    pub fn batch(&mut self) -> Result<Option<Batch>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(Batch::Text(first)));
        }
        let batch = match &mut self.rows {
            Rows::Text(reader) => Batch::Text(reader.batch()?),
            Rows::Parquet(reader) => Batch::Columns(reader.batch()?),
        };
        Ok((!batch.is_empty()).then_some(batch))
    }

    /// How far reading has come.
    pub fn position(&self) -> Position {
        self.position.clone()
    }
}

/// Opens the rows for one or several readers of them, with a parser for each.
pub fn open(input: Input, options: &Options, wanted: &[Wanted]) -> Result<(Reader, Vec<Parser>)> {
    let missing = Missing::new(&options.missing);
    let parser = |wanted: &Wanted, layout| Parser {
        wanted: wanted.clone(),
        layout,
        missing: missing.clone(),
        read: Vec::new(),
    };
    let (mut reader, position) = match input {
        Input::Parquet(file) => return open_parquet(file, options, wanted, &parser),
        Input::Bytes(..) if options.format == Some(Format::Parquet) => {
            return Err(Refusal::of_input("this is not a Parquet file").into());
        }
        Input::Bytes(mut reader, position) => {
            input::skip_byte_order_mark(&mut reader)?;
            let tabs = match options.format {
                Some(format) => format == Format::Tsv,
                None => input::first_line_has_tab(&mut reader)?,
            };
            let reader = match tabs {
                true => TextReader::tsv(reader),
                false => TextReader::csv(reader),
            };
            (reader, position)
        }
    };
    let first = reader.first()?;
    let is_header = !first.is_empty()
        && match options.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => wanted.iter().any(|wanted| wanted.is_header(first.cells(0))),
        };
    let layout = |wanted: &Wanted| {
        if !is_header {
            return Ok(Layout::by_position(wanted));
        }
        let names: Vec<String> = first
            .cells(0)
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
            .collect();
        Layout::by_name(wanted, &names, options.absent)
    };
    let parsers = wanted
        .iter()
        .map(|wanted| Ok(parser(wanted, layout(wanted)?)))
        .collect::<Result<Vec<_>, Refusal>>()?;
    let first = (!first.is_empty() && !is_header).then_some(first);
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
    wanted: &[Wanted],
    parser: &dyn Fn(&Wanted, Layout) -> Parser,
) -> Result<(Reader, Vec<Parser>)> {
    let mut reader = ParquetReader::new(file)?;
    let names = reader.names();
    let layout = |wanted: &Wanted| Layout::by_name(wanted, &names, options.absent);
    let mut parsers = wanted
        .iter()
        .map(|wanted| Ok(parser(wanted, layout(wanted)?)))
        .collect::<Result<Vec<_>, Refusal>>()?;
    let uses = |parser: &Parser, column: usize| parser.layout.features[column].is_some();
    let read: Vec<usize> = (0..names.len())
        .filter(|column| parsers.iter().any(|parser| uses(parser, *column)))
        .collect();
    let as_text_alone = |column: usize| {
        let mut others = parsers.iter().filter(|parser| parser.wanted.kind != Kind::Texts);
        !others.any(|parser| uses(parser, column))
    };
    reader.want(&read, as_text_alone)?;
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

/// Names of the input's columns that none of the parsers looks at, but for a label: one may be a misspelt feature.
pub fn ignored_columns(parsers: &[Parser]) -> Vec<&str> {
    let Some(parser) = parsers.first() else {
        return Vec::new();
    };
    let ignored = |name: &&str| {
        *name != "label"
            && parsers
                .iter()
                .all(|parser| parser.layout.ignored.iter().any(|other| other == name))
    };
    parser
        .layout
        .ignored
        .iter()
        .map(String::as_str)
        .filter(ignored)
        .collect()
}
