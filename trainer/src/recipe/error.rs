//! Recipes that can't be.

use std::fmt;

/// A place in a recipe file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl Position {
    /// The place of a byte in the file's text.
    pub(super) fn of(file: &str, text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {}, column {}", self.file, self.line, self.column)
    }
}

/// A recipe that can't be read or doesn't fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// The file can't be read.
    #[error("{file}: can't be read")]
    Read {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no TOML.
    #[error("{position}: {message}")]
    Syntax {
        /// Where.
        position: Position,
        /// What the parser says.
        message: String,
    },
    /// A key that there isn't.
    #[error("{position}: there is no key {key}; here may be {known}")]
    UnknownKey {
        /// Where.
        position: Position,
        /// The key, such as `booster.etta`.
        key: String,
        /// What there is in its place.
        known: String,
    },
    /// A value of the wrong type, or out of its domain.
    #[error("{position}: {key} must be {expected}")]
    Value {
        /// Where.
        position: Position,
        /// The key, such as `booster.eta`.
        key: String,
        /// What it may be.
        expected: String,
    },
    /// A key that doesn't go with another one.
    #[error("{position}: {key} {conflict}")]
    Conflict {
        /// Where.
        position: Position,
        /// The key.
        key: String,
        /// What is the matter.
        conflict: String,
    },
    /// A checked section that the program's own types refuse.
    #[error("[{section}]: {message}")]
    Section {
        /// The section.
        section: &'static str,
        /// Why.
        message: String,
    },
}
