//! The little language of MLflow's `filter` and `order_by`: read once into clauses, then written as SQL with binds.
//!
//! Invariants: no text of a caller ever becomes SQL, only binds do; whatever can't be understood is
//! [`RegistryError::InvalidSearch`] with MLflow's words, never a failure of the database.
//!
//! ```text
//! filter := clause { AND clause }
//! clause := ident op value | ident [NOT] IN (text, …) | ident IS [NOT] NULL
//! ident  := [entity "."] key          key := bare | `back quoted` | "double quoted"
//! ```
//!
//! What may be searched is a [`Grammar`]: which entities and attributes there are, of which kind.

mod clause;
mod filter;
mod lexer;
mod order;
mod sql;

pub(crate) use clause::{Clause, Comparator, Entity, Grammar, Operand};
pub(crate) use filter::parse_filter;
pub(crate) use order::{Ordering, parse_order};
pub(crate) use sql::Sql;

use crate::RegistryError;

/// Clauses of one filter, and terms of one `order_by`.
const MOST_CLAUSES: usize = 100;
/// Characters of one value; databases refuse patterns that are much longer.
const MOST_VALUE: usize = 10_000;

pub(crate) fn invalid<T>(message: impl Into<String>) -> Result<T, RegistryError> {
    Err(RegistryError::InvalidSearch {
        message: message.into(),
    })
}
