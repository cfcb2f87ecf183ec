//! Which values stand for a missing one.

use crate::parse::number;

/// Nothing, and what --missing names: as text, and as a number if it is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Missing {
    texts: Vec<String>,
    numbers: Vec<f64>,
}

impl Missing {
    pub(crate) fn new(values: &[String]) -> Self {
        Self {
            texts: values.to_vec(),
            numbers: values
                .iter()
                .filter_map(|value| value.trim().parse().ok())
                .collect(),
        }
    }

    /// Whether a cell is missing by its text.
    pub(crate) fn is_text(&self, cell: &[u8]) -> bool {
        cell.is_empty() || self.texts.iter().any(|text| text.as_bytes() == cell)
    }

    pub(crate) fn is_number(&self, value: f64) -> bool {
        self.numbers.contains(&value)
    }

    /// The number in a cell, NaN if it stands for a missing one.
    pub(crate) fn number(&self, cell: &[u8]) -> Result<f32, String> {
        let value = number(cell)?;
        let missing = self.numbers.iter().any(|missing| *missing as f32 == value);
        Ok(if missing { f32::NAN } else { value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_known_by_text_and_by_number() {
        let missing = Missing::new(&["NA".to_owned(), "-999".to_owned()]);
        assert!(missing.is_text(b"") && missing.is_text(b"NA") && missing.is_text(b"-999"));
        assert!(!missing.is_text(b"NAN") && missing.is_number(-999.0) && !missing.is_number(0.0));
        let bits = |text: &str| missing.number(text.as_bytes()).map(f32::to_bits);
        for text in ["-999.0", "-9.99e2", "nan", "NaN"] {
            assert!(missing.number(text.as_bytes()).unwrap().is_nan(), "{text}");
        }
        assert_eq!(bits(" 0.1 "), Ok(0.1_f32.to_bits()));
        assert_eq!(bits("-0"), Ok((-0.0_f32).to_bits()));
        assert_eq!(
            bits("1x"),
            Err("expected a number or nothing, found \"1x\"".to_owned())
        );
        assert_eq!(
            bits("1e39"),
            Err("\"1e39\" is not a finite 32-bit number".to_owned())
        );
    }
}
