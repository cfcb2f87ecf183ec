//! The provenance section of version 0: JSON in the one form that it was written in, without white space and with its
//! fields in their order.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::decimal;
use crate::format::FormatError;
use crate::format::container::Kind;
use crate::provenance::Provenance;

pub(super) fn read(bytes: &[u8]) -> Result<Provenance, FormatError> {
    let mut json = Json { bytes, at: 0 };
    let provenance = Provenance {
        model_name: json.text_of("{\"model_name\":")?,
        experiment_name: json.text_of(",\"experiment_name\":")?,
        run_id: json.text_of(",\"run_id\":")?,
        run_name: json.text_of(",\"run_name\":")?,
        artifact_uri: json.text_of(",\"artifact_uri\":")?,
        booster_sha256: json.text_of(",\"booster_sha256\":")?,
        dataset_name: json.text_of(",\"dataset_name\":")?,
        dataset_digest: json.text_of(",\"dataset_digest\":")?,
        training_rows: json.number_of(",\"training_rows\":")?,
        trained_at_ms: json.number_of(",\"trained_at_ms\":")?,
        engine: json.text_of(",\"engine\":")?,
        trainer_version: json.text_of(",\"trainer_version\":")?,
        params: json.map_of(",\"params\":", |json| json.text())?,
        metrics: json.map_of(",\"metrics\":", |json| json.number(decimal::parse))?,
    };
    json.expect("}")?;
    if json.at < bytes.len() {
        return Err(json.error("there are bytes after the end"));
    }
    Ok(provenance)
}

struct Json<'bytes> {
    bytes: &'bytes [u8],
    at: usize,
}

impl Json<'_> {
    fn text_of(&mut self, name: &str) -> Result<String, FormatError> {
        self.expect(name)?;
        self.text()
    }

    fn number_of<Number: FromStr>(&mut self, name: &str) -> Result<Number, FormatError> {
        self.expect(name)?;
        self.number(|text| text.parse().ok())
    }

    fn map_of<Value>(
        &mut self,
        name: &str,
        value: impl Fn(&mut Self) -> Result<Value, FormatError>,
    ) -> Result<BTreeMap<String, Value>, FormatError> {
        self.expect(name)?;
        self.expect("{")?;
        let mut map = BTreeMap::new();
        while !self.skip("}") {
            if !map.is_empty() {
                self.expect(",")?;
            }
            let name = self.text_of("")?;
            self.expect(":")?;
            if map.last_key_value().is_some_and(|(last, _)| *last >= name) {
                return Err(self.error("names are not in ascending order"));
            }
            map.insert(name, value(self)?);
        }
        Ok(map)
    }

    fn text(&mut self) -> Result<String, FormatError> {
        self.expect("\"")?;
        let mut text = Vec::new();
        loop {
            match self.byte()? {
                b'"' => break,
                b'\\' => text.push(self.escaped()?),
                0..0x20 => return Err(self.error("a control character is not escaped")),
                byte => text.push(byte),
            }
        }
        String::from_utf8(text).map_err(|_| self.error("a text is not UTF-8"))
    }

    fn escaped(&mut self) -> Result<u8, FormatError> {
        let byte = match self.byte()? {
            byte @ (b'"' | b'\\') => byte,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'f' => 12,
            b'r' => b'\r',
            b'u' if self.skip("00") => {
                let digits = [self.byte()?, self.byte()?].map(|digit| char::from(digit).to_digit(16));
                match digits {
                    [Some(high), Some(low)] if high < 2 => (high << 4 | low) as u8,
                    _ => return Err(self.error("a character is escaped that is no control character")),
                }
            }
            _ => return Err(self.error("a character is escaped in an unknown way")),
        };
        Ok(byte)
    }

    fn number<Number>(&mut self, parse: impl Fn(&str) -> Option<Number>) -> Result<Number, FormatError> {
        let rest = &self.bytes[self.at..];
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e');
        let length = rest.iter().position(|byte| !is_digit(byte)).unwrap_or(rest.len());
        let number = std::str::from_utf8(&rest[..length]).ok();
        let number = number.and_then(parse);
        let number = number.ok_or_else(|| self.error("a number is not one"))?;
        self.at += length;
        Ok(number)
    }

    fn byte(&mut self) -> Result<u8, FormatError> {
        let byte = self.bytes.get(self.at).copied();
        let byte = byte.ok_or_else(|| self.error("the section ends too early"))?;
        self.at += 1;
        Ok(byte)
    }

    fn expect(&mut self, text: &str) -> Result<(), FormatError> {
        if self.skip(text) {
            Ok(())
        } else {
            Err(self.error("this is not the form of a provenance"))
        }
    }

    fn skip(&mut self, text: &str) -> bool {
        let found = self.bytes[self.at..].starts_with(text.as_bytes());
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn error(&self, problem: &'static str) -> FormatError {
        FormatError::Section {
            section: Kind::Provenance.name(),
            offset: self.at,
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn provenance() -> impl Strategy<Value = Provenance> {
        let text = || any::<String>();
        let metric = any::<f64>().prop_filter("finite", |value| value.is_finite());
        (
            prop::array::uniform10(text()),
            any::<u64>(),
            any::<i64>(),
            prop::collection::btree_map(text(), text(), 0..4),
            prop::collection::btree_map(text(), metric, 0..4),
        )
            .prop_map(|(texts, training_rows, trained_at_ms, params, metrics)| {
                let [
                    model_name,
                    experiment_name,
                    run_id,
                    run_name,
                    artifact_uri,
                    booster_sha256,
                    dataset_name,
                    dataset_digest,
                    engine,
                    trainer_version,
                ] = texts;
                Provenance {
                    model_name,
                    experiment_name,
                    run_id,
                    run_name,
                    artifact_uri,
                    booster_sha256,
                    dataset_name,
                    dataset_digest,
                    training_rows,
                    trained_at_ms,
                    engine,
                    trainer_version,
                    params,
                    metrics,
                }
            })
    }

    proptest! {
        #[test]
        fn what_was_written_as_json_is_read(provenance in provenance(), cut in any::<prop::sample::Index>()) {
            let json = serde_json::to_vec(&provenance).unwrap();
            prop_assert_eq!(read(&json).unwrap(), provenance);
            prop_assert!(read(&json[..cut.index(json.len())]).is_err());
            prop_assert!(read(&[&json[..], b" "].concat()).is_err());
        }

        #[test]
        fn changes_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut json = serde_json::to_vec(&Provenance::default()).unwrap();
            let at = at.index(json.len());
            json[at] = byte;
            let _ = read(&json);
        }
    }
}
