//! What was typed about the rows.

use std::path::Path;

/// How rows are written down.
#[derive(clap::Args)]
#[command(next_help_heading = "Input")]
#[group(skip)]
pub(crate) struct Options {
    /// What the rows are written in [default: told from the file's name or, if it says nothing, its first line].
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Whether the first line of a text file has the columns' names; auto looks for a feature's name in it.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    input_header: Header,
    /// A value that stands for a missing one, besides an empty cell and NaN; may be given several times.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    missing: Vec<String>,
    /// Take features that the header does not name as missing in all rows.
    #[arg(long)]
    allow_absent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Tab-separated, without quotes.
    Tsv,
    /// Comma-separated, with quotes where needed.
    Csv,
    /// Apache Parquet; columns are known by name.
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Header {
    Auto,
    Yes,
    No,
}

impl Options {
    /// The same for an input, by whose name the format is told when it wasn't typed.
    pub(super) fn of(&self, input: &Path) -> tables::Options {
        let name = input.file_name().and_then(|name| name.to_str());
        // A file that is called so and isn't Parquet may still be text.
        let by_name = name
            .and_then(tables::Format::of_name)
            .filter(|format| *format != tables::Format::Parquet);
        tables::Options {
            format: self.format.map(Format::of_tables).or(by_name),
            header: match self.input_header {
                Header::Auto => tables::Header::Auto,
                Header::Yes => tables::Header::Yes,
                Header::No => tables::Header::No,
            },
            missing: self.missing.clone(),
            absent: match self.allow_absent {
                true => tables::Absent::Allow,
                false => tables::Absent::Offer,
            },
        }
    }
}

impl Format {
    fn of_tables(self) -> tables::Format {
        match self {
            Format::Tsv => tables::Format::Tsv,
            Format::Csv => tables::Format::Csv,
            Format::Parquet => tables::Format::Parquet,
        }
    }
}
