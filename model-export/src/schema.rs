//! The columns of a table other than Criteo's: numbers and categories, each with a name.
//!
//! Invariant: there is a column, all names differ and none is empty.

use std::collections::BTreeMap;

use serde::Serialize;
use thiserror::Error;

/// Columns that a table has at most.
pub const MAX_COLUMNS: usize = 4096;

/// Names of the columns that a model predicts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schema {
    numbers: Vec<String>,
    categories: Vec<String>,
}

/// What is no schema.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// No column, or too many.
    #[error("a table has 1 to 4096 columns, not {0}")]
    Columns(usize),
    /// A column without a name.
    #[error("a column has no name")]
    NoName,
    /// Two columns with one name.
    #[error("two columns are called {0}")]
    SameName(String),
}

impl Schema {
    /// A table with these columns.
    pub fn new(numbers: Vec<String>, categories: Vec<String>) -> Result<Self, SchemaError> {
        let count = numbers.len() + categories.len();
        if !(1..=MAX_COLUMNS).contains(&count) {
            return Err(SchemaError::Columns(count));
        }
        let mut seen = BTreeMap::new();
        for name in numbers.iter().chain(&categories) {
            if name.is_empty() {
                return Err(SchemaError::NoName);
            }
            if seen.insert(name.as_str(), ()).is_some() {
                return Err(SchemaError::SameName(name.clone()));
            }
        }
        Ok(Self { numbers, categories })
    }

    /// Names of the columns of numbers, in the order in which a row has them.
    pub fn numbers(&self) -> &[String] {
        &self.numbers
    }

    /// Names of the columns of categories, in the order in which a row has them.
    pub fn categories(&self) -> &[String] {
        &self.categories
    }

    /// Numbers and then categories.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.numbers.iter().chain(&self.categories).map(String::as_str)
    }
}

/// The key that stands for a category: a hash of its text as bytes. Nothing is missing.
///
/// The hash is FNV-1a with 64 bits through the 64-bit finalizer of MurmurHash3, of which the highest 32 bits are the
/// key; `FORMAT.md` has its numbers.
pub fn category_key(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    let hash = text.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    Some((crate::encoder::mix(hash) >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_names_of_their_own() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let schema = Schema::new(names(&["age"]), names(&["city", "job"])).unwrap();
        assert_eq!(schema.names().collect::<Vec<_>>(), ["age", "city", "job"]);
        for (numbers, categories, error) in [
            (names(&[]), names(&[]), SchemaError::Columns(0)),
            (vec!["x".to_owned(); 4097], names(&[]), SchemaError::Columns(4097)),
            (names(&["a", ""]), names(&[]), SchemaError::NoName),
            (
                names(&["a", "b"]),
                names(&["b"]),
                SchemaError::SameName("b".to_owned()),
            ),
        ] {
            assert_eq!(Schema::new(numbers, categories), Err(error));
        }
    }

    #[test]
    fn keys_are_those_of_the_page() {
        assert_eq!(category_key(b""), None);
        let keys = [&b"a"[..], b"b", b"ab", "Zürich".as_bytes()].map(category_key);
        assert_eq!(
            keys,
            [
                Some(0x82a2_a958),
                Some(0x6e67_3288),
                Some(0xda71_cbd1),
                Some(0x24b2_2821)
            ]
        );
    }
}
