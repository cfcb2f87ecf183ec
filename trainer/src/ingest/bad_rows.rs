//! What happens to rows that aren't rows of the data.

use std::collections::BTreeMap;
use std::fmt;

use model_export::{RowError, RowErrorKind};
use serde::{Deserialize, Serialize};
use tables::Refusal;

use super::IngestError;

/// Positions kept of each kind of error.
const EXAMPLES: usize = 3;

/// What is wrong with a row, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// With a Criteo row.
    #[error(transparent)]
    Criteo(#[from] RowError),
    /// With a row of a table.
    #[error(transparent)]
    Table(#[from] Refusal),
}

impl RowProblem {
    /// Line, or row of a Parquet file, and column, both from 1; a column of 0 for the whole line.
    pub fn place(&self) -> (u64, usize) {
        match self {
            RowProblem::Criteo(error) => (error.line, error.column),
            RowProblem::Table(refusal) => (refusal.line, refusal.column),
        }
    }

    fn kind(&self) -> String {
        match self {
            RowProblem::Criteo(error) => kind_name(error).to_owned(),
            RowProblem::Table(Refusal { name: Some(name), .. }) => format!("bad value of {name}"),
            RowProblem::Table(_) => "wrong number of columns".to_owned(),
        }
    }
}

/// What to do with a bad row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadRowPolicy {
    /// The first one ends the run.
    #[default]
    Fail,
    /// Left out and counted; one more than `cap` of them ends the run.
    Skip {
        /// At most so many.
        cap: u64,
    },
}

/// The rows that were left out: how many of each kind, and where the first are. Never their content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRows {
    /// All of them.
    pub total: u64,
    /// By kind of error.
    pub kinds: BTreeMap<String, KindReport>,
}

/// The bad rows of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindReport {
    /// How many.
    pub count: u64,
    /// Where the first ones are.
    pub first: Vec<Position>,
}

/// Where a bad row is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The source's name.
    pub source: String,
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1; 0 for the whole line.
    pub column: usize,
}

impl BadRows {
    /// Counts a bad row, or ends the run as the policy says.
    pub(super) fn meet(
        &mut self,
        policy: BadRowPolicy,
        source_name: &str,
        error: RowProblem,
    ) -> Result<(), IngestError> {
        let source_name = source_name.to_owned();
        let BadRowPolicy::Skip { cap } = policy else {
            return Err(IngestError::BadRow { source_name, error });
        };
        self.total += 1;
        let report = self.kinds.entry(error.kind()).or_default();
        report.count += 1;
        if report.first.len() < EXAMPLES {
            let (line, column) = error.place();
            let position = Position {
                source: source_name.clone(),
                line,
                column,
            };
            report.first.push(position);
        }
        if self.total > cap {
            return Err(IngestError::TooManyBadRows {
                cap,
                source_name,
                error,
                report: Box::new(self.clone()),
            });
        }
        Ok(())
    }
}

impl fmt::Display for BadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bad rows left out", self.total)?;
        for (kind, report) in &self.kinds {
            write!(f, "\n  {} × {kind}, first at", report.count)?;
            for (index, position) in report.first.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                write!(
                    f,
                    "{comma} {} line {} column {}",
                    position.source, position.line, position.column
                )?;
            }
        }
        Ok(())
    }
}

fn kind_name(error: &RowError) -> &'static str {
    match error.kind {
        RowErrorKind::ColumnCount { .. } => "wrong number of columns",
        RowErrorKind::MissingLabel => "missing label",
        RowErrorKind::Label(_) => "label other than 0 and 1",
        RowErrorKind::Integer(_) => "not an integer",
        RowErrorKind::Category(_) => "not eight hexadecimal digits",
        _ => "other",
    }
}
