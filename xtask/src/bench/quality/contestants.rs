//! Who is compared, and what one of their runs gives.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::rows::Rows;
use super::{THREADS, ours};
use crate::bench::models;
use crate::process;

/// A contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contestant {
    /// As `quality.py` knows it.
    pub(super) id: &'static str,
    /// For people.
    pub(super) name: &'static str,
    /// How it treats categories and when it stops.
    pub(super) recipe: &'static str,
}

/// This project, then its peers.
pub(super) const CONTESTANTS: [Contestant; 5] = [
    Contestant {
        id: OURS,
        name: "ClickLeaf",
        recipe: "default recipe; predictions are those of the exported file",
    },
    Contestant {
        id: "catboost-native",
        name: "CatBoost",
        recipe: "native categories, depth 6",
    },
    Contestant {
        id: "lightgbm-native",
        name: "LightGBM",
        recipe: "native categories (≥ 5 rows), 31 leaves",
    },
    Contestant {
        id: "xgboost-native",
        name: "XGBoost",
        recipe: "native categories (≥ 10 rows), depth 6",
    },
    Contestant {
        id: "xgboost-target",
        name: "XGBoost",
        recipe: "5-fold target mean + log count (≥ 3 rows), depth 6",
    },
];

const OURS: &str = "ours";

/// What came of training once.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// Of a click, for each test row.
    pub(super) probabilities: Vec<f64>,
    /// Wall time from parsed rows to the model, encoding included.
    pub(super) seconds: f64,
    /// Wall time of what peers aren't timed with: reading and checking rows, exporting, checking and storing the model.
    pub(super) other_seconds: Option<f64>,
    /// Up to the best round.
    pub(super) trees: u64,
    /// The exported file, of ours.
    pub(super) file: Option<FileBytes>,
    /// Digest of all rows, as ours states it.
    pub(super) dataset: Option<String>,
}

/// Bytes of a model's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileBytes {
    /// On disk.
    pub(super) stored: u64,
    /// The fewer of these and of brotli of quality 9: what the server sends.
    pub(super) served: u64,
}

impl Contestant {
    /// Whether it is this project.
    pub(super) fn is_ours(self) -> bool {
        self.id == OURS
    }

    /// Trains with a seed and predicts the test rows; `folder` is empty and for this run alone.
    pub(super) fn run(self, python: &Path, rows: &Rows, seed: u64, folder: &Path) -> Result<Run> {
        if self.is_ours() {
            return ours::run(rows, seed, folder);
        }
        let predictions = folder.join("predictions.txt");
        let mut fit = script(python);
        fit.args(["fit", self.id]).arg(&rows.folder);
        fit.args([seed.to_string(), THREADS.to_string()])
            .arg(&predictions);
        let answer = process::output(fit.env("OMP_NUM_THREADS", THREADS.to_string()))?;
        let answer: Value = serde_json::from_str(&answer).context("reading what quality.py answered")?;
        Ok(Run {
            probabilities: read_probabilities(&predictions, rows.labels.len())?,
            seconds: answer["seconds"].as_f64().context("an answer without seconds")?,
            other_seconds: None,
            trees: answer["trees"].as_u64().context("an answer without trees")?,
            file: None,
            dataset: None,
        })
    }
}

/// `quality.py`, to be told what to do.
pub(super) fn script(python: &Path) -> Command {
    let mut command = Command::new(python.join("python"));
    command
        .arg(models::python("quality.py"))
        .envs([("PYTHONDONTWRITEBYTECODE", "1"), ("OMP_WAIT_POLICY", "passive")]);
    command
}

/// One probability a line, for as many rows as there are.
pub(super) fn read_probabilities(path: &Path, rows: usize) -> Result<Vec<f64>> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    parse_probabilities(&text, rows).with_context(|| path.display().to_string())
}

fn parse_probabilities(text: &str, rows: usize) -> Result<Vec<f64>> {
    let parsed = text.lines().map(str::parse).collect::<Result<Vec<f64>, _>>();
    let probabilities = parsed.context("not one number a line")?;
    ensure!(
        probabilities.len() == rows,
        "{} predictions for {rows} rows",
        probabilities.len()
    );
    if let Some(row) = probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
        bail!("the prediction of test row {} is not a probability", row + 1);
    }
    Ok(probabilities)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_one_probability() {
        assert_eq!(parse_probabilities("0.25\n1e-3\n", 2).unwrap(), [0.25, 0.001]);
        for (text, said) in [
            ("0.5\n", "1 predictions for 2 rows"),
            ("0.5\nNaN\n", "row 2 is not a probability"),
            ("1.5\n0.5\n", "row 1 is not a probability"),
            ("0.5\t0.1\n0.5\t0.1\n", "not one number a line"),
        ] {
            let error = parse_probabilities(text, 2).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn the_script_knows_every_peer() {
        let script = fs::read_to_string(models::python("quality.py")).unwrap();
        for peer in CONTESTANTS.iter().filter(|contestant| !contestant.is_ours()) {
            assert!(script.contains(&format!("\"{}\":", peer.id)), "{}", peer.id);
        }
    }
}
