//! UBJSON (draft 12) as far as XGBoost writes it: big-endian numbers, counted and typed arrays.
//!
//! Invariant: nothing is allocated for more elements than the bytes that remain could hold.

use super::ImportError;
use super::value::{ArrayBuilder, MAX_LEVELS, Value, array};

/// Reads one value that fills `bytes`.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, ImportError> {
    let mut reader = Reader { bytes, offset: 0 };
    let marker = reader.marker()?;
    let value = reader.value(marker, MAX_LEVELS)?;
    if reader.offset < bytes.len() {
        Err(reader.error("there are bytes after the end"))
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

    fn take(&mut self, length: usize) -> Result<&'bytes [u8], ImportError> {
        let taken = self.bytes[self.offset..]
            .get(..length)
            .ok_or_else(|| self.error("the file ends too early"))?;
        self.offset += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ImportError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, ImportError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next marker; no-ops between values are passed over.
    fn marker(&mut self) -> Result<u8, ImportError> {
        loop {
            match self.byte()? {
                b'N' => {}
                marker => return Ok(marker),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.offset).copied()
    }

    fn value(&mut self, marker: u8, levels: usize) -> Result<Value, ImportError> {
        match marker {
            b'Z' => Ok(Value::Null),
            b'T' => Ok(Value::Bool(true)),
            b'F' => Ok(Value::Bool(false)),
            b'S' | b'H' => self.text().map(Value::Text),
            b'C' => Ok(Value::Text(char::from(self.byte()?).to_string())),
            b'[' | b'{' if levels == 0 => Err(self.error("values are nested too deeply")),
            b'[' => self.array_value(levels - 1),
            b'{' => self.object_value(levels - 1),
            _ => self.number(marker).map(Value::Number),
        }
    }

    fn number(&mut self, marker: u8) -> Result<f64, ImportError> {
        Ok(match marker {
            b'i' => f64::from(i8::from_be_bytes(self.array()?)),
            b'U' => f64::from(self.byte()?),
            b'I' => f64::from(i16::from_be_bytes(self.array()?)),
            b'l' => f64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?) as f64,
            b'd' => f64::from(f32::from_be_bytes(self.array()?)),
            b'D' => f64::from_be_bytes(self.array()?),
            _ => return Err(self.error("an unknown type of value")),
        })
    }

    /// A count or length: an integer of any width, which must not be more than the bytes that remain.
    fn length(&mut self) -> Result<usize, ImportError> {
        let length = match self.byte()? {
            marker @ (b'i' | b'U' | b'I' | b'l' | b'L') => self.number(marker)?,
            _ => return Err(self.error("expected a length")),
        };
        if length < 0.0 || length > (self.bytes.len() - self.offset) as f64 {
            return Err(self.error("a length reaches past the end of the file"));
        }
        Ok(length as usize)
    }

    fn text(&mut self) -> Result<String, ImportError> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| self.error("a string is not UTF-8"))
    }

    /// Type and count that an array or object may begin with.
    fn shape(&mut self) -> Result<(Option<u8>, Option<usize>), ImportError> {
        let mut kind = None;
        if self.peek() == Some(b'$') {
            self.offset += 1;
            kind = Some(self.byte()?);
        }
        if self.peek() == Some(b'#') {
            self.offset += 1;
            return Ok((kind, Some(self.length()?)));
        }
        if kind.is_some() {
            Err(self.error("a typed array has no count"))
        } else {
            Ok((None, None))
        }
    }

    fn array_value(&mut self, levels: usize) -> Result<Value, ImportError> {
        match self.shape()? {
            (Some(kind), Some(count)) => self.typed_array(kind, count),
            (_, Some(count)) => {
                let mut values = ArrayBuilder::new();
                for _ in 0..count {
                    let marker = self.marker()?;
                    values.push(self.value(marker, levels)?);
                }
                Ok(array(values))
            }
            (_, None) => {
                let mut values = ArrayBuilder::new();
                loop {
                    match self.marker()? {
                        b']' => return Ok(array(values)),
                        marker => values.push(self.value(marker, levels)?),
                    }
                }
            }
        }
    }

    fn typed_array(&mut self, kind: u8, count: usize) -> Result<Value, ImportError> {
        let width = match kind {
            b'i' | b'U' => 1,
            b'I' => 2,
            b'l' | b'd' => 4,
            b'L' | b'D' => 8,
            _ => return Err(self.error("a typed array of values that are not numbers")),
        };
        if count > (self.bytes.len() - self.offset) / width {
            return Err(self.error("an array reaches past the end of the file"));
        }
        (0..count)
            .map(|_| self.number(kind))
            .collect::<Result<_, _>>()
            .map(Value::Numbers)
    }

    fn object_value(&mut self, levels: usize) -> Result<Value, ImportError> {
        let (kind, count) = self.shape()?;
        if kind.is_some() {
            return Err(self.error("an object of one type of value"));
        }
        let mut fields = Vec::new();
        while count.is_none_or(|count| fields.len() < count) {
            if count.is_none() && self.peek() == Some(b'}') {
                self.offset += 1;
                break;
            }
            let name = self.text()?;
            let marker = self.marker()?;
            fields.push((name, self.value(marker, levels)?));
        }
        Ok(Value::Object(fields))
    }
}
