//! The 39 inputs as state: what is typed, what is wrong with it, and the row it makes.

use leptos::prelude::*;
use model_export::{INTEGER_COLUMNS, Row, column_names, parse_features};

/// One input.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    /// `I1`…`I13`, `C1`…`C26`.
    pub(crate) column: &'static str,
    /// What is typed.
    pub(crate) value: RwSignal<String>,
    /// What is wrong with it.
    pub(crate) error: RwSignal<Option<String>>,
}

/// All inputs; a handle that is copied freely.
#[derive(Clone, Copy)]
pub(crate) struct RowForm {
    fields: StoredValue<Vec<Field>>,
    /// The row made of all valid values.
    pub(crate) row: RwSignal<Row>,
    /// How many inputs are in error.
    pub(crate) errors: Memo<usize>,
}

impl RowForm {
    /// 39 empty inputs: a row whose every value is missing.
    pub(crate) fn new() -> Self {
        let field = |column| Field {
            column,
            value: RwSignal::default(),
            error: RwSignal::default(),
        };
        let fields: Vec<Field> = column_names().into_iter().map(field).collect();
        let fields = StoredValue::new(fields);
        let errors = Memo::new(move |_| {
            fields.with_value(|fields| {
                fields
                    .iter()
                    .filter(|field| field.error.with(Option::is_some))
                    .count()
            })
        });
        Self {
            fields,
            row: RwSignal::default(),
            errors,
        }
    }

    /// The integer inputs.
    pub(crate) fn integers(self) -> Vec<Field> {
        self.fields
            .with_value(|fields| fields[..INTEGER_COLUMNS].to_vec())
    }

    /// The category inputs.
    pub(crate) fn categories(self) -> Vec<Field> {
        self.fields
            .with_value(|fields| fields[INTEGER_COLUMNS..].to_vec())
    }

    /// Takes what was typed into one input; a value in error leaves the row as it was.
    pub(crate) fn type_into(self, field: Field, value: String) {
        let mut row = self.row.get_untracked();
        match row.set(field.column, value.trim()) {
            Ok(()) => {
                field.error.set(None);
                self.row.set(row);
            }
            Err(error) => field.error.set(Some(sentence(&error.kind.to_string()))),
        }
        field.value.set(value);
    }

    /// Fills all inputs from a Criteo line.
    pub(crate) fn fill_from_line(self, line: &str) -> Result<(), String> {
        let line = line.trim_end_matches(['\r', '\n']);
        let row = parse_features(line.as_bytes(), 1).map_err(|error| sentence(&error.to_string()))?;
        self.fill(row);
        Ok(())
    }

    /// Fills all inputs from a row.
    pub(crate) fn fill(self, mut row: Row) {
        row.label = None;
        let line = row.to_tsv();
        self.fields.with_value(|fields| {
            for (field, value) in fields.iter().zip(line.split('\t')) {
                field.value.set(value.to_owned());
                field.error.set(None);
            }
        });
        self.row.set(row);
    }
}

/// How many of a row's features are given.
pub(crate) fn filled(row: &Row) -> usize {
    row.integers.iter().flatten().count() + row.categories.iter().flatten().count()
}

/// All messages begin with an ASCII letter.
fn sentence(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
