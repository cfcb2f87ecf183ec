//! A schema file: the columns of a table that isn't Criteo's, as TOML.
//!
//! Invariant: a [`TableSchema`] has columns with names of their own, none of which is the label's; anything else is
//! refused with file, line and column.

use std::path::{Path, PathBuf};

use model_export::{MAX_COLUMNS, Schema, SchemaError};
use toml::{Table, Value};

use super::check;
use super::error::{Position, RecipeError};
use super::keys::{Key, Section, key};
use super::kind::Kind;

/// The keys of a schema file.
#[rustfmt::skip]
pub const TABLE_KEYS: &[Key] = &[
    key("", "label", Kind::Text, "Column that says whether a row is positive"),
    key("", "positive", Kind::Texts, "Values of the label that are positive; all others are negative").example(r#"["yes"]"#),
    key("", "numbers", Kind::Texts, "Columns of numbers").example(r#"["age", "price"]"#),
    key("", "categories", Kind::Texts, "Columns of categories: texts, and numbers that only name something").example(r#"["city"]"#),
    key("", "order_by", Kind::Text, "Column that never falls from row to row, such as a time").example(r#""time""#),
    key("", "format", Kind::Choice(&["csv", "tsv", "parquet"]), "How the rows are written down; without it told from the name").example(r#""csv""#),
    key("", "missing", Kind::Texts, "Values that stand for a missing one, besides nothing and NaN").example(r#"["NA"]"#),
];

const TABLE_SECTIONS: &[Section] = &[Section {
    name: "",
    what: "A table",
}];

/// What a schema file says.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSchema {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The column of the label.
    pub label: String,
    /// Its values that are positive, all others being negative; empty where `1` and `true` are and only `0` and `false`
    /// aren't.
    pub positive: Vec<String>,
    /// Numbers and categories.
    pub columns: Schema,
    /// A column that never falls.
    pub order_by: Option<String>,
    /// Told from the name of a source when absent.
    pub format: Option<tables::Format>,
    /// Values that stand for a missing one.
    pub missing: Vec<String>,
}

impl TableSchema {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(source) => Err(RecipeError::Read { file, source }),
        }
    }

    /// Checks a schema's text; errors call it `path`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, RecipeError> {
        let file = path.display().to_string();
        let given = check::parse_by(text, &file, TABLE_KEYS, TABLE_SECTIONS)?;
        let place = |key: &str, index: usize| check::place_of(text, &file, key, index);
        let start = || Position::of(&file, text, 0);
        let Some(label) = given.get("label").and_then(Value::as_str) else {
            return Err(RecipeError::Conflict {
                position: start(),
                key: "label".to_owned(),
                conflict: "is missing: a schema names the column of the label".to_owned(),
            });
        };
        let mut seen: Vec<&str> = vec![label];
        for key in ["numbers", "categories"] {
            for (index, name) in strings(&given, key).enumerate() {
                let conflict = match name {
                    name if name == label => "is the label: a model that knows it learns nothing".to_owned(),
                    name if name.chars().any(char::is_control) => "has a control character".to_owned(),
                    name if seen.contains(&name) => "is there twice".to_owned(),
                    _ if seen.len() > MAX_COLUMNS => SchemaError::Columns(seen.len()).to_string(),
                    _ => {
                        seen.push(name);
                        continue;
                    }
                };
                return Err(RecipeError::Conflict {
                    position: place(key, index),
                    key: format!("{key}: {name:?}"),
                    conflict,
                });
            }
        }
        let order_by = given.get("order_by").and_then(Value::as_str);
        if order_by == Some(label) {
            return Err(RecipeError::Conflict {
                position: place("order_by", 0),
                key: "order_by".to_owned(),
                conflict: "can't be the label".to_owned(),
            });
        }
        let owned = |key: &str| strings(&given, key).map(str::to_owned).collect::<Vec<_>>();
        let columns =
            Schema::new(owned("numbers"), owned("categories")).map_err(|error| RecipeError::Conflict {
                position: start(),
                key: "numbers and categories".to_owned(),
                conflict: format!("don't fit: {error}"),
            })?;
        let format = given
            .get("format")
            .and_then(Value::as_str)
            .map(|format| match format {
                "tsv" => tables::Format::Tsv,
                "parquet" => tables::Format::Parquet,
                _ => tables::Format::Csv,
            });
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            label: label.to_owned(),
            positive: owned("positive"),
            columns,
            order_by: order_by.map(str::to_owned),
            format,
            missing: owned("missing"),
        })
    }
}

fn strings<'a>(given: &'a Table, key: &str) -> impl Iterator<Item = &'a str> {
    let values = given.get(key).and_then(Value::as_array);
    values.into_iter().flatten().filter_map(Value::as_str)
}
