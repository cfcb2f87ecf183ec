//! `diff`: what changed between two models.

mod differences;
mod fields;
mod predictions;
mod report;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use model_export::{ModelFile, SectionInfo, sections};

use crate::files::{read_model_file, refused};
use crate::rows;

/// Show what changed between two compact models.
///
/// Provenance, encoder and trees are compared, and the sizes of the sections are set side by side. Trees are compared
/// at the same place, numbers by their bits. With --input the predictions of both models for the same rows are
/// compared too; each takes from the rows the features it knows.
///
/// The exit code is 0 where both files hold the same model, whatever their format's version, 1 where they do not,
/// 2 for a file that cannot be read or wrong usage, and 3 for refused data.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Compact model.
    first: PathBuf,
    /// Compact model to compare it with.
    second: PathBuf,
    /// Rows to predict with both; - reads standard input. gzip, xz and zstd are undone by themselves.
    #[arg(long, short, value_name = "FILE", help_heading = "Input")]
    input: Option<PathBuf>,
    #[command(flatten)]
    rows: rows::Options,
    /// Threads that predict, besides the one that reads [default: as many as there are processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  clickleaf-export diff old.leaf new.leaf
  clickleaf-export diff old.leaf new.leaf --input holdout.tsv.zst --json
  clickleaf-export diff model.leaf model-16-bit.leaf --input rows.parquet";

/// One of the two files.
struct Side {
    path: PathBuf,
    bytes: Vec<u8>,
    model: ModelFile,
    sections: Vec<SectionInfo>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let (first, second) = (read(&options.first)?, read(&options.second)?);
    let same = first.model == second.model;
    let compared = match &options.input {
        Some(input) => {
            let models = [first.model.clone(), second.model.clone()];
            Some(predictions::compare(
                models,
                input,
                &options.rows,
                options.threads,
            )?)
        }
        None => None,
    };
    let report = report::Report::new(&first, &second, same, compared)?;
    report.write(options.json, &mut io::stdout().lock())?;
    Ok(if same {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn read(path: &Path) -> Result<Side> {
    let (bytes, model) = read_model_file(path)?;
    let sections = sections(&bytes).map_err(|error| refused(path, error))?;
    Ok(Side {
        path: path.to_owned(),
        bytes,
        model,
        sections,
    })
}
