//! Crosses of columns: the values of two columns as one key.
//!
//! Invariant: a cross is of two different columns, the second of which is a category.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::EncoderError;
use crate::row::{CATEGORY_COLUMNS, INTEGER_COLUMNS, Row, column_names};

/// Crosses that an encoder has at most.
pub const MAX_CROSSES: usize = 64;

const COLUMNS: usize = INTEGER_COLUMNS + CATEGORY_COLUMNS;

/// Two columns whose values together are a key, such as `C23xC6` or `I2xC26`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cross {
    first: u8,
    second: u8,
}

/// What is no cross.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CrossError {
    /// Other columns than a cross can be of.
    #[error("a cross is of two different columns, and the second is a category: C23xC6, I2xC26")]
    Columns,
    /// Text that names no two columns.
    #[error("{0:?} is no cross: two columns joined by `x` are, such as C23xC6")]
    Text(String),
}

impl Cross {
    /// The cross of two columns, by their places in [`column_names`].
    pub fn new(first: usize, second: usize) -> Result<Self, CrossError> {
        if first >= COLUMNS || !(INTEGER_COLUMNS..COLUMNS).contains(&second) || first == second {
            return Err(CrossError::Columns);
        }
        Ok(Self {
            first: first as u8,
            second: second as u8,
        })
    }

    /// The places of both columns in [`column_names`].
    pub fn columns(self) -> [usize; 2] {
        [self.first.into(), self.second.into()]
    }

    /// The key of a row: `FORMAT.md` says how it follows from both values. Missing is a value like any other.
    pub fn key(self, row: &Row) -> u32 {
        let [first, second] = self
            .columns()
            .map(|column| match column.checked_sub(INTEGER_COLUMNS) {
                None => row.integers[column].map(i64::cast_unsigned),
                Some(category) => row.categories[category].map(u64::from),
            });
        let present = 1 + u64::from(first.is_some()) + 2 * u64::from(second.is_some());
        let hash = [first, second]
            .into_iter()
            .fold(mix(present), |hash, value| mix(hash ^ value.unwrap_or_default()));
        (hash >> 32) as u32
    }

    fn is_of_the_columns_of(self, other: Self) -> bool {
        self == other || (self.first, self.second) == (other.second, other.first)
    }
}

/// Refuses more crosses than there may be, and two of the same columns.
pub(crate) fn check(crosses: &[Cross]) -> Result<(), EncoderError> {
    if crosses.len() > MAX_CROSSES {
        return Err(EncoderError::Config {
            name: "crosses",
            value: crosses.len() as f64,
            limits: "at most 64",
        });
    }
    for (index, cross) in crosses.iter().enumerate() {
        if crosses[..index]
            .iter()
            .any(|other| cross.is_of_the_columns_of(*other))
        {
            return Err(EncoderError::SameCross(*cross));
        }
    }
    Ok(())
}

/// The 64-bit finalizer of MurmurHash3 (Austin Appleby).
pub(crate) fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

impl fmt::Display for Cross {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.columns().map(|column| column_names()[column]);
        write!(f, "{first}x{second}")
    }
}

impl FromStr for Cross {
    type Err = CrossError;

    fn from_str(text: &str) -> Result<Self, CrossError> {
        let refuse = || CrossError::Text(text.chars().take(40).collect());
        let place = |name: &str| column_names().iter().position(|column| *column == name);
        let (first, second) = text.split_once('x').ok_or_else(refuse)?;
        let (first, second) = place(first).zip(place(second)).ok_or_else(refuse)?;
        Self::new(first, second)
    }
}

impl TryFrom<String> for Cross {
    type Error = CrossError;

    fn try_from(text: String) -> Result<Self, CrossError> {
        text.parse()
    }
}

impl From<Cross> for String {
    fn from(cross: Cross) -> Self {
        cross.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cross_is_called_by_its_columns() {
        for text in ["C23xC6", "C6xC23", "I2xC26", "I13xC1"] {
            let cross: Cross = text.parse().unwrap();
            assert_eq!(cross.to_string(), text);
            assert_eq!(serde_json::to_string(&cross).unwrap(), format!("{text:?}"));
            assert_eq!(
                serde_json::from_str::<Cross>(&format!("{text:?}")).unwrap(),
                cross
            );
        }
        for text in ["", "C1", "C1C2", "C1xC27", "c1xC2", "C1xC2xC3", "labelxC1"] {
            assert_eq!(text.parse::<Cross>(), Err(CrossError::Text(text.to_owned())));
        }
        for text in ["C1xC1", "I1xI2", "C1xI2"] {
            assert_eq!(text.parse::<Cross>(), Err(CrossError::Columns), "{text}");
        }
        assert_eq!(Cross::new(39, 20), Err(CrossError::Columns));
        assert!(serde_json::from_str::<Cross>("\"C1xC1\"").is_err());
    }

    #[test]
    fn keys_differ_by_either_value_by_order_and_by_what_is_missing() {
        let of_categories = Cross::new(13, 14).unwrap();
        let of_an_integer = Cross::new(0, 14).unwrap();
        let mut keys = Vec::new();
        let values = [None, Some(0), Some(1), Some(2), Some(u32::MAX)];
        for first in values {
            for second in values {
                let mut row = Row::default();
                (row.categories[0], row.categories[1]) = (first, second);
                row.integers[0] = first.map(|value| i64::from(value) - 2);
                keys.push(of_categories.key(&row));
                if first.is_some() {
                    keys.push(of_an_integer.key(&row));
                }
            }
        }
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        // The integer 0 counts as the category 0 does, and 2^32 - 3 is no category here.
        assert_eq!(keys.len(), all - values.len());
    }

    #[test]
    fn keys_are_those_of_the_page() {
        let mut row = Row::default();
        let cross = |text: &str| text.parse::<Cross>().unwrap();
        let missing = cross("C1xC2").key(&row);
        row.categories[0] = Some(0x68fd_1e64);
        row.categories[1] = Some(0x80e2_6c9b);
        row.integers[4] = Some(-3);
        let found = [
            missing,
            cross("C1xC2").key(&row),
            cross("C2xC1").key(&row),
            cross("C1xC3").key(&row),
            cross("I5xC1").key(&row),
        ];
        assert_eq!(
            found,
            [0x5ab6_3ad5, 0xa044_431c, 0x336f_31cf, 0x0315_c7de, 0x758f_c9db]
        );
    }
}
