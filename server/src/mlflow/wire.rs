//! Requests: proto3-JSON in a body, or a query string, read field by field.
//!
//! Text is strict, 64-bit numbers may be text, `NaN` and infinities are text, enumerations are names or numbers, fields
//! that nobody asks for are ignored. A field of the wrong type is told with MLflow's words. `null` counts as absent, and
//! so does an empty text where a field is required.

mod read;

use serde_json::{Map, Value};

use super::error::MlflowError;

/// A request's fields, or those of a message within it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    fields: Map<String, Value>,
    /// Where the message stands in the request, such as `metrics[0].`; empty for the request itself.
    path: String,
    /// A query string has no lists, only fields that occur several times.
    is_query: bool,
}

impl Message {
    /// A text; `None` when it is absent, empty texts are kept.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, MlflowError> {
        match self.scalar(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.contains('\0') => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, other)),
        }
    }

    /// A text that must be there and not be empty.
    pub(crate) fn required_text(&self, name: &str) -> Result<&str, MlflowError> {
        self.text(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| self.missing(name))
    }

    /// `run_id`, which older clients call `run_uuid`.
    pub(crate) fn run_id(&self) -> Result<&str, MlflowError> {
        match self.text("run_id")? {
            Some(run_id) if !run_id.is_empty() => Ok(run_id),
            None => self
                .text("run_uuid")?
                .filter(|run_id| !run_id.is_empty())
                .ok_or_else(|| self.missing("run_id")),
            Some(_) => Err(self.missing("run_id")),
        }
    }

    /// A whole number, also as text.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, MlflowError> {
        let Some(value) = self.scalar(name) else {
            return Ok(None);
        };
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9.2e18).then_some(number as i64);
        let number = match value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| self.wrong(name, value))
    }

    /// A whole number that must be there.
    pub(crate) fn required_integer(&self, name: &str) -> Result<i64, MlflowError> {
        self.check_required(name)?;
        self.integer(name)?.ok_or_else(|| self.missing(name))
    }

    /// A number that must be there, also as text, with `NaN`, `Infinity` and `-Infinity`.
    pub(crate) fn required_number(&self, name: &str) -> Result<f64, MlflowError> {
        self.check_required(name)?;
        let Some(value) = self.scalar(name) else {
            return Err(self.missing(name));
        };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => match text.as_str() {
                "NaN" => Some(f64::NAN),
                "Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                text if text.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')) => None,
                text => text.trim().parse().ok(),
            },
            _ => None,
        };
        number.ok_or_else(|| self.wrong(name, value))
    }

    /// `true` or `false`; in a query string as text.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, MlflowError> {
        match self.scalar(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(Value::String(text)) if self.is_query => match text.to_ascii_lowercase().as_str() {
                "true" => Ok(Some(true)),
                "false" => Ok(Some(false)),
                _ => Err(MlflowError::invalid(format!(
                    "Invalid boolean value: {text}, must be 'true' or 'false'."
                ))),
            },
            Some(other) => Err(self.wrong(name, other)),
        }
    }

    /// One of `names`, by name or by number. Returns the name.
    pub(crate) fn enumeration(
        &self,
        name: &str,
        names: &[(i64, &'static str)],
    ) -> Result<Option<&'static str>, MlflowError> {
        let Some(value) = self.scalar(name) else {
            return Ok(None);
        };
        let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
        let found = names
            .iter()
            .find(|(of, text)| value.as_str() == Some(text) || number == Some(*of));
        match found {
            Some((_, text)) => Ok(Some(text)),
            None => Err(self.wrong(name, value)),
        }
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, MlflowError> {
        let Some(list) = self.list(name)? else {
            return Ok(Vec::new());
        };
        let texts = list.iter().map(|value| match value {
            Value::String(text) if !text.contains('\0') => Ok(text.clone()),
            _ => Err(self.wrong(name, &Value::Array(list.clone()))),
        });
        texts.collect()
    }

    /// The messages of a list.
    pub(crate) fn messages(&self, name: &str) -> Result<Vec<Message>, MlflowError> {
        let Some(list) = self.list(name)? else {
            return Ok(Vec::new());
        };
        let messages = list.iter().enumerate().map(|(index, value)| match value {
            Value::Object(fields) => Ok(Message {
                fields: fields.clone(),
                path: format!("{}{name}[{index}].", self.path),
                is_query: false,
            }),
            _ => Err(self.wrong(name, &Value::Array(list.clone()))),
        });
        messages.collect()
    }

    /// The message in a field.
    pub(crate) fn message(&self, name: &str) -> Result<Option<Message>, MlflowError> {
        match self.scalar(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Message {
                fields: fields.clone(),
                path: format!("{}{name}.", self.path),
                is_query: false,
            })),
            Some(other) => Err(self.wrong(name, other)),
        }
    }

    /// Pairs of `key` and `value`, such as tags and params. The key must be there, an absent value is empty.
    pub(crate) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, MlflowError> {
        let pair = |message: &Message| {
            Ok((
                message.required_text("key")?.to_owned(),
                message.text("value")?.unwrap_or_default().to_owned(),
            ))
        };
        self.messages(name)?.iter().map(pair).collect()
    }

    /// Whether the field is in the request, whatever it holds.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.scalar(name).is_some()
    }

    /// A field's name with where it stands.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// The error of a required field that isn't there.
    pub(crate) fn missing(&self, name: &str) -> MlflowError {
        MlflowError::invalid(format!(
            "Missing value for required parameter '{}{name}'. See the API docs for more information about request \
             parameters.",
            self.path
        ))
    }

    /// The error of a field whose value is out of its domain.
    pub(crate) fn refused(&self, name: &str) -> MlflowError {
        self.wrong(name, self.scalar(name).unwrap_or(&Value::Null))
    }

    fn wrong(&self, name: &str, value: &Value) -> MlflowError {
        let kind = match value {
            Value::Null => "NoneType",
            Value::Bool(_) => "bool",
            Value::Number(number) if number.is_f64() => "float",
            Value::Number(_) => "int",
            Value::String(_) => "str",
            Value::Array(_) => "list",
            Value::Object(_) => "dict",
        };
        MlflowError::invalid(format!(
            "Invalid value {} for parameter '{}{name}' supplied:  Hint: Value was of type '{kind}'. See the API docs for \
             more information about request parameters.",
            ascii(value),
            self.path
        ))
    }

    fn check_required(&self, name: &str) -> Result<(), MlflowError> {
        match self.scalar(name) {
            None => Err(self.missing(name)),
            Some(Value::String(text)) if text.is_empty() => Err(self.missing(name)),
            Some(_) => Ok(()),
        }
    }

    fn scalar(&self, name: &str) -> Option<&Value> {
        match self.fields.get(name)? {
            Value::Array(list) if self.is_query => list.first(),
            Value::Null => None,
            value => Some(value),
        }
    }

    fn list(&self, name: &str) -> Result<Option<&Vec<Value>>, MlflowError> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(other) => Err(self.wrong(name, other)),
        }
    }
}

/// Compact JSON with everything beyond ASCII escaped, as Python prints it.
pub(crate) fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        if c.is_ascii() {
            text.push(c);
            continue;
        }
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}
