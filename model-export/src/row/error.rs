//! What is wrong with a row, and where.

use thiserror::Error;

/// A refused row or column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The line number given to the parser; 0 where there is no line.
    pub line: u64,
    /// 1-based column; 0 is the whole line.
    pub column: usize,
    /// Name of the column, where one column is to blame.
    pub name: Option<&'static str>,
    /// What is wrong.
    pub kind: RowErrorKind,
}

impl std::fmt::Display for RowError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line > 0 {
            write!(f, "line {}", self.line)?;
        }
        if self.column > 0 {
            write!(
                f,
                "{}column {}",
                if self.line > 0 { ", " } else { "" },
                self.column
            )?;
        }
        if let Some(name) = self.name {
            write!(
                f,
                "{}{name}",
                if self.line > 0 || self.column > 0 {
                    ", "
                } else {
                    ""
                }
            )?;
        }
        if self.line > 0 || self.column > 0 || self.name.is_some() {
            f.write_str(": ")?;
        }
        write!(f, "{}", self.kind)
    }
}

impl std::error::Error for RowError {}

/// The reasons for refusing a row. A quoted value is escaped and cut to 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RowErrorKind {
    /// The line does not have the columns it must have.
    #[error("expected {expected} tab-separated columns, found {found}")]
    ColumnCount {
        /// The counts that are accepted.
        expected: &'static str,
        /// The count of this line.
        found: usize,
    },
    /// A labelled line without its label.
    #[error("the label is missing; it is 0 or 1")]
    MissingLabel,
    /// A label other than 0 and 1.
    #[error("the label is 0 or 1, not \"{0}\"")]
    Label(String),
    /// Not a decimal 64-bit integer.
    #[error("expected a decimal 64-bit integer or nothing, found \"{0}\"")]
    Integer(String),
    /// Not 8 hex digits.
    #[error("expected exactly 8 hex digits or nothing, found \"{0}\"")]
    Category(String),
    /// A column name that does not exist.
    #[error("no column is called \"{0}\"; they are I1 to I13 and C1 to C26")]
    UnknownColumn(String),
}

const EXCERPT_BYTES: usize = 32;

/// At most 32 printable ASCII bytes that show `value`, ending in `...` where it was cut.
pub(crate) fn excerpt(value: &[u8]) -> String {
    let mut escaped: String = value
        .iter()
        .take(EXCERPT_BYTES + 1)
        .map(|byte| byte.escape_ascii().to_string())
        .collect();
    if escaped.len() > EXCERPT_BYTES {
        escaped.truncate(EXCERPT_BYTES - 3);
        escaped.push_str("...");
    }
    escaped
}
