//! `predict`: rows in, predictions out, in the same order.

use std::path::PathBuf;

use anyhow::Result;
use model_export::{Link, ModelFile};

use crate::evaluator::Evaluator;
use crate::files::read_model_file;
use crate::output::{self, Columns, Field};
use crate::rows::{self, Parsed};
use crate::table::{Table, run_table};

/// Predict every row of a TSV, CSV or Parquet file.
///
/// A model of clicks takes the 39 columns I1 to I13 and C1 to C26 of a Criteo row, a label before them being left
/// out; any other model takes its features, by the names it has for them or f0, f1, … where it has none. Columns are
/// found by the names in the first line, in any order, or without such a line by their position. A cell that is
/// empty is missing.
///
/// Each row gives one line: the prediction (probability, mean, class or score, as the objective has it) and the
/// margin it comes from; several of both for a model of several classes. A bad row ends the run with exit code 3 and
/// its line and column; the rows before it have been written.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Compact model.
    model: PathBuf,
    /// Rows; - reads standard input. gzip, xz and zstd are undone by themselves.
    #[arg(long, short, value_name = "FILE", default_value = "-", help_heading = "Input")]
    input: PathBuf,
    #[command(flatten)]
    rows: rows::Options,
    #[command(flatten)]
    output: output::Options,
    /// What to write for each row.
    #[arg(long, value_name = "WHAT", default_value = "both", help_heading = "Output")]
    values: Shown,
    /// Threads that predict, besides the one that reads [default: as many as there are processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

const EXAMPLES: &str = "\
Examples:
  clickleaf-export predict model.leaf --input rows.tsv.gz > predictions.tsv
  clickleaf-export predict model.leaf --input rows.parquet --output predictions.parquet
  clickleaf-export predict model.leaf --input rows.csv --missing -999 --missing NA --json
  zcat day_0.gz | clickleaf-export predict model.leaf --values outputs";

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shown {
    /// Predictions and margins.
    Both,
    /// Predictions.
    Outputs,
    /// Margins.
    Margins,
}

pub(crate) fn run(options: Options) -> Result<()> {
    let (_, model) = read_model_file(&options.model)?;
    let shown = options.values;
    let table = Table {
        fields: fields(&model, shown),
        header: false,
        results: move |evaluator: &Evaluator, rows: &Parsed| predict(evaluator, rows, shown),
    };
    run_table(
        model,
        table,
        &options.input,
        &options.rows,
        &options.output,
        options.threads,
    )
}

fn fields(model: &ModelFile, shown: Shown) -> Vec<Field> {
    let ensemble = model.ensemble();
    let (one, many) = match ensemble.objective().link() {
        Link::Logistic | Link::Softmax => ("probability", "probabilities"),
        Link::Argmax | Link::Step => ("class", "classes"),
        _ => ("prediction", "predictions"),
    };
    let field = |one, many, count| match count {
        1 => Field::one(one),
        _ => Field {
            name: String::from(many),
            columns: Columns::Numbered(one, count),
        },
    };
    let groups = ensemble.groups();
    let outputs = field(one, many, ensemble.objective().outputs(groups));
    let margins = field("margin", "margins", groups);
    match shown {
        Shown::Both => vec![outputs, margins],
        Shown::Outputs => vec![outputs],
        Shown::Margins => vec![margins],
    }
}

/// Row by row: outputs, then margins.
fn predict(evaluator: &Evaluator, rows: &Parsed, shown: Shown) -> Vec<f32> {
    let margins = evaluator.margins(rows);
    if shown == Shown::Margins {
        return margins;
    }
    let outputs = evaluator.outputs(&margins);
    if shown == Shown::Outputs || rows.is_empty() {
        return outputs;
    }
    let (width, groups) = (outputs.len() / rows.len(), margins.len() / rows.len());
    let rows = outputs.chunks_exact(width).zip(margins.chunks_exact(groups));
    rows.flat_map(|(outputs, margins)| outputs.iter().chain(margins))
        .copied()
        .collect()
}
