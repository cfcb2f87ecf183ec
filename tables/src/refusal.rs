//! Why rows are refused, and where.

use std::{fmt, io};

/// Rows that can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// What is in them can't be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The file or what it comes through fails.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A refused row, cell or header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Line of a text file, or row of a Parquet file; from 1, and 0 where there is none.
    pub line: u64,
    /// What `line` counts: `line` or `row`.
    pub unit: &'static str,
    /// From 1; 0 where no single column is to blame.
    pub column: usize,
    /// The column's name, where one is to blame.
    pub name: Option<String>,
    /// What is wrong.
    pub problem: String,
}

impl Refusal {
    /// The whole line is to blame.
    pub fn of_line(line: u64, problem: impl Into<String>) -> Self {
        Self {
            line,
            unit: "line",
            column: 0,
            name: None,
            problem: problem.into(),
        }
    }

    /// The whole input is to blame.
    pub fn of_input(problem: impl Into<String>) -> Self {
        Self::of_line(0, problem)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut place = Vec::new();
        if self.line > 0 {
            place.push(format!("{} {}", self.unit, self.line));
        }
        if self.column > 0 {
            place.push(format!("column {}", self.column));
        }
        place.extend(self.name.clone());
        if place.is_empty() {
            return f.write_str(&self.problem);
        }
        write!(f, "{}: {}", place.join(", "), self.problem)
    }
}

impl std::error::Error for Refusal {}

/// At most 32 printable ASCII characters that show `value`, ending in `...` where it was cut.
pub fn excerpt(value: &[u8]) -> String {
    let shown: String = value
        .iter()
        .take(33)
        .map(|byte| byte.escape_ascii().to_string())
        .collect();
    if shown.len() <= 32 {
        shown
    } else {
        format!("{}...", &shown[..29])
    }
}

/// The first few of them.
pub fn excerpt_list(names: &[&str]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(5)
        .map(|name| excerpt(name.as_bytes()))
        .collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    shown.join(", ") + more
}
