//! Predicts rows: `predict MODEL.leaf ROWS.tsv` prints probability and margin, a row a line.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the library does no IO; whoever calls it does"
)]

use std::error::Error;
use std::path::PathBuf;

use model_export::{Model, parse_features};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, rows] = &arguments[..] else {
        return Err("usage: predict MODEL.leaf ROWS.tsv".into());
    };
    let model = Model::from_bytes(&std::fs::read(model)?)?;
    eprintln!(
        "{} trees of run {}",
        model.ensemble().trees(),
        model.provenance().run_id
    );
    for (index, line) in std::fs::read_to_string(rows)?.lines().enumerate() {
        let row = parse_features(line.as_bytes(), index as u64 + 1)?;
        let prediction = model.predict(&row);
        println!("{}\t{}", prediction.probability, prediction.margin);
    }
    Ok(())
}
