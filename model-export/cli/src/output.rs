//! Numbers of rows to files: TSV, CSV, a JSON object a line, or Parquet.
//!
//! Invariant: what was given to [`Sink::write`] before an error elsewhere is in the output, whole rows only.

mod parquet;
mod text;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use parquet::ParquetSink;

use crate::files::Usage;

/// Where results go and how they are written down.
#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
#[group(skip)]
pub(crate) struct Options {
    /// Where to write; - is standard output.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// How to write [default: told from the name of --output, else tsv].
    #[arg(long, value_name = "FORMAT")]
    output_format: Option<Format>,
    /// Whether TSV and CSV begin with the columns' names [default: no for predictions in TSV, else yes].
    #[arg(long, value_name = "WHEN")]
    output_header: Option<Header>,
    /// Print a JSON object a line, with the number of the row's line; short for --output-format jsonl.
    #[arg(long, conflicts_with = "output_format")]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Tab-separated.
    Tsv,
    /// Comma-separated.
    Csv,
    /// A JSON object a line.
    Jsonl,
    /// Apache Parquet, to a file.
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Header {
    Yes,
    No,
}

/// One number or several that belong together, for each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Name in JSON, and of the column where there is one.
    pub(crate) name: String,
    pub(crate) columns: Columns,
}

/// The columns of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Columns {
    /// One number, called by the field's name.
    One,
    /// As many numbers, called by this name and their index; an array in JSON.
    Numbered(&'static str, usize),
    /// A number for each name; an object in JSON.
    Named(Vec<String>),
}

impl Field {
    pub(crate) fn one(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            columns: Columns::One,
        }
    }

    fn width(&self) -> usize {
        match &self.columns {
            Columns::One => 1,
            Columns::Numbered(_, count) => *count,
            Columns::Named(names) => names.len(),
        }
    }

    fn column_names(&self) -> Vec<String> {
        match &self.columns {
            Columns::One => vec![self.name.clone()],
            Columns::Numbered(name, count) => (0..*count).map(|index| format!("{name}_{index}")).collect(),
            Columns::Named(names) => names.clone(),
        }
    }
}

/// Results of some rows: for each, the numbers of all fields in their order.
pub(crate) struct Results {
    pub(crate) values: Vec<f32>,
    /// Of each row, the number of its line or row in the input.
    pub(crate) numbers: Vec<u64>,
}

/// How results are written down; made once, used in every thread.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    format: Format,
    header: bool,
    fields: Vec<Field>,
    /// What rows are counted by in JSON: `line` or `row`.
    unit: &'static str,
}

/// A part of the output.
pub(crate) enum Part {
    Text(Vec<u8>),
    Numbers(Vec<f32>),
}

impl Writer {
    /// `header` is whether TSV begins with one by default.
    pub(crate) fn new(options: &Options, fields: Vec<Field>, header: bool, unit: &'static str) -> Self {
        let format = options.format();
        let header = options
            .output_header
            .map_or(header || format == Format::Csv, |header| header == Header::Yes);
        Self {
            format,
            header,
            fields,
            unit,
        }
    }

    /// Results as they are to be written.
    pub(crate) fn part(&self, results: Results) -> Part {
        match self.format {
            Format::Tsv => Part::Text(text::separated(&results, self.width(), b'\t')),
            Format::Csv => Part::Text(text::separated(&results, self.width(), b',')),
            Format::Jsonl => Part::Text(text::json_lines(&results, &self.fields, self.unit)),
            Format::Parquet => Part::Numbers(results.values),
        }
    }

    fn width(&self) -> usize {
        self.fields.iter().map(Field::width).sum()
    }

    fn column_names(&self) -> Vec<String> {
        self.fields.iter().flat_map(Field::column_names).collect()
    }

    fn head(&self) -> Result<Vec<u8>> {
        match self.format {
            Format::Tsv if self.header => text::head(&self.column_names(), b'\t'),
            Format::Csv if self.header => text::head(&self.column_names(), b','),
            _ => Ok(Vec::new()),
        }
    }
}

/// The open output.
pub(crate) enum Sink {
    Text(Box<dyn Write>),
    Parquet(Box<ParquetSink>),
}

impl Sink {
    /// Opens the output and writes what comes before the rows.
    pub(crate) fn open(options: &Options, writer: &Writer) -> Result<Self> {
        let named = || format!("writing {}", options.output.display());
        if !options.is_file() {
            if writer.format == Format::Parquet {
                return Err(Usage("Parquet is written to a file: give --output").into());
            }
            // A line at a time for a person, whole parts at a time for a pipe: each part is flushed either way.
            let mut out: Box<dyn Write> = Box::new(io::stdout().lock());
            out.write_all(&writer.head()?)?;
            return Ok(Self::Text(out));
        }
        let mut file = File::create(&options.output).with_context(named)?;
        if writer.format == Format::Parquet {
            return Ok(Self::Parquet(Box::new(ParquetSink::new(
                file,
                &writer.column_names(),
            )?)));
        }
        file.write_all(&writer.head()?).with_context(named)?;
        Ok(Self::Text(Box::new(file)))
    }

    pub(crate) fn write(&mut self, part: Part) -> Result<()> {
        match (self, part) {
            (Self::Text(out), Part::Text(text)) => {
                out.write_all(&text)?;
                out.flush()?;
            }
            (Self::Parquet(sink), Part::Numbers(values)) => sink.write(&values)?,
            (Self::Text(_), Part::Numbers(_)) | (Self::Parquet(_), Part::Text(_)) => {
                unreachable!("sink and writer are of one format")
            }
        }
        Ok(())
    }

    /// Writes what comes after the rows.
    pub(crate) fn close(self) -> Result<()> {
        match self {
            Self::Text(mut out) => Ok(out.flush()?),
            Self::Parquet(sink) => sink.close(),
        }
    }
}

impl Options {
    pub(crate) fn is_file(&self) -> bool {
        self.output.as_os_str() != "-"
    }

    fn format(&self) -> Format {
        if self.json {
            return Format::Jsonl;
        }
        let by_name = || match self.output.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Format::Csv),
            "json" | "jsonl" | "ndjson" => Some(Format::Jsonl),
            "parquet" => Some(Format::Parquet),
            _ => None,
        };
        self.output_format.or_else(by_name).unwrap_or(Format::Tsv)
    }
}
