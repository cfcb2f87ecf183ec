//! Running the program, and the files that the tests give it.

#![allow(dead_code, reason = "not every test crate needs all of it")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program with these arguments.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clickleaf-export"));
    command.args(arguments);
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Runs with bytes as standard input.
pub(crate) fn run_with(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A program that refuses early does not read the rest.
        scope.spawn(move || stdin.write_all(input).is_ok());
        child.wait_with_output().unwrap()
    })
}

/// What a run that must succeed prints.
pub(crate) fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The JSON that a run that must succeed prints.
pub(crate) fn json(output: Output) -> Value {
    serde_json::from_str(&printed(output)).unwrap()
}

/// A JSON value a line.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What a run prints that must be refused.
pub(crate) fn refusal(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    text(&output.stderr)
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

/// A file of the library's tests.
pub(crate) fn library(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests")
        .join(path)
        .to_str()
        .unwrap()
        .to_owned()
}

/// A model of clicks of format 0.
pub(crate) fn golden() -> String {
    library("golden/v0.leaf")
}

/// The rows of the golden predictions, a label first, and for each the bits of probability and margin.
pub(crate) fn golden_rows() -> (Vec<String>, Vec<(u32, u32)>) {
    let text = std::fs::read_to_string(library("golden/v0.predictions.tsv")).unwrap();
    let bits = |text: &str| u32::from_str_radix(text, 16).unwrap();
    let row = |line: &str| (line[18..].to_owned(), (bits(&line[9..17]), bits(&line[..8])));
    text.lines().map(row).unzip()
}

/// A folder that goes away with the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Where a file of this name is or will be.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

/// Numbers of a line of TSV or CSV as their bits.
pub(crate) fn bits(line: &str, separator: char) -> Vec<u32> {
    line.split(separator)
        .map(|number| number.parse::<f32>().unwrap().to_bits())
        .collect()
}

/// A row that XGBoost predicted: its margins and features.
pub(crate) struct Predicted {
    pub(crate) margins: Vec<f32>,
    pub(crate) features: Vec<f32>,
}

/// The rows of one of the library's fixtures `xgboost_*.tsv`.
pub(crate) fn predicted(name: &str) -> Vec<Predicted> {
    let text = std::fs::read_to_string(library(&format!("fixtures/{name}.tsv"))).unwrap();
    let row = |line: &str| {
        let fields: Vec<Vec<f32>> = line.split('\t').map(hex).collect();
        Predicted {
            margins: fields[0].clone(),
            features: fields[2].clone(),
        }
    };
    text.lines().map(row).collect()
}

/// Numbers written as the hex bits of `f32`.
pub(crate) fn hex(text: &str) -> Vec<f32> {
    text.split(' ')
        .map(|bits| f32::from_bits(u32::from_str_radix(bits, 16).unwrap()))
        .collect()
}

/// A line of text, an empty cell where a value is missing.
pub(crate) fn line(features: &[f32], separator: &str) -> String {
    let cell = |value: &f32| {
        if value.is_nan() {
            String::new()
        } else {
            value.to_string()
        }
    };
    features.iter().map(cell).collect::<Vec<_>>().join(separator) + "\n"
}

/// Converts one of the library's boosters and says where the model is.
pub(crate) fn converted(folder: &Folder, booster: &str, options: &[&str]) -> String {
    let output = folder.path(&format!("{booster}.leaf"));
    let booster = library(&format!("fixtures/{booster}"));
    printed(run(
        &[&["convert", &booster, "--output", &output], options].concat()
    ));
    output
}
