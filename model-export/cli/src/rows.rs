//! Rows from files: what predict, explain and diff read.

mod options;
mod source;

use std::path::Path;

pub(crate) use options::Options;
use tables::excerpt_list;
pub(crate) use tables::{Batch, Failure, Parsed, Parser, Position, Reader, Refusal, Wanted};

/// Opens the rows for one or several models, with a parser for each.
pub(crate) fn open(
    input: &Path,
    options: &Options,
    models: &[Wanted],
) -> Result<(Reader, Vec<Parser>), Failure> {
    let (reader, parsers) = tables::open(source::open(input)?, &options.of(input), models)?;
    // A column that nobody looks at may be a misspelt one.
    let ignored = tables::ignored_columns(&parsers);
    if !ignored.is_empty() {
        eprintln!(
            "note: {} columns of the input are no features: {}",
            ignored.len(),
            excerpt_list(&ignored)
        );
    }
    Ok((reader, parsers))
}
