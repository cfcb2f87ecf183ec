//! `predict`: rows in, a probability and a margin a line out.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use model_export::parse_features;
use serde_json::json;

use crate::input::{read_model, refused};

/// Predict every row of a TSV file.
///
/// A row has 39 tab-separated columns, I1 to I13 and C1 to C26, or 40 with a label first, which is not looked at.
/// An empty column is missing. Each row gives one line: probability, tab, margin. A bad row ends the run with exit
/// code 3 and its line and column; the rows before it have been written.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Compact model.
    model: PathBuf,
    /// Rows to predict; - reads standard input.
    #[arg(long, value_name = "FILE", default_value = "-")]
    input: PathBuf,
    /// Print a JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let (_, model) = read_model(&options.model)?;
    let name = || format!("reading {}", options.input.display());
    let mut input: Box<dyn BufRead> = if options.input.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(&options.input).with_context(name)?))
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut line, mut line_number) = (Vec::new(), 0);
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).with_context(name)? == 0 {
            break;
        }
        line_number += 1;
        let row = match parse_features(line.strip_suffix(b"\n").unwrap_or(&line), line_number) {
            Ok(row) => row,
            Err(error) => {
                out.flush()?;
                return Err(refused(&options.input, error));
            }
        };
        let prediction = model.predict(&row);
        if options.json {
            let shown = json!({ "line": line_number, "probability": prediction.probability, "margin": prediction.margin });
            writeln!(out, "{shown}")?;
        } else {
            writeln!(out, "{}\t{}", prediction.probability, prediction.margin)?;
        }
    }
    out.flush()?;
    Ok(())
}
