//! This project's own programs, run as a user runs them, with no choice but the seed: the default recipe.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use serde_json::Value;

use super::THREADS;
use super::contestants::{FileBytes, Run, read_probabilities};
use super::rows::Rows;
use crate::process;
use crate::programs::Installation;

/// Trains with a seed in `folder`, and predicts the test rows from the exported file, without their labels.
pub(super) fn run(rows: &Rows, seed: u64, folder: &Path) -> Result<Run> {
    let installation = Installation::in_folder(folder)?;
    fs::write(installation.config(), "")
        .with_context(|| format!("writing {}", installation.config().display()))?;
    let (stop_from, test_from) = rows.parts.bounds();
    let (seed, stop_from, test_from) = (seed.to_string(), stop_from.to_string(), test_from.to_string());
    let step = |name: &str, arguments: &[&str]| {
        let mut command = installation.program("clickleaf-trainer");
        command.arg(name).args(arguments).args(["--work-dir", "steps"]);
        timed(&mut command)
    };
    let data = rows.files().map(|file| file.display().to_string());
    let data: Vec<&str> = ["--data"]
        .into_iter()
        .chain(data.iter().map(String::as_str))
        .collect();

    let (_, ingesting) = step("ingest", &data)?;
    let bounds = [
        "--seed",
        &seed,
        "--stop-from",
        &stop_from,
        "--test-from",
        &test_from,
    ];
    let (_, encoding) = step("process", &bounds)?;
    let threads = THREADS.to_string();
    let (_, training) = step("train", &["--seed", &seed, "--nthread", &threads])?;
    let (answer, exporting) = step("register", &["--json"])?;
    let outcome: Value = serde_json::from_str(&answer).context("reading what clickleaf-trainer answered")?;

    let model = exported_file(&outcome)?;
    let predictions = folder.join("predictions.txt");
    let mut predict = installation.program("clickleaf-export");
    predict
        .arg("predict")
        .arg(&model)
        .arg("--input")
        .arg(rows.test_features());
    predict.args(["--values", "outputs", "--output-format", "tsv", "--output"]);
    process::output(predict.arg(&predictions))?;
    Ok(Run {
        probabilities: read_probabilities(&predictions, rows.labels.len())?,
        seconds: encoding + training,
        other_seconds: Some(ingesting + exporting),
        trees: outcome["metrics"]["trees"].as_f64().context("no trees")? as u64,
        file: Some(file_bytes(&model)?),
        dataset: Some(text(&outcome, "dataset_digest")?.to_owned()),
    })
}

fn timed(command: &mut Command) -> Result<(String, f64)> {
    let begun = Instant::now();
    let answer = process::output(command)?;
    Ok((answer, begun.elapsed().as_secs_f64()))
}

fn exported_file(outcome: &Value) -> Result<PathBuf> {
    let uri = text(outcome, "artifact_uri")?;
    let folder = uri.strip_prefix("file://");
    let folder = folder.with_context(|| format!("{uri} is not a local folder"))?;
    Ok(Path::new(folder).join(format!("{}.leaf", text(outcome, "model_sha256")?)))
}

fn file_bytes(model: &Path) -> Result<FileBytes> {
    let bytes = fs::read(model).with_context(|| format!("reading {}", model.display()))?;
    let parameters = BrotliEncoderParams {
        quality: 9,
        lgwin: 22,
        ..BrotliEncoderParams::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut bytes.as_slice(), &mut compressed, &parameters).context("compressing")?;
    Ok(FileBytes {
        stored: bytes.len() as u64,
        served: bytes.len().min(compressed.len()) as u64,
    })
}

fn text<'a>(outcome: &'a Value, key: &str) -> Result<&'a str> {
    let value = outcome[key].as_str();
    value.with_context(|| format!("clickleaf-trainer answered without {key}"))
}
