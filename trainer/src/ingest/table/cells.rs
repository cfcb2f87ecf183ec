//! Labels and the values that rows are ordered by.

use std::cmp::Ordering;

/// What a label without positive values of its own may be.
const YES: [&str; 2] = ["1", "true"];
const NO: [&str; 2] = ["0", "false"];

/// Whether a label is positive: one of `positive`, or by default a 1 or true where a 0 or false is not.
pub(super) fn is_positive(label: Option<&[u8]>, positive: &[String]) -> Result<bool, String> {
    let expected = match positive {
        [] => "expected 0, 1, false or true",
        _ => "expected a label",
    };
    let label = label.ok_or_else(|| format!("{expected}, found nothing"))?;
    let is_one_of = |values: &[&str], same: fn(&str, &str) -> bool| {
        str::from_utf8(label).is_ok_and(|label| values.iter().any(|value| same(label, value)))
    };
    if !positive.is_empty() {
        let positive: Vec<&str> = positive.iter().map(String::as_str).collect();
        return Ok(is_one_of(&positive, equal));
    }
    let alike: fn(&str, &str) -> bool =
        |label, value| label.eq_ignore_ascii_case(value) || equal(label, value);
    match (is_one_of(&YES, alike), is_one_of(&NO, alike)) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(format!(
            "{expected}, found \"{}\"; a schema with positive = [...] says what counts",
            tables::excerpt(label)
        )),
    }
}

/// As texts, or as numbers: programs write a label of 1 as `1.0` too.
fn equal(label: &str, value: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    label == value || number(label).is_some_and(|label| number(value) == Some(label))
}

/// What the rows so far came to.
#[derive(Debug, Default)]
pub(super) struct Order {
    last: Option<Value>,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Integer(i64),
    Number(f64),
    Text(Vec<u8>),
}

impl Order {
    /// Takes the next row's value, which must not be less than the one before: as a number if both are, else as text.
    pub(super) fn follow(&mut self, text: &[u8]) -> Result<(), String> {
        let value = Value::of(text);
        if let Some(last) = &self.last {
            let shown = |value: &Value| match value {
                Value::Integer(value) => value.to_string(),
                Value::Number(value) => value.to_string(),
                Value::Text(text) => format!("\"{}\"", tables::excerpt(text)),
            };
            match last.compare(&value) {
                Some(Ordering::Less | Ordering::Equal) => {}
                Some(Ordering::Greater) => {
                    return Err(format!(
                        "{} comes after {}: rows must be in this column's order",
                        shown(&value),
                        shown(last)
                    ));
                }
                None => {
                    return Err(format!(
                        "{} can't be compared with {} of the row before",
                        shown(&value),
                        shown(last)
                    ));
                }
            }
        }
        self.last = Some(value);
        Ok(())
    }
}

impl Value {
    fn of(text: &[u8]) -> Self {
        let trimmed = str::from_utf8(text).map(str::trim).unwrap_or_default();
        if let Ok(value) = trimmed.parse() {
            return Value::Integer(value);
        }
        match trimmed.parse::<f64>() {
            Ok(value) if value.is_finite() => Value::Number(value),
            _ => Value::Text(text.to_vec()),
        }
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
            (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
            (Value::Text(_), _) | (_, Value::Text(_)) => None,
            (left, right) => left.number().partial_cmp(&right.number()),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Value::Integer(value) => *value as f64,
            Value::Number(value) => *value,
            Value::Text(_) => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_what_the_schema_says() {
        let of = |label: &str, positive: &[&str]| {
            let positive: Vec<String> = positive.iter().map(ToString::to_string).collect();
            is_positive(Some(label.as_bytes()), &positive)
        };
        for (label, expected) in [
            ("1", true),
            ("True", true),
            ("1.0", true),
            ("0", false),
            ("FALSE", false),
        ] {
            assert_eq!(of(label, &[]), Ok(expected), "{label}");
        }
        assert!(
            of("2", &[])
                .unwrap_err()
                .contains("expected 0, 1, false or true, found \"2\"")
        );
        assert!(is_positive(None, &["yes".to_owned()]).is_err());
        for (label, expected) in [("yes", true), ("5.0", true), ("no", false), ("1", false)] {
            assert_eq!(of(label, &["yes", "5"]), Ok(expected), "{label}");
        }
    }

    #[test]
    fn values_must_not_fall() {
        let falls = |values: &[&str]| {
            let mut order = Order::default();
            values
                .iter()
                .position(|value| order.follow(value.as_bytes()).is_err())
        };
        assert_eq!(falls(&["9", "10", "10", "10.5", "11"]), None);
        assert_eq!(falls(&["9007199254740993", "9007199254740992"]), Some(1));
        assert_eq!(falls(&["2024-01-09", "2024-01-10", "2024-01-09"]), Some(2));
        assert_eq!(falls(&["9", "10", "1e1", "9.5"]), Some(3));
        assert_eq!(falls(&["1", "monday"]), Some(1));
    }
}
