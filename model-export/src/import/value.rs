//! The tree of values both of XGBoost's formats hold, and typed access that names what is missing.

use std::borrow::Cow;

use super::{ImportError, json, ubjson};

/// A value of either format. Numbers of an array are kept packed; an `f32` or an integer below 2^53 is exact.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Numbers(Vec<f64>),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// Levels of arrays and objects.
pub(super) const MAX_LEVELS: usize = 64;

/// Reads JSON or UBJSON. Both begin an object with `{`; a name follows with a quote only in JSON.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, ImportError> {
    let after_brace = bytes
        .strip_prefix(b"{")
        .and_then(|rest| rest.iter().find(|byte| !byte.is_ascii_whitespace()));
    match after_brace {
        Some(b'"') => json::parse(bytes),
        Some(_) => ubjson::parse(bytes),
        None => {
            let problem = "neither XGBoost's UBJSON nor its JSON begins like this".to_owned();
            Err(ImportError::Syntax { offset: 0, problem })
        }
    }
}

/// The array's values, packed where all of them are numbers.
pub(super) fn array(values: ArrayBuilder) -> Value {
    match values {
        ArrayBuilder::Numbers(numbers) => Value::Numbers(numbers),
        ArrayBuilder::Values(values) => Value::Array(values),
    }
}

/// Gathers an array whose kind shows as it grows.
pub(super) enum ArrayBuilder {
    Numbers(Vec<f64>),
    Values(Vec<Value>),
}

impl ArrayBuilder {
    pub(super) fn new() -> Self {
        Self::Numbers(Vec::new())
    }

    pub(super) fn push(&mut self, value: Value) {
        match (&mut *self, value) {
            (Self::Numbers(numbers), Value::Number(number)) => numbers.push(number),
            (Self::Numbers(numbers), value) => {
                let mut values: Vec<Value> = numbers.drain(..).map(Value::Number).collect();
                values.push(value);
                *self = Self::Values(values);
            }
            (Self::Values(values), value) => values.push(value),
        }
    }
}

/// An object and the path that leads to it.
pub(super) struct Object<'value> {
    path: String,
    fields: &'value [(String, Value)],
}

impl<'value> Object<'value> {
    pub(super) fn new(path: &str, value: &'value Value) -> Result<Self, ImportError> {
        match value {
            Value::Object(fields) => Ok(Self {
                path: path.to_owned(),
                fields,
            }),
            _ => Err(ImportError::Field {
                path: path.to_owned(),
                problem: "expected an object".to_owned(),
            }),
        }
    }

    pub(super) fn error(&self, name: &str, problem: &str) -> ImportError {
        ImportError::Field {
            path: self.path_of(name),
            problem: problem.to_owned(),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub(super) fn object(&self, name: &str) -> Result<Object<'value>, ImportError> {
        Object::new(&self.path_of(name), self.field(name)?)
    }

    pub(super) fn optional_object(&self, name: &str) -> Result<Option<Object<'value>>, ImportError> {
        self.find(name)
            .map(|value| Object::new(&self.path_of(name), value))
            .transpose()
    }

    pub(super) fn text(&self, name: &str) -> Result<&'value str, ImportError> {
        match self.field(name)? {
            Value::Text(text) => Ok(text),
            _ => Err(self.error(name, "expected a string")),
        }
    }

    /// A whole number, which XGBoost writes as a string.
    pub(super) fn count(&self, name: &str) -> Result<usize, ImportError> {
        self.text(name)?
            .parse()
            .map_err(|_| self.error(name, "expected a whole number"))
    }

    pub(super) fn array(&self, name: &str) -> Result<&'value [Value], ImportError> {
        match self.field(name)? {
            Value::Array(values) => Ok(values),
            Value::Numbers(numbers) if numbers.is_empty() => Ok(&[]),
            _ => Err(self.error(name, "expected an array")),
        }
    }

    /// An array of strings; empty where it is absent.
    pub(super) fn optional_texts(&self, name: &str) -> Result<Vec<String>, ImportError> {
        if !self.has(name) {
            return Ok(Vec::new());
        }
        let text = |value: &Value| match value {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(self.error(name, "expected an array of strings")),
        };
        self.array(name)?.iter().map(text).collect()
    }

    /// An array of numbers or truth values.
    pub(super) fn numbers(&self, name: &str) -> Result<Cow<'value, [f64]>, ImportError> {
        match self.field(name)? {
            Value::Numbers(numbers) => Ok(numbers.into()),
            Value::Array(values) => {
                let number = |value: &Value| match value {
                    Value::Bool(value) => Ok(f64::from(u8::from(*value))),
                    Value::Number(number) => Ok(*number),
                    _ => Err(self.error(name, "expected an array of numbers")),
                };
                values
                    .iter()
                    .map(number)
                    .collect::<Result<Vec<_>, _>>()
                    .map(Into::into)
            }
            _ => Err(self.error(name, "expected an array of numbers")),
        }
    }

    pub(super) fn integers(&self, name: &str) -> Result<Vec<i64>, ImportError> {
        Ok(self.numbers(name)?.iter().map(|number| *number as i64).collect())
    }

    fn field(&self, name: &str) -> Result<&'value Value, ImportError> {
        self.find(name)
            .ok_or_else(|| self.error(name, "the field is absent"))
    }

    fn find(&self, name: &str) -> Option<&'value Value> {
        self.fields
            .iter()
            .rev()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value)
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }
}
