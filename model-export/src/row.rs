//! One Criteo row and its strict text form.
//!
//! Invariant: whatever [`parse_row`] accepts, [`Row::to_tsv`] writes back to a line that parses to the same row.

mod error;

pub use error::{RowError, RowErrorKind};

/// Integer columns `I1`..`I13`.
pub const INTEGER_COLUMNS: usize = 13;
/// Category columns `C1`..`C26`.
pub const CATEGORY_COLUMNS: usize = 26;

const FEATURE_COLUMNS: usize = INTEGER_COLUMNS + CATEGORY_COLUMNS;
const COLUMN_NAMES: [&str; FEATURE_COLUMNS] = [
    "I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12", "I13", "C1", "C2", "C3", "C4",
    "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C13", "C14", "C15", "C16", "C17", "C18", "C19",
    "C20", "C21", "C22", "C23", "C24", "C25", "C26",
];

/// The feature columns in their order in a line: `I1`..`I13`, `C1`..`C26`.
pub fn column_names() -> [&'static str; 39] {
    COLUMN_NAMES
}

/// One row: what was shown, and whether it was clicked. Each feature may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Clicked or not; `None` where the line has no label.
    pub label: Option<bool>,
    /// `I1`..`I13`.
    pub integers: [Option<i64>; 13],
    /// `C1`..`C26`, the value of their 8 hex digits.
    pub categories: [Option<u32>; 26],
}

/// Reads a labelled line: exactly 40 tab-separated columns, the label `0` or `1` first.
///
/// `line` comes without its newline; one trailing carriage return is tolerated. An integer is decimal digits with
/// an optional `-` within `i64`; a category is exactly 8 hex digits of either case; an empty column is missing.
/// `line_number` only goes into the error.
pub fn parse_row(line: &[u8], line_number: u64) -> Result<Row, RowError> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let found = count_columns(line);
    if found != FEATURE_COLUMNS + 1 {
        let kind = RowErrorKind::ColumnCount {
            expected: "40",
            found,
        };
        return Err(RowError {
            line: line_number,
            column: 0,
            name: None,
            kind,
        });
    }
    let row = read_columns(line, line_number, true)?;
    match row.label {
        Some(_) => Ok(row),
        None => Err(RowError {
            line: line_number,
            column: 1,
            name: Some("label"),
            kind: RowErrorKind::MissingLabel,
        }),
    }
}

/// Reads a line to predict: 39 feature columns, or 40 with a label (which may be empty) first.
///
/// The rules for each column are those of [`parse_row`].
pub fn parse_features(line: &[u8], line_number: u64) -> Result<Row, RowError> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match count_columns(line) {
        FEATURE_COLUMNS => read_columns(line, line_number, false),
        found if found == FEATURE_COLUMNS + 1 => read_columns(line, line_number, true),
        found => {
            let kind = RowErrorKind::ColumnCount {
                expected: "39 or 40",
                found,
            };
            Err(RowError {
                line: line_number,
                column: 0,
                name: None,
                kind,
            })
        }
    }
}

impl Row {
    /// The row as a line without newline: 40 columns with a label, 39 without; categories in lower case.
    pub fn to_tsv(&self) -> String {
        let label = self
            .label
            .map(|clicked| if clicked { "1" } else { "0" }.to_owned());
        let integers = self
            .integers
            .iter()
            .map(|value| value.map_or_else(String::new, |value| value.to_string()));
        let categories = self
            .categories
            .iter()
            .map(|value| value.map_or_else(String::new, |value| format!("{value:08x}")));
        label
            .into_iter()
            .chain(integers)
            .chain(categories)
            .collect::<Vec<_>>()
            .join("\t")
    }

    /// Sets the column called `column` (`I1`..`I13`, `C1`..`C26` or `label`) from its text; `""` is missing.
    ///
    /// The error's line is 0 and its column is the feature's position in a 39-column line (0 for the label).
    pub fn set(&mut self, column: &str, value: &str) -> Result<(), RowError> {
        let value = value.as_bytes();
        if column == "label" {
            self.label = parse_label(value).map_err(|kind| RowError {
                line: 0,
                column: 0,
                name: Some("label"),
                kind,
            })?;
            return Ok(());
        }
        let Some(feature) = COLUMN_NAMES.iter().position(|name| *name == column) else {
            let kind = RowErrorKind::UnknownColumn(error::excerpt(column.as_bytes()));
            return Err(RowError {
                line: 0,
                column: 0,
                name: None,
                kind,
            });
        };
        self.set_feature(feature, value).map_err(|kind| RowError {
            line: 0,
            column: feature + 1,
            name: Some(COLUMN_NAMES[feature]),
            kind,
        })
    }

    /// Sets the feature at a position of [`column_names`] from its text; nothing is missing.
    ///
    /// Panics unless `feature` is below 39.
    pub fn set_feature(&mut self, feature: usize, value: &[u8]) -> Result<(), RowErrorKind> {
        if feature < INTEGER_COLUMNS {
            self.integers[feature] = parse_integer(value)?;
        } else {
            self.categories[feature - INTEGER_COLUMNS] = parse_category(value)?;
        }
        Ok(())
    }
}

fn count_columns(line: &[u8]) -> usize {
    line.iter().filter(|byte| **byte == b'\t').count() + 1
}

fn read_columns(line: &[u8], line_number: u64, labelled: bool) -> Result<Row, RowError> {
    let mut row = Row::default();
    let mut columns = line.split(|byte| *byte == b'\t');
    if labelled {
        row.label = parse_label(columns.next().unwrap_or_default()).map_err(|kind| RowError {
            line: line_number,
            column: 1,
            name: Some("label"),
            kind,
        })?;
    }
    for (feature, (name, value)) in COLUMN_NAMES.into_iter().zip(columns).enumerate() {
        row.set_feature(feature, value).map_err(|kind| RowError {
            line: line_number,
            column: feature + 1 + usize::from(labelled),
            name: Some(name),
            kind,
        })?;
    }
    Ok(row)
}

fn parse_label(value: &[u8]) -> Result<Option<bool>, RowErrorKind> {
    match value {
        b"" => Ok(None),
        b"0" => Ok(Some(false)),
        b"1" => Ok(Some(true)),
        _ => Err(RowErrorKind::Label(error::excerpt(value))),
    }
}

fn parse_integer(value: &[u8]) -> Result<Option<i64>, RowErrorKind> {
    if value.is_empty() {
        return Ok(None);
    }
    let refuse = || RowErrorKind::Integer(error::excerpt(value));
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(refuse());
    }
    let text = str::from_utf8(value).map_err(|_| refuse())?;
    text.parse().map(Some).map_err(|_| refuse())
}

fn parse_category(value: &[u8]) -> Result<Option<u32>, RowErrorKind> {
    if value.is_empty() {
        return Ok(None);
    }
    let refuse = || RowErrorKind::Category(error::excerpt(value));
    if value.len() != 8 {
        return Err(refuse());
    }
    let mut key = 0;
    for digit in value {
        let digit = char::from(*digit).to_digit(16).ok_or_else(refuse)?;
        key = key << 4 | digit;
    }
    Ok(Some(key))
}

#[cfg(test)]
mod tests;
