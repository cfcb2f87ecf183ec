//! Cells and columns to what a model takes.
//!
//! Invariant: rows before the first that is refused are kept, and the refusal says where it is.

use std::ops::Range;

use model_export::{Row, category_key, column_names};

use crate::Batch;
use crate::layout::{Kind, Layout, Wanted};
use crate::missing::Missing;
use crate::parquet::{Column, Columns, Values};
use crate::refusal::{Refusal, excerpt};
use crate::text::Text;

/// Rows as they were asked for.
#[derive(Debug)]
pub enum Parsed {
    /// Of Criteo.
    Clicks(Vec<Row>),
    /// Numbers.
    Features {
        /// Row by row, NaN where a value is missing.
        values: Vec<f32>,
        /// How many a row has.
        width: usize,
    },
    /// The columns of a table.
    Table {
        /// How many rows.
        rows: usize,
        /// Row by row, NaN where a value is missing.
        numbers: Vec<f32>,
        /// Row by row, the keys of categories.
        keys: Vec<Option<u32>>,
    },
    /// Texts.
    Texts {
        /// Row by row, `None` where a value is missing. A number is its shortest text.
        values: Vec<Option<Vec<u8>>>,
        /// How many a row has.
        width: usize,
    },
}

impl Parsed {
    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Clicks(rows) => rows.len(),
            Self::Features { values, width } => values.len() / width,
            Self::Texts { values, width } => values.len() / width,
            Self::Table { rows, .. } => *rows,
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            Self::Clicks(parsed) => parsed.truncate(rows),
            Self::Features { values, width } => values.truncate(rows * *width),
            Self::Texts { values, width } => values.truncate(rows * *width),
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

/// Reads what one of those who want rows wants.
#[derive(Clone, Debug)]
pub struct Parser {
    pub(crate) wanted: Wanted,
    pub(crate) layout: Layout,
    pub(crate) missing: Missing,
    /// By column of a Parquet batch: its place among the columns of the file. Empty for text.
    pub(crate) read: Vec<usize>,
}

impl Parser {
    /// The column of the input, from 0, that has one of the names that are wanted.
    pub fn column_of(&self, name: usize) -> Option<usize> {
        let columns = &self.layout.features;
        columns.iter().position(|feature| *feature == Some(name))
    }

    /// The rows of a batch up to the first that is refused.
    pub fn parse(&self, batch: &Batch) -> (Parsed, Option<Refusal>) {
        self.parse_from(batch, 0)
    }

    /// The rows of a batch from this one up to the first that is refused.
    pub fn parse_from(&self, batch: &Batch, from: usize) -> (Parsed, Option<Refusal>) {
        let (rows, width) = (batch.len().saturating_sub(from), self.wanted.names.len());
        let mut parsed = match self.wanted.kind {
            Kind::Table { numbers } => Parsed::Table {
                rows,
                numbers: vec![f32::NAN; rows * numbers],
                keys: vec![None; rows * (width - numbers)],
            },
            Kind::Clicks => Parsed::Clicks(vec![Row::default(); rows]),
            Kind::Features => Parsed::Features {
                values: vec![f32::NAN; rows * width],
                width,
            },
            Kind::Texts => Parsed::Texts {
                values: vec![None; rows * width],
                width,
            },
        };
        let refusal = match batch {
            Batch::Text(text) => self.parse_text(text, from, &mut parsed),
            Batch::Columns(columns) => self.parse_columns(columns, from, &mut parsed),
        };
        let Some((row, refusal)) = refusal else {
            return (parsed, None);
        };
        parsed.truncate(row);
        (parsed, Some(refusal))
    }

    /// The first row that is refused, counted from `from`.
    fn parse_text(&self, text: &Text, from: usize, parsed: &mut Parsed) -> Option<(usize, Refusal)> {
        (from..text.len()).enumerate().find_map(|(row, of_batch)| {
            self.parse_row((text.line(of_batch), text.cells(of_batch)), row, parsed)
                .err()
                .map(|refusal| (row, refusal))
        })
    }

    fn parse_row<'a>(
        &self,
        (line, cells): (u64, impl ExactSizeIterator<Item = &'a [u8]>),
        row: usize,
        parsed: &mut Parsed,
    ) -> Result<(), Refusal> {
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
                Parsed::Texts { values, width } => {
                    values[row * *width + feature] = Some(cell.to_vec());
                    Ok(())
                }
            };
            result.map_err(|problem| Refusal {
                column: column + offset + 1,
                name: Some(self.wanted.names[feature].clone()),
                ..Refusal::of_line(line, problem)
            })?;
        }
        Ok(())
    }

    fn parse_columns(&self, columns: &Columns, from: usize, parsed: &mut Parsed) -> Option<(usize, Refusal)> {
        let mut first: Option<(usize, Refusal)> = None;
        for (column, place) in columns.columns.iter().zip(&self.read) {
            let Some(feature) = self.layout.features[*place] else {
                continue;
            };
            if let Err((row, problem)) = self.parse_column(column, feature, from..columns.rows, parsed)
                && first.as_ref().is_none_or(|(first, _)| row < *first)
            {
                let refusal = Refusal {
                    line: columns.rows_before + (from + row) as u64 + 1,
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
        rows: Range<usize>,
        parsed: &mut Parsed,
    ) -> Result<(), (usize, String)> {
        let is_null = |row: &usize| column.levels.get(*row) == Some(&0);
        let mut value = rows.start - (0..rows.start).filter(is_null).count();
        for (row, of_batch) in rows.enumerate() {
            if is_null(&of_batch) {
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
                Parsed::Texts { values, width } => {
                    values[row * *width + feature] = self.text(&column.values, value);
                    Ok(())
                }
            };
            result.map_err(|problem| (row, problem))?;
            value += 1;
        }
        Ok(())
    }

    /// Where the value of a table's column stands in its row.
    fn place(&self, row: usize, column: usize) -> Place {
        let numbers = match self.wanted.kind {
            Kind::Table { numbers } => numbers,
            _ => 0,
        };
        match column.checked_sub(numbers) {
            None => Place::Number(row * numbers + column),
            Some(category) => Place::Key(row * (self.wanted.names.len() - numbers) + category),
        }
    }

    /// The key of a category.
    fn key(&self, values: &Values, index: usize) -> Option<u32> {
        match values {
            Values::Bytes(values) if self.missing.is_text(values[index].data()) => None,
            Values::Bytes(values) => category_key(values[index].data()),
            _ => category_key(&self.text(values, index)?),
        }
    }

    /// A value as text: of a number the shortest.
    fn text(&self, values: &Values, index: usize) -> Option<Vec<u8>> {
        let (text, number) = match values {
            Values::Bytes(values) => {
                let text = values[index].data();
                return (!self.missing.is_text(text)).then(|| text.to_vec());
            }
            Values::Bool(values) => (values[index].to_string(), f64::from(u8::from(values[index]))),
            Values::Int(values) => (values[index].to_string(), values[index] as f64),
            Values::Float(values) => (values[index].to_string(), f64::from(values[index])),
            Values::Double(values) => (values[index].to_string(), values[index]),
        };
        let missing = number.is_nan() || self.missing.is_number(number);
        (!missing).then(|| text.into_bytes())
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
pub(crate) fn number(text: &[u8]) -> Result<f32, String> {
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
