//! The tree of values both of XGBoost's formats hold, and typed access that names what is missing.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{ImportError, ubjson};

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
        Some(b'"') => serde_json::from_slice(bytes).map_err(|error| ImportError::Syntax {
            offset: offset_of(bytes, error.line(), error.column()),
            problem: error.to_string(),
        }),
        Some(_) => ubjson::parse(bytes),
        None => {
            let problem = "neither XGBoost's UBJSON nor its JSON begins like this".to_owned();
            Err(ImportError::Syntax { offset: 0, problem })
        }
    }
}

fn offset_of(bytes: &[u8], line: usize, column: usize) -> usize {
    let before: usize = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    (before + column).min(bytes.len())
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

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = ArrayBuilder::new();
        while let Some(value) = sequence.next_element()? {
            values.push(value);
        }
        Ok(array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Value::Object(fields))
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

    pub(super) fn optional_text(&self, name: &str) -> Result<Option<&'value str>, ImportError> {
        self.find(name).map(|_| self.text(name)).transpose()
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

    /// An array of numbers or truth values.
    pub(super) fn numbers(&self, name: &str) -> Result<std::borrow::Cow<'value, [f64]>, ImportError> {
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
