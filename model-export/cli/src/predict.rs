//! `predict`: rows in, predictions out, in the same order.

use std::path::PathBuf;

use anyhow::Result;
use model_export::{Ensemble, Link, ModelFile};

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
        results: move |model: &ModelFile, rows: &Parsed| predict(model, rows, shown),
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
fn predict(model: &ModelFile, rows: &Parsed, shown: Shown) -> Vec<f32> {
    let ensemble = model.ensemble();
    let margins = margins(model, rows);
    if shown == Shown::Margins {
        return margins;
    }
    let outputs = outputs(ensemble, &margins);
    if shown == Shown::Outputs || rows.len() == 0 {
        return outputs;
    }
    let rows = outputs
        .chunks_exact(outputs.len() / rows.len())
        .zip(margins.chunks_exact(ensemble.groups()));
    rows.flat_map(|(outputs, margins)| outputs.iter().chain(margins))
        .copied()
        .collect()
}

/// Row by row, what the margins come to.
pub(crate) fn outputs(ensemble: &Ensemble, margins: &[f32]) -> Vec<f32> {
    let (objective, groups) = (ensemble.objective(), ensemble.groups());
    let width = objective.outputs(groups);
    let mut outputs = vec![0.0; margins.len() / groups * width];
    for (margins, out) in margins.chunks_exact(groups).zip(outputs.chunks_exact_mut(width)) {
        objective.apply(margins, out);
    }
    outputs
}

/// Row by row, the margin of each group.
pub(crate) fn margins(model: &ModelFile, rows: &Parsed) -> Vec<f32> {
    match (model, rows) {
        (ModelFile::Clicks(model), Parsed::Clicks(rows)) => {
            rows.iter().map(|row| model.predict(row).margin).collect()
        }
        (model, Parsed::Features { values, width }) => {
            let ensemble = model.ensemble();
            let mut margins = vec![0.0; rows.len() * ensemble.groups()];
            for (row, out) in values
                .chunks_exact(*width)
                .zip(margins.chunks_exact_mut(ensemble.groups()))
            {
                ensemble.margins(row, out);
            }
            margins
        }
        _ => unreachable!("rows are parsed for the model that predicts them"),
    }
}
