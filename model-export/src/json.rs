//! JSON to a tree of values: a small reader, since a page has to carry it.
//!
//! Derived deserializers and a table of powers for exact numbers would be a fifth of the page. Here a number stays
//! text until it is asked for, and is then rounded once, by `json/decimal.rs`.
//!
//! Invariant: exactly the texts of RFC 8259 are read, nested at most 64 levels deep; a value takes memory in
//! proportion to its text.
//!
//! ```
//! use model_export::json::Value;
//! let value = Value::parse(br#"{"a": [1, 0.1, "\u00e9"]}"#).unwrap();
//! let items = value.get("a").and_then(Value::items).unwrap();
//! assert_eq!(items[0].as_i64(), Some(1));
//! assert_eq!(items[1].as_f64(), Some(0.1));
//! assert_eq!(items[2].as_str(), Some("é"));
//! ```

mod decimal;
mod text;

use std::ops::Index;

use thiserror::Error;

/// Levels of arrays and objects.
const MAX_LEVELS: u32 = 64;

/// Any JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A text without its quotes and escapes.
    Text(String),
    /// The values in their order.
    Array(Vec<Value>),
    /// Names and values in their order; a name may come twice.
    Object(Vec<(String, Value)>),
}

/// Where a text stops being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not JSON from byte {offset} on")]
pub struct JsonError {
    /// The first byte that does not belong there; the length of the text where more was expected.
    pub offset: usize,
}

impl Value {
    /// Reads a whole text.
    pub fn parse(text: &[u8]) -> Result<Self, JsonError> {
        if let Err(error) = str::from_utf8(text) {
            let offset = error.valid_up_to();
            return Err(JsonError { offset });
        }
        let mut reader = Reader { text, offset: 0 };
        let value = reader.value(MAX_LEVELS);
        if value.is_some() {
            reader.skip_blanks();
        }
        match value {
            Some(value) if reader.offset == text.len() => Ok(value),
            _ => Err(JsonError {
                offset: reader.offset,
            }),
        }
    }

    /// The value of this name in an object, the last one of several.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let named = self.fields()?.iter().rev().find(|(found, _)| found == name);
        named.map(|(_, value)| value)
    }

    /// Names and values of an object.
    pub fn fields(&self) -> Option<&[(String, Value)]> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// The values of an array.
    pub fn items(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// A text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A number that is written as a whole one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A number that is written as a whole one and fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The `f64` nearest to a number, the even one of two as near; `None` beyond the largest.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(text) => decimal::nearest(text).filter(|value| value.is_finite()),
            _ => None,
        }
    }
}

/// The field of this name; `null` where there is none.
impl Index<&str> for Value {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

struct Reader<'a> {
    text: &'a [u8],
    offset: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.offset).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.offset += 1;
        }
    }

    /// Passes over this byte if it is next.
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.offset += 1)
    }

    /// On failure the offset stays at the byte that does not belong.
    fn value(&mut self, levels: u32) -> Option<Value> {
        self.skip_blanks();
        match self.peek()? {
            b'{' => self.object(levels.checked_sub(1)?),
            b'[' => self.array(levels.checked_sub(1)?),
            b'"' => self.string().map(Value::Text),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        for byte in word.bytes() {
            self.take(byte)?;
        }
        Some(value)
    }

    fn array(&mut self, levels: u32) -> Option<Value> {
        let mut items = Vec::new();
        self.offset += 1;
        self.skip_blanks();
        if self.take(b']').is_none() {
            loop {
                items.push(self.value(levels)?);
                self.skip_blanks();
                if self.take(b',').is_none() {
                    break self.take(b']')?;
                }
            }
        }
        Some(Value::Array(items))
    }

    fn object(&mut self, levels: u32) -> Option<Value> {
        let mut fields = Vec::new();
        self.offset += 1;
        self.skip_blanks();
        if self.take(b'}').is_none() {
            loop {
                self.skip_blanks();
                let name = self.string()?;
                self.skip_blanks();
                self.take(b':')?;
                fields.push((name, self.value(levels)?));
                self.skip_blanks();
                if self.take(b',').is_none() {
                    break self.take(b'}')?;
                }
            }
        }
        Some(Value::Object(fields))
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.offset;
        let _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.offset += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.offset += 1;
            }
            self.digits()?;
        }
        let text = str::from_utf8(&self.text[start..self.offset]).ok()?;
        Some(Value::Number(text.to_owned()))
    }

    /// At least one.
    fn digits(&mut self) -> Option<()> {
        let start = self.offset;
        while let Some(b'0'..=b'9') = self.peek() {
            self.offset += 1;
        }
        (self.offset > start).then_some(())
    }
}

#[cfg(test)]
mod tests;
