//! Cells and columns to what a model takes.
//!
//! Invariant: rows before the first that is refused are kept, and the refusal says where it is.

use model_export::{Row, category_key, column_names};

use super::Batch;
use super::layout::{Layout, Wanted};
use super::missing::Missing;
use super::parquet::{Column, Columns, Values};
use super::refusal::{Refusal, excerpt};
use super::text::Text;

/// Rows that a model can take.
#[derive(Debug)]
pub(crate) enum Parsed {
    Clicks(Vec<Row>),
    /// Row by row, NaN where a value is missing.
    Features {
        values: Vec<f32>,
        width: usize,
    },
    /// The same of the columns of a table: numbers, and keys of categories.
    Table {
        rows: usize,
        numbers: Vec<f32>,
        keys: Vec<Option<u32>>,
    },
}

impl Parsed {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Clicks(rows) => rows.len(),
            Self::Features { values, width } => values.len() / width,
            Self::Table { rows, .. } => *rows,
        }
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            Self::Clicks(parsed) => parsed.truncate(rows),
            Self::Features { values, width } => values.truncate(rows * *width),
            Self::Table {
                rows: count,
                numbers,
                keys,
            } => {
                numbers.truncate(numbers.len() / (*count).max(1) * rows);
                keys.truncate(keys.len() / (*count).max(1) * rows);
                *count = rows;
            }
        }
    }
}

/// Reads rows for one model.
#[derive(Clone, Debug)]
pub(crate) struct Parser {
    pub(crate) wanted: Wanted,
    pub(crate) layout: Layout,
    pub(crate) missing: Missing,
    /// By column of a Parquet batch: its place among the columns of the file. Empty for text.
    pub(crate) read: Vec<usize>,
}

impl Parser {
    /// The rows of a batch up to the first that is refused.
    pub(crate) fn parse(&self, batch: &Batch) -> (Parsed, Option<Refusal>) {
        let (rows, width) = (batch.len(), self.wanted.names.len());
        let mut parsed = match self.wanted.numbers {
            Some(numbers) => Parsed::Table {
                rows,
                numbers: vec![f32::NAN; rows * numbers],
                keys: vec![None; rows * (width - numbers)],
            },
            None if self.wanted.clicks => Parsed::Clicks(vec![Row::default(); rows]),
            None => Parsed::Features {
                values: vec![f32::NAN; rows * width],
                width,
            },
        };
        let refusal = match batch {
            Batch::Text(text) => self.parse_text(text, &mut parsed),
            Batch::Columns(columns) => self.parse_columns(columns, &mut parsed),
        };
        let Some((row, refusal)) = refusal else {
            return (parsed, None);
        };
        parsed.truncate(row);
        (parsed, Some(refusal))
    }

    /// The first row that is refused.
    fn parse_text(&self, text: &Text, parsed: &mut Parsed) -> Option<(usize, Refusal)> {
        (0..text.len()).find_map(|row| {
            self.parse_row(text, row, parsed)
                .err()
                .map(|refusal| (row, refusal))
        })
    }

    fn parse_row(&self, text: &Text, row: usize, parsed: &mut Parsed) -> Result<(), Refusal> {
        let (line, cells) = (text.line(row), text.cells(row));
        let columns = cells.len();
        let Some(offset) = self.layout.offset(columns) else {
            let problem = format!("expected {} columns, found {columns}", self.layout.expected());
            return Err(Refusal::of_line(line, problem));
        };
        for (column, (cell, feature)) in cells.skip(offset).zip(&self.layout.features).enumerate() {
            let Some(feature) = *feature else { continue };
            if self.missing.is_text(cell) {
                continue;
            }
            let result = match parsed {
                Parsed::Clicks(rows) => rows[row]
                    .set_feature(feature, cell)
                    .map_err(|kind| kind.to_string()),
                Parsed::Features { values, width } => self
                    .missing
                    .number(cell)
                    .map(|value| values[row * *width + feature] = value),
                Parsed::Table { numbers, keys, .. } => match self.place(row, feature) {
                    Place::Number(place) => self.missing.number(cell).map(|value| numbers[place] = value),
                    Place::Key(place) => {
                        keys[place] = category_key(cell);
                        Ok(())
                    }
                },
            };
            result.map_err(|problem| Refusal {
                column: column + offset + 1,
                name: Some(self.wanted.names[feature].clone()),
                ..Refusal::of_line(line, problem)
            })?;
        }
        Ok(())
    }

    fn parse_columns(&self, columns: &Columns, parsed: &mut Parsed) -> Option<(usize, Refusal)> {
        let mut first: Option<(usize, Refusal)> = None;
        for (column, place) in columns.columns.iter().zip(&self.read) {
            let Some(feature) = self.layout.features[*place] else {
                continue;
            };
            if let Err((row, problem)) = self.parse_column(column, feature, columns.rows, parsed)
                && first.as_ref().is_none_or(|(first, _)| row < *first)
            {
                let refusal = Refusal {
                    line: columns.rows_before + row as u64 + 1,
                    unit: "row",
                    column: place + 1,
                    name: Some(self.wanted.names[feature].clone()),
                    problem,
                };
                first = Some((row, refusal));
            }
        }
        first
    }

    fn parse_column(
        &self,
        column: &Column,
        feature: usize,
        rows: usize,
        parsed: &mut Parsed,
    ) -> Result<(), (usize, String)> {
        let mut value = 0;
        for row in 0..rows {
            if column.levels.get(row) == Some(&0) {
                continue;
            }
            let result = match parsed {
                Parsed::Clicks(rows) => self.set_click(&mut rows[row], feature, &column.values, value),
                Parsed::Features { values, width } => self
                    .feature(&column.values, value)
                    .map(|value| values[row * *width + feature] = value),
                Parsed::Table { numbers, keys, .. } => match self.place(row, feature) {
                    Place::Number(place) => self
                        .feature(&column.values, value)
                        .map(|value| numbers[place] = value),
                    Place::Key(place) => {
                        keys[place] = self.key(&column.values, value);
                        Ok(())
                    }
                },
            };
            result.map_err(|problem| (row, problem))?;
            value += 1;
        }
        Ok(())
    }

    /// Where the value of a table's column stands in its row.
    fn place(&self, row: usize, column: usize) -> Place {
        let numbers = self.wanted.numbers.unwrap_or_default();
        match column.checked_sub(numbers) {
            None => Place::Number(row * numbers + column),
            Some(category) => Place::Key(row * (self.wanted.names.len() - numbers) + category),
        }
    }

    /// The key of a category: of a number it is that of its shortest text.
    fn key(&self, values: &Values, index: usize) -> Option<u32> {
        let (text, number) = match values {
            Values::Bytes(values) => {
                let text = values[index].data();
                return if self.missing.is_text(text) {
                    None
                } else {
                    category_key(text)
                };
            }
            Values::Bool(values) => (values[index].to_string(), f64::from(u8::from(values[index]))),
            Values::Int(values) => (values[index].to_string(), values[index] as f64),
            Values::Float(values) => (values[index].to_string(), f64::from(values[index])),
            Values::Double(values) => (values[index].to_string(), values[index]),
        };
        if number.is_nan() || self.missing.is_number(number) {
            return None;
        }
        category_key(text.as_bytes())
    }

    fn feature(&self, values: &Values, index: usize) -> Result<f32, String> {
        let value = match values {
            Values::Bool(values) => f64::from(u8::from(values[index])),
            // Straight to f32, as XGBoost does: by way of f64 it would be rounded twice.
            Values::Int(values) if !self.missing.is_number(values[index] as f64) => {
                return Ok(values[index] as f32);
            }
            Values::Int(_) => f64::NAN,
            Values::Float(values) => f64::from(values[index]),
            Values::Double(values) => values[index],
            Values::Bytes(values) => return self.text_feature(values[index].data()),
        };
        if value.is_nan() || self.missing.is_number(value) {
            return Ok(f32::NAN);
        }
        if (value as f32).is_finite() {
            Ok(value as f32)
        } else {
            Err(format!("{value} is not a finite 32-bit number"))
        }
    }

    fn text_feature(&self, text: &[u8]) -> Result<f32, String> {
        if self.missing.is_text(text) {
            Ok(f32::NAN)
        } else {
            self.missing.number(text)
        }
    }

    fn set_click(&self, row: &mut Row, feature: usize, values: &Values, index: usize) -> Result<(), String> {
        let number = match values {
            Values::Bytes(values) if self.missing.is_text(values[index].data()) => return Ok(()),
            Values::Bytes(values) => {
                return row
                    .set_feature(feature, values[index].data())
                    .map_err(|kind| kind.to_string());
            }
            Values::Bool(values) => i64::from(values[index]),
            Values::Int(values) => values[index],
            Values::Float(values) if values[index].is_nan() => return Ok(()),
            Values::Float(values) => whole(f64::from(values[index]))?,
            Values::Double(values) if values[index].is_nan() => return Ok(()),
            Values::Double(values) => whole(values[index])?,
        };
        if self.missing.is_number(number as f64) {
            return Ok(());
        }
        let integers = row.integers.len();
        if feature < integers {
            row.integers[feature] = Some(number);
            return Ok(());
        }
        let key = u32::try_from(number).map_err(|_| {
            format!(
                "{} is a number of 32 bits or 8 hex digits, not {number}",
                column_names()[feature]
            )
        })?;
        row.categories[feature - integers] = Some(key);
        Ok(())
    }
}

/// A place among all numbers, or all keys, of some rows.
enum Place {
    Number(usize),
    Key(usize),
}

/// What libraries without missing integers keep as a floating-point number.
fn whole(value: f64) -> Result<i64, String> {
    let exact = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
    if exact {
        Ok(value as i64)
    } else {
        Err(format!("expected an integer, found {value}"))
    }
}

/// A number in text.
pub(super) fn number(text: &[u8]) -> Result<f32, String> {
    let parsed = str::from_utf8(text)
        .ok()
        .and_then(|text| text.trim_ascii().parse::<f32>().ok());
    match parsed {
        Some(value) if value.is_infinite() => {
            Err(format!("\"{}\" is not a finite 32-bit number", excerpt(text)))
        }
        Some(value) => Ok(value),
        None => Err(format!(
            "expected a number or nothing, found \"{}\"",
            excerpt(text)
        )),
    }
}
