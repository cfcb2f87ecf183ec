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
