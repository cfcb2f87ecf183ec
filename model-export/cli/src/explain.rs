//! `explain`: rows in, what each feature adds to the margin out.

use std::path::PathBuf;

use anyhow::Result;
use model_export::{Ensemble, ModelFile, TableModel};

use crate::evaluator::Evaluator;
use crate::files::{read_model_file, refused};
use crate::output::{self, Columns, Field};
use crate::rows::{self, Parsed, Wanted};
use crate::table::{Table, run_table};

/// Say what each feature adds to the margin of every row of a TSV, CSV or Parquet file.
///
/// The values are exact Shapley values of the trees, as XGBoost's pred_contribs gives them: together with the bias,
/// which is the mean margin, they add up to the row's margin, which comes last. Each row gives one line with a number
/// for each feature, for the 39 columns of a Criteo row in a model of clicks and those of its table in a model of a table; a model of several classes gives one
/// such group of numbers for each class, the class at the end of the columns' names.
///
/// The model must have been converted with --covers.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Compact model with covers.
    model: PathBuf,
    /// Rows; - reads standard input. gzip, xz and zstd are undone by themselves.
    #[arg(long, short, value_name = "FILE", default_value = "-", help_heading = "Input")]
    input: PathBuf,
    #[command(flatten)]
    rows: rows::Options,
    #[command(flatten)]
    output: output::Options,
    /// Threads that compute, besides the one that reads [default: as many as there are processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

const EXAMPLES: &str = "\
Examples:
  clickleaf-export explain model.leaf --input rows.csv
  clickleaf-export explain model.leaf --input rows.parquet --output contributions.parquet
  head -1 rows.tsv | clickleaf-export explain model.leaf --json";

pub(crate) fn run(options: Options) -> Result<()> {
    let (_, model) = read_model_file(&options.model)?;
    if !model.ensemble().has_covers() {
        let problem = "the model has no covers, which explanations need; convert keeps them with --covers";
        return Err(refused(&options.model, problem));
    }
    let table = Table {
        fields: fields(&model),
        header: true,
        results: explain,
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

const CHECKED: &str = "covers were found before the first row, and groups are the model's own";

fn fields(model: &ModelFile) -> Vec<Field> {
    let names = Wanted::of(model).names;
    let groups = model.ensemble().groups();
    let of_group = |group: usize| {
        let called = |name: &str| {
            if groups == 1 {
                name.to_owned()
            } else {
                format!("{name}_{group}")
            }
        };
        let columns = Columns::Named(names.iter().map(|name| called(name)).collect());
        [
            Field {
                name: called("contributions"),
                columns,
            },
            Field {
                name: called("bias"),
                columns: Columns::One,
            },
            Field {
                name: called("margin"),
                columns: Columns::One,
            },
        ]
    };
    (0..groups).flat_map(of_group).collect()
}

/// Row by row and group by group: contributions, bias and margin.
fn explain(evaluator: &Evaluator, rows: &Parsed) -> Vec<f32> {
    let margins = evaluator.margins(rows);
    match (evaluator.model(), rows) {
        (ModelFile::Clicks(model), Parsed::Clicks(rows)) => {
            let explained = rows.iter().zip(&margins).flat_map(|(row, margin)| {
                let contributions = model.contributions(row).expect(CHECKED);
                contributions
                    .columns
                    .into_iter()
                    .chain([contributions.bias, *margin])
            });
            explained.collect()
        }
        (model, Parsed::Features { values, width }) => {
            explain_features(model.ensemble(), values, *width, &margins)
        }
        (ModelFile::Table(model), Parsed::Table { numbers, keys, .. }) => {
            explain_table(model, numbers, keys, &margins)
        }
        _ => unreachable!("rows are parsed for the model that explains them"),
    }
}

fn explain_table(model: &TableModel, numbers: &[f32], keys: &[Option<u32>], margins: &[f32]) -> Vec<f32> {
    let (per_row, keys_per_row) = (model.schema().numbers().len(), model.schema().categories().len());
    let width = per_row + keys_per_row + 2;
    let mut explained = vec![0.0; margins.len() * width];
    for ((row, margin), out) in margins.iter().enumerate().zip(explained.chunks_exact_mut(width)) {
        let numbers = &numbers[row * per_row..][..per_row];
        let keys = &keys[row * keys_per_row..][..keys_per_row];
        let result = model.contributions(numbers, keys, &mut out[..width - 1]);
        result.expect(CHECKED);
        out[width - 1] = *margin;
    }
    explained
}

fn explain_features(ensemble: &Ensemble, values: &[f32], width: usize, margins: &[f32]) -> Vec<f32> {
    let groups = ensemble.groups();
    let mut explained = Vec::with_capacity(margins.len() * (width + 2));
    for (row, margins) in values.chunks_exact(width).zip(margins.chunks_exact(groups)) {
        for (group, margin) in margins.iter().enumerate() {
            let start = explained.len();
            explained.resize(start + width + 1, 0.0);
            let result = ensemble.contributions(row, group, &mut explained[start..]);
            result.expect(CHECKED);
            explained.push(*margin);
        }
    }
    explained
}
