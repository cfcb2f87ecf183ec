//! Step 1: sources or the generator to a file of checked rows.
//!
//! Rows keep the order of the sources. Nothing is guessed: a line is a Criteo row or it is refused with its source,
//! line and column.

mod bad_rows;
mod table;

use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::atomic::Ordering;

use model_export::parse_row;
use serde::{Deserialize, Serialize};

pub use bad_rows::{BadRowPolicy, BadRows, KindReport, Position, RowProblem};

use self::table::TableReader;
use crate::cancel::{CancelToken, Cancelled};
use crate::generate::Generator;
use crate::progress::{Progress, Step};
use crate::recipe::TableSchema;
use crate::row_file::{RowFile, RowWriter};
use crate::source::{OpenSource, Source, SourceError};

/// A longer line is no row, and isn't read into memory to find out.
const MAX_LINE_BYTES: u64 = 64 * 1024;

const REPORT_EVERY_ROWS: u64 = 2_000;

/// Where the rows of a run come from.
#[derive(Clone, Debug)]
pub enum Data {
    /// Sources of Criteo rows, read in this order as one data set.
    Sources(Vec<Source>),
    /// Sources of the rows of a table, likewise.
    Table {
        /// The table's columns.
        schema: Box<TableSchema>,
        /// Its rows.
        sources: Vec<Source>,
    },
    /// So many rows of the generator.
    Generated {
        /// How many.
        rows: u64,
        /// The generator's seed.
        seed: u64,
    },
}

impl Data {
    /// Sources of the rows of a table, or of Criteo rows.
    pub fn of(sources: Vec<Source>, schema: Option<TableSchema>) -> Self {
        match schema {
            Some(schema) => Data::Table {
                schema: Box::new(schema),
                sources,
            },
            None => Data::Sources(sources),
        }
    }

    /// The sources; none of generated rows.
    pub fn sources(&self) -> &[Source] {
        match self {
            Data::Sources(sources) | Data::Table { sources, .. } => sources,
            Data::Generated { .. } => &[],
        }
    }

    /// Whether the rows are those of a table that isn't Criteo's.
    pub fn is_table(&self) -> bool {
        matches!(self, Data::Table { .. })
    }
}

/// The checked rows and where they came from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ingested {
    /// The rows.
    pub rows: RowFile,
    /// What the data set is called: the first source's file name, or `generated`.
    pub dataset_name: String,
    /// `generated`, `local`, `http` or `s3`.
    pub source_type: String,
    /// The sources by name, or the generator's seed.
    pub source: String,
    /// Whether the generator made the rows, so that true probabilities are known.
    pub generated: bool,
    /// What was left out.
    pub bad_rows: BadRows,
    /// The text of the schema file, where the rows are of a table.
    #[serde(default)]
    pub schema: Option<String>,
}

/// Rows that can't be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// A source can't be opened.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A source broke off: truncated or damaged compression, a lost connection.
    #[error("{source_name}: unreadable after line {line} ({compression} data; truncated or damaged?)")]
    Read {
        /// The source.
        source_name: String,
        /// The last whole line.
        line: u64,
        /// `plain`, `gzip`, `xz` or `zstd`.
        compression: &'static str,
        /// Whether it came over the network.
        remote: bool,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line far longer than any row.
    #[error("{source_name}: line {line} is longer than {MAX_LINE_BYTES} bytes: this is no Criteo data")]
    LineTooLong {
        /// The source.
        source_name: String,
        /// The line.
        line: u64,
    },
    /// A bad row under [`BadRowPolicy::Fail`].
    #[error("{source_name}: {error}")]
    BadRow {
        /// The source.
        source_name: String,
        /// Line, column and what is wrong.
        error: RowProblem,
    },
    /// More bad rows than the cap of [`BadRowPolicy::Skip`].
    #[error("more than {cap} bad rows; the last is {source_name}: {error}\n{report}")]
    TooManyBadRows {
        /// The cap.
        cap: u64,
        /// The source of the last one.
        source_name: String,
        /// The last one.
        error: RowProblem,
        /// All of them, counted.
        report: Box<BadRows>,
    },
    /// A table that can't be read by its schema, or whose rows are out of order.
    #[error("{source_name}: {refusal}")]
    Refused {
        /// The source.
        source_name: String,
        /// Line or row, column and what is wrong.
        refusal: tables::Refusal,
    },
    /// No row at all.
    #[error("{source_name}: no rows")]
    NoRows {
        /// The sources.
        source_name: String,
    },
    /// The file of rows can't be written.
    #[error("{path}: can't be written")]
    Write {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Reads or generates the rows into `path`. Blocking; URLs need `artifacts` and a multi-threaded tokio runtime.
pub fn ingest(
    data: &Data,
    policy: BadRowPolicy,
    artifacts: Option<&registry::Artifacts>,
    path: &Path,
    progress: &dyn Progress,
    cancel: &CancelToken,
) -> Result<Ingested, IngestError> {
    let write_error = |source| IngestError::Write {
        path: path.display().to_string(),
        source,
    };
    let mut writer = match data {
        Data::Table { schema, .. } => RowWriter::create_table(path, &schema.columns),
        _ => RowWriter::create(path),
    }
    .map_err(write_error)?;
    let mut bad_rows = BadRows::default();
    match data {
        Data::Generated { rows, seed } => {
            progress.start(Step::Ingest, Some(*rows));
            for (index, row) in (0..*rows).zip(Generator::new(*seed)) {
                if index % REPORT_EVERY_ROWS == 0 {
                    cancel.check()?;
                    progress.advance(index, "rows generated");
                }
                writer.write(&row).map_err(write_error)?;
            }
        }
        Data::Table { schema, sources } => {
            progress.start(Step::Ingest, None);
            let mut table = TableReader::new(schema, policy, &mut bad_rows, &mut writer);
            for source in sources {
                table.read(source, artifacts, &write_error, progress, cancel)?;
            }
        }
        Data::Sources(sources) => {
            progress.start(Step::Ingest, None);
            for source in sources {
                let mut lines = Lines::open(source, artifacts)?;
                while lines.advance()? {
                    match parse_row(&lines.buffer, lines.line) {
                        Ok(row) => writer.write(&row).map_err(write_error)?,
                        Err(error) => bad_rows.meet(policy, &lines.source_name, RowProblem::Criteo(error))?,
                    }
                    if lines.line % REPORT_EVERY_ROWS == 0 {
                        cancel.check()?;
                        progress.advance(writer.rows(), &lines.message());
                    }
                }
            }
        }
    }
    let rows = writer.finish().map_err(write_error)?;
    let (dataset_name, source_type, source) = describe(data);
    if rows.rows == 0 {
        return Err(IngestError::NoRows { source_name: source });
    }
    let skipped = if bad_rows.total > 0 {
        format!("\n{bad_rows}")
    } else {
        String::new()
    };
    progress.finish(&format!("{} rows, sha256 {}{skipped}", rows.rows, rows.digest));
    let generated = matches!(data, Data::Generated { .. });
    Ok(Ingested {
        rows,
        dataset_name,
        source_type,
        source,
        generated,
        bad_rows,
        schema: match data {
            Data::Table { schema, .. } => Some(schema.text.clone()),
            _ => None,
        },
    })
}

/// The lines of one source.
struct Lines {
    source_name: String,
    remote: bool,
    open: OpenSource,
    buffer: Vec<u8>,
    line: u64,
}

impl Lines {
    fn open(source: &Source, artifacts: Option<&registry::Artifacts>) -> Result<Self, SourceError> {
        let open = source.open(artifacts)?;
        let remote = matches!(source, Source::Url(_));
        Ok(Self {
            source_name: source.name(),
            remote,
            open,
            buffer: Vec::with_capacity(512),
            line: 0,
        })
    }

    /// Puts the next line, without its `\n`, into the buffer; false at the end.
    fn advance(&mut self) -> Result<bool, IngestError> {
        self.buffer.clear();
        let read = self
            .open
            .reader
            .by_ref()
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut self.buffer);
        match read {
            Ok(0) => return Ok(false),
            Ok(_) => self.line += 1,
            Err(source) => {
                return Err(IngestError::Read {
                    source_name: self.source_name.clone(),
                    line: self.line,
                    compression: self.open.compression,
                    remote: self.remote,
                    source,
                });
            }
        }
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        } else if self.buffer.len() as u64 >= MAX_LINE_BYTES {
            return Err(IngestError::LineTooLong {
                source_name: self.source_name.clone(),
                line: self.line,
            });
        }
        Ok(true)
    }

    fn message(&self) -> String {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let read = self.open.raw_read.load(Ordering::Relaxed);
        match self.open.raw_bytes {
            Some(all) => format!(
                "rows; {}: {:.1} of {:.1} MB",
                self.source_name,
                megabytes(read),
                megabytes(all)
            ),
            None => format!("rows; {}: {:.1} MB", self.source_name, megabytes(read)),
        }
    }
}

fn describe(data: &Data) -> (String, String, String) {
    match data {
        Data::Generated { rows, seed } => {
            let source = format!("{rows} rows of the generator with seed {seed}");
            ("generated".to_owned(), "generated".to_owned(), source)
        }
        Data::Sources(sources) | Data::Table { sources, .. } => {
            let names: Vec<String> = sources.iter().map(Source::name).collect();
            let first = names.first().map(String::as_str).unwrap_or_default();
            let name = first.rsplit('/').next().unwrap_or_default().to_owned();
            let source_type = match sources.first() {
                Some(Source::Url(url)) if url.starts_with("s3://") => "s3",
                Some(Source::Url(_)) => "http",
                _ => "local",
            };
            (name, source_type.to_owned(), names.join(", "))
        }
    }
}
