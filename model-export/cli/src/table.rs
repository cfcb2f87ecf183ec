//! A file of rows in, a table of numbers out: what predict and explain have in common.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use model_export::ModelFile;

use crate::evaluator::Evaluator;
use crate::files::{Refused, refused, row_failure};
use crate::output::{self, Field, Part, Results, Sink, Writer};
use crate::progress::Progress;
use crate::rows::{self, Batch, Parsed, Wanted};
use crate::stream::{stream, thread_count};

/// What is written of each row.
pub(crate) struct Table<F> {
    pub(crate) fields: Vec<Field>,
    /// Whether TSV begins with the columns' names by default.
    pub(crate) header: bool,
    /// Row by row, the numbers of all fields.
    pub(crate) results: F,
}

/// Reads rows, computes and writes until the rows end or one of them is refused.
pub(crate) fn run_table(
    model: ModelFile,
    table: Table<impl Fn(&Evaluator, &Parsed) -> Vec<f32> + Send + Sync + 'static>,
    input: &Path,
    options: &rows::Options,
    output: &output::Options,
    threads: Option<u16>,
) -> Result<()> {
    let (mut reader, parsers) =
        rows::open(input, options, &[Wanted::of(&model)]).map_err(|error| row_failure(input, error))?;
    let writer = Arc::new(Writer::new(output, table.fields, table.header, reader.unit));
    let mut sink = Sink::open(output, &writer)?;
    let progress = Progress::new(reader.position(), output.is_file(), reader.unit);
    let evaluator = Evaluator::new(model);
    let path = input.to_owned();
    let produce = move || reader.batch().map_err(|error| row_failure(&path, error));
    let work = move |batch: Batch| -> (Part, Option<rows::Refusal>) {
        let (rows, refusal) = parsers[0].parse(&batch);
        let numbers = (0..rows.len()).map(|row| batch.number(row)).collect();
        (
            writer.part(Results {
                values: (table.results)(&evaluator, &rows),
                numbers,
            }),
            refusal,
        )
    };
    let streamed = stream(thread_count(threads), produce, work, |(part, refusal)| {
        sink.write(part)?;
        progress.update();
        refusal.map_or(Ok(()), |refusal| Err(refused(input, refusal)))
    });
    // A refused row does not make the rows before it unreadable.
    match streamed {
        Err(error) if !error.is::<Refused>() => Err(error),
        streamed => sink.close().and(streamed),
    }
}
