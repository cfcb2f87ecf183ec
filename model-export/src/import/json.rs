//! JSON as XGBoost writes it: with `NaN`, `Infinity` and `-Infinity` as numbers.
//!
//! Invariant: a whole number below 2^53 is exact; any other number is the `f32` nearest to its decimals, rounded
//! once, as XGBoost reads it.

use super::ImportError;
use super::value::{ArrayBuilder, MAX_LEVELS, Value, array};

/// Reads one value that fills `bytes`, blanks apart.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, ImportError> {
    let mut reader = Reader { bytes, offset: 0 };
    let value = reader.value(MAX_LEVELS)?;
    reader.skip_blanks();
    if reader.offset < bytes.len() {
        Err(reader.error("there is something after the end"))
    } else {
        Ok(value)
    }
}

struct Reader<'bytes> {
    bytes: &'bytes [u8],
    offset: usize,
}

impl<'bytes> Reader<'bytes> {
    fn error(&self, problem: &str) -> ImportError {
        ImportError::Syntax {
            offset: self.offset,
            problem: problem.to_owned(),
        }
    }

    fn rest(&self) -> &'bytes [u8] {
        &self.bytes[self.offset..]
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.offset).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.offset += 1;
        }
    }

    /// Passes over `byte`, if it is next after blanks.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        let found = self.peek() == Some(byte);
        self.offset += usize::from(found);
        found
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, ImportError> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.error("an unknown word"));
        }
        self.offset += word.len();
        Ok(value)
    }

    fn value(&mut self, levels: usize) -> Result<Value, ImportError> {
        self.skip_blanks();
        match self.peek() {
            None => Err(self.error("the file ends too early")),
            Some(b'{' | b'[') if levels == 0 => Err(self.error("values are nested too deep")),
            Some(b'{') => self.object(levels - 1),
            Some(b'[') => self.array(levels - 1),
            Some(b'"') => self.text().map(Value::Text),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'N') => self.word("NaN", Value::Number(f64::NAN)),
            Some(b'I') => self.word("Infinity", Value::Number(f64::INFINITY)),
            Some(b'-') if self.rest().starts_with(b"-I") => {
                self.word("-Infinity", Value::Number(f64::NEG_INFINITY))
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(_) => Err(self.error("expected a value")),
        }
    }

    fn object(&mut self, levels: usize) -> Result<Value, ImportError> {
        self.offset += 1;
        let mut fields = Vec::new();
        if self.take(b'}') {
            return Ok(Value::Object(fields));
        }
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a name in quotes"));
            }
            let name = self.text()?;
            if !self.take(b':') {
                return Err(self.error("expected a colon"));
            }
            fields.push((name, self.value(levels)?));
            if self.take(b'}') {
                return Ok(Value::Object(fields));
            }
            if !self.take(b',') {
                return Err(self.error("expected a comma or the end of the object"));
            }
        }
    }

    fn array(&mut self, levels: usize) -> Result<Value, ImportError> {
        self.offset += 1;
        let mut values = ArrayBuilder::new();
        if self.take(b']') {
            return Ok(array(values));
        }
        loop {
            values.push(self.value(levels)?);
            if self.take(b']') {
                return Ok(array(values));
            }
            if !self.take(b',') {
                return Err(self.error("expected a comma or the end of the array"));
            }
        }
    }

    fn number(&mut self) -> Result<f64, ImportError> {
        let is_part = |byte: &&u8| matches!(**byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E');
        let length = self.rest().iter().take_while(is_part).count();
        let text = str::from_utf8(&self.rest()[..length]).unwrap_or_default();
        let whole = text
            .parse::<i64>()
            .ok()
            .filter(|whole| whole.unsigned_abs() <= 1 << 53);
        let number = match whole {
            Some(whole) => whole as f64,
            None => match text.parse::<f32>() {
                Ok(number) => f64::from(number),
                Err(_) => return Err(self.error("a number is malformed")),
            },
        };
        self.offset += length;
        Ok(number)
    }

    /// A string in quotes, the first of which is next.
    fn text(&mut self) -> Result<String, ImportError> {
        self.offset += 1;
        let mut text = Vec::new();
        loop {
            let plain = self
                .rest()
                .iter()
                .take_while(|byte| !matches!(byte, b'"' | b'\\'))
                .count();
            text.extend_from_slice(&self.rest()[..plain]);
            self.offset += plain;
            match self.peek() {
                None => return Err(self.error("a string has no end")),
                Some(b'"') => break,
                Some(_) => text.extend(self.escape()?.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        let text = String::from_utf8(text).map_err(|_| self.error("a string is not UTF-8"))?;
        self.offset += 1;
        Ok(text)
    }

    fn escape(&mut self) -> Result<char, ImportError> {
        let escaped = self.bytes.get(self.offset + 1).copied();
        let character = match escaped {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code_point(),
            _ => return Err(self.error("an unknown escape")),
        };
        self.offset += 2;
        Ok(character)
    }

    /// `\uXXXX`, or two of them that stand for one character.
    fn code_point(&mut self) -> Result<char, ImportError> {
        let unit = |at: usize| {
            let digits = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
            let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
            u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
        };
        let units = [unit(self.offset), unit(self.offset + 6)];
        let character = char::decode_utf16(units.into_iter().map_while(|unit| unit)).next();
        match character {
            Some(Ok(character)) => {
                self.offset += 6 * character.len_utf16();
                Ok(character)
            }
            _ => Err(self.error("an unknown escape")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_numbers_round_once_and_may_be_infinite() {
        // Halfway between two f32 but for its last digit: through f64 it would round the other way.
        for (text, bits) in [
            ("1.00000005960464477540", 0x3f80_0001_u32),
            ("1.0000000596046448", 0x3f80_0001),
            ("16777217", 0x4b80_0000),
            ("-0E0", 0x8000_0000),
            ("1E-45", 1),
            ("3.4028235E38", 0x7f7f_ffff),
            ("1e39", 0x7f80_0000),
            ("Infinity", 0x7f80_0000),
            ("-Infinity", 0xff80_0000),
        ] {
            let Value::Numbers(numbers) = parse(format!("[{text}]").as_bytes()).unwrap() else {
                panic!("{text}")
            };
            assert_eq!((numbers[0] as f32).to_bits(), bits, "{text}");
        }
        for malformed in [
            "[-]", "[1.]x", "[.5]", "[+1]", "[1e]", "[--1]", "[nan]", "[Inf]", "[1,]", "[,]", "[1 2]",
        ] {
            assert!(parse(malformed.as_bytes()).is_err(), "{malformed}");
        }
    }

    #[test]
    fn json_strings_have_escapes() {
        let text = |json: &str| match parse(json.as_bytes()) {
            Ok(Value::Text(text)) => Some(text),
            _ => None,
        };
        assert_eq!(
            text(r#""a\"\\\/\b\f\n\r\té\u00e9\u20AC\ud83d\ude00""#).as_deref(),
            Some("a\"\\/\u{8}\u{c}\n\r\té\u{e9}\u{20ac}\u{1f600}")
        );
        for malformed in [
            r#"""#,
            r#""\"#,
            r#""\x""#,
            r#""\u12""#,
            r#""\u12g4""#,
            r#""\ud83d""#,
            r#""\ud83d\u0041""#,
        ] {
            assert_eq!(text(malformed), None, "{malformed}");
        }
        assert!(parse(b"\"\xff\"").is_err());
    }
}
