//! A labelled row of whatever data a run has: Criteo's, or a table's with columns of its own.
//!
//! Invariant: a row goes to an encoder of its own kind; the kinds are told apart here and nowhere else on the line.

use std::fmt::Write;

use model_export::{Encoder, EncoderError, EncoderFit, FittedEncoder, Row};

/// A row with its label.
#[derive(Clone, Debug, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "Criteo rows stay free of an allocation each"
)]
pub enum DataRow {
    /// Of Criteo.
    Criteo(Row),
    /// Of a table.
    Table(TableRow),
}

/// A row of a table, its columns in the order of the schema.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    /// Whether it counts as positive.
    pub label: bool,
    /// Numbers, NaN where one is missing.
    pub numbers: Vec<f32>,
    /// Keys of categories ([`model_export::category_key`]), `None` where one is missing.
    pub keys: Vec<Option<u32>>,
}

impl DataRow {
    /// Whether the label says yes.
    pub fn is_positive(&self) -> bool {
        match self {
            DataRow::Criteo(row) => row.label == Some(true),
            DataRow::Table(row) => row.label,
        }
    }

    /// How many columns are empty.
    pub fn missing(&self) -> usize {
        match self {
            DataRow::Criteo(row) => {
                let integers = row.integers.iter().filter(|value| value.is_none()).count();
                integers + row.categories.iter().filter(|value| value.is_none()).count()
            }
            DataRow::Table(row) => {
                let numbers = row.numbers.iter().filter(|value| value.is_nan()).count();
                numbers + row.keys.iter().filter(|key| key.is_none()).count()
            }
        }
    }

    /// Of each category column, whether it has a value.
    pub fn has_categories(&self) -> Vec<bool> {
        match self {
            DataRow::Criteo(row) => row.categories.iter().map(Option::is_some).collect(),
            DataRow::Table(row) => row.keys.iter().map(Option::is_some).collect(),
        }
    }

    /// The row as a canonical line without its end.
    pub fn to_tsv(&self) -> String {
        match self {
            DataRow::Criteo(row) => row.to_tsv(),
            DataRow::Table(row) => row.to_tsv(),
        }
    }

    /// Shows a training row to an encoder that is being fitted.
    pub fn observe(&self, fit: &mut EncoderFit, index: u64) -> Result<(), EncoderError> {
        match self {
            DataRow::Criteo(row) => fit.observe(index, row),
            DataRow::Table(row) => fit.observe_table(index, row.label, &row.keys),
        }
    }

    /// Writes the features of a training row, without what its own label says.
    pub fn encode_training(&self, fitted: &FittedEncoder, index: u64, out: &mut [f32]) {
        match self {
            DataRow::Criteo(row) => fitted.encode_training_row(index, row, out),
            DataRow::Table(row) => fitted.encode_training_table_row(index, &row.numbers, &row.keys, out),
        }
    }

    /// Writes the features of any other row.
    pub fn encode(&self, encoder: &Encoder, out: &mut [f32]) {
        match self {
            DataRow::Criteo(row) => encoder.encode(row, out),
            DataRow::Table(row) => encoder.encode_table(&row.numbers, &row.keys, out),
        }
    }
}

impl TableRow {
    /// Label, numbers as their shortest decimal text, keys as eight hexadecimal digits; nothing where a value is missing.
    pub fn to_tsv(&self) -> String {
        let mut line = u8::from(self.label).to_string();
        for number in &self.numbers {
            line.push('\t');
            if !number.is_nan() {
                // Writing to a string can't fail.
                let _ = write!(line, "{number}");
            }
        }
        for key in &self.keys {
            line.push('\t');
            if let Some(key) = key {
                let _ = write!(line, "{key:08x}");
            }
        }
        line
    }
}
