//! What a key's value may be.

use model_export::{Cross, MAX_CROSSES};
use serde_json::json;
use toml::Value;

/// Type and domain of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Switch,
    /// A whole number from the first to the second.
    Integer(u64, u64),
    /// Above 0, at most 1.
    Share,
    /// A finite number from 0 on.
    Weight,
    /// A number above 0, at most this one.
    Positive(f64),
    /// Not empty.
    Text,
    /// A list of texts, not empty.
    Texts,
    /// One of these.
    Choice(&'static [&'static str]),
    /// How many crosses are chosen, or a list of pairs of columns.
    Crosses,
    /// A row from 1 on, or a share of the rows between 0 and 1.
    RowOrShare,
    /// A table of params by name: texts, numbers, switches.
    Params,
    /// A table of ranges by key.
    Ranges,
}

/// The greatest integer that TOML has.
pub(super) const MOST: u64 = i64::MAX as u64;

impl Kind {
    /// Whether this is a value of the type and its domain. Of [`Kind::Ranges`] only the type is looked at.
    pub fn holds(self, value: &Value) -> bool {
        match (self, value) {
            (Kind::Switch, Value::Boolean(_)) | (Kind::Ranges, Value::Table(_)) => true,
            (Kind::Integer(least, most), Value::Integer(value)) => {
                u64::try_from(*value).is_ok_and(|value| (least..=most).contains(&value))
            }
            (Kind::Share, _) => number(value).is_some_and(|value| value > 0.0 && value <= 1.0),
            (Kind::Weight, _) => number(value).is_some_and(|value| value >= 0.0 && value.is_finite()),
            (Kind::Positive(most), _) => number(value).is_some_and(|value| value > 0.0 && value <= most),
            (Kind::Text, Value::String(text)) => !text.is_empty(),
            (Kind::Texts, Value::Array(texts)) => {
                !texts.is_empty() && texts.iter().all(|text| Kind::Text.holds(text))
            }
            (Kind::Choice(choices), Value::String(text)) => choices.contains(&text.as_str()),
            (Kind::Crosses, Value::Integer(_)) => Kind::Integer(0, MAX_CROSSES as u64).holds(value),
            (Kind::Crosses, Value::Array(pairs)) => {
                let is_pair = |pair: &Value| pair.as_str().is_some_and(|pair| pair.parse::<Cross>().is_ok());
                (1..=MAX_CROSSES).contains(&pairs.len()) && pairs.iter().all(is_pair)
            }
            (Kind::RowOrShare, Value::Integer(row)) => *row >= 1,
            (Kind::RowOrShare, Value::Float(share)) => *share > 0.0 && *share < 1.0,
            (Kind::Params, Value::Table(params)) => params.values().all(is_param),
            _ => false,
        }
    }

    /// Whether values between two numbers of this domain are of it too, rounded where they have to be whole.
    pub fn is_numeric(self) -> bool {
        matches!(
            self,
            Kind::Integer(..) | Kind::Share | Kind::Weight | Kind::Positive(_)
        )
    }

    /// The domain in words, after "must be".
    pub fn expected(self) -> String {
        match self {
            Kind::Switch => "true or false".to_owned(),
            Kind::Integer(least, most) if most >= MOST => format!("a whole number from {least} on"),
            Kind::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Kind::Share => "a number above 0, at most 1".to_owned(),
            Kind::Weight => "a number of at least 0".to_owned(),
            Kind::Positive(most) => format!("a number above 0, at most {most:e}"),
            Kind::Text => "a text in quotes, not empty".to_owned(),
            Kind::Texts => "a list of texts in quotes, not empty".to_owned(),
            Kind::Choice(choices) => choices
                .iter()
                .map(|choice| format!("\"{choice}\""))
                .collect::<Vec<_>>()
                .join(" or "),
            Kind::Crosses => {
                format!("a whole number from 0 to {MAX_CROSSES}, or a list of pairs such as \"C23xC6\"")
            }
            Kind::RowOrShare => "a row, counted from 1, or a share of the rows between 0 and 1".to_owned(),
            Kind::Params => "a table of texts, numbers and switches".to_owned(),
            Kind::Ranges => "a table of ranges".to_owned(),
        }
    }

    /// The domain in JSON Schema.
    pub(super) fn schema(self) -> serde_json::Value {
        match self {
            Kind::Switch => json!({"type": "boolean"}),
            Kind::Integer(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
            Kind::Share => json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
            Kind::Weight => json!({"type": "number", "minimum": 0}),
            Kind::Positive(most) => json!({"type": "number", "exclusiveMinimum": 0, "maximum": most}),
            Kind::Text => json!({"type": "string", "minLength": 1}),
            Kind::Texts => json!({"type": "array", "items": Kind::Text.schema(), "minItems": 1}),
            Kind::Choice(choices) => json!({"enum": choices}),
            Kind::Crosses => json!({"oneOf": [
                Kind::Integer(0, MAX_CROSSES as u64).schema(),
                Kind::Texts.schema(),
            ]}),
            Kind::RowOrShare => json!({"oneOf": [
                {"type": "integer", "minimum": 1},
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            ]}),
            Kind::Params => json!({
                "type": "object",
                "additionalProperties": {"type": ["string", "number", "boolean"]},
            }),
            Kind::Ranges => json!({"type": "object", "additionalProperties": super::schema::range()}),
        }
    }
}

/// An integer or a float.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

/// Whether this can be a param of XGBoost.
pub(super) fn is_param(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Float(value) => value.is_finite(),
        Value::Integer(_) | Value::Boolean(_) => true,
        _ => false,
    }
}
