//! A statement that is put together from parts, with its binds.

use sqlx::{Any, AnyPool, AssertSqlSafe, any::AnyRow};

use super::{Comparator, Operand};
use crate::{
    RegistryError,
    database::{Kind, doing},
};

/// What is bound to a placeholder.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Bind {
    Text(String),
    Integer(i64),
    Real(f64),
}

impl From<&str> for Bind {
    fn from(text: &str) -> Bind {
        Bind::Text(text.to_owned())
    }
}

impl From<String> for Bind {
    fn from(text: String) -> Bind {
        Bind::Text(text)
    }
}

impl From<i64> for Bind {
    fn from(number: i64) -> Bind {
        Bind::Integer(number)
    }
}

impl From<f64> for Bind {
    fn from(number: f64) -> Bind {
        Bind::Real(number)
    }
}

/// A statement in the making. Only this program's own text is pushed; what a caller sent is bound.
#[derive(Clone, Debug)]
pub(crate) struct Sql {
    kind: Kind,
    text: String,
    binds: Vec<Bind>,
}

impl Sql {
    pub(crate) fn new(kind: Kind, text: &str) -> Sql {
        Sql {
            kind,
            text: text.to_owned(),
            binds: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Sql {
        self.text.push_str(text);
        self
    }

    /// A placeholder with its value.
    pub(crate) fn bind(&mut self, value: impl Into<Bind>) -> &mut Sql {
        self.binds.push(value.into());
        match self.kind {
            // SQLite looks for a placeholder's name among all others, which takes long when there are thousands.
            Kind::Sqlite => self.push("?"),
            Kind::Postgres => {
                let placeholder = format!("${}", self.binds.len());
                self.push(&placeholder)
            }
        }
    }

    /// ` in (…)`; of an empty list a condition that never holds.
    pub(crate) fn within<T: Into<Bind>>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Sql {
        self.push(" in (");
        let mut is_first = true;
        for value in values {
            if !is_first {
                self.push(", ");
            }
            is_first = false;
            self.bind(value);
        }
        if is_first {
            self.push("null");
        }
        self.push(")")
    }

    /// ` in` all the `ids`, as one bind however many they are. Ids have no commas and need no escaping in JSON.
    pub(crate) fn within_ids(&mut self, ids: &[&str]) -> &mut Sql {
        match self.kind {
            Kind::Sqlite => {
                self.push(" in (select value from json_each(")
                    .bind(format!("[\"{}\"]", ids.join("\",\"")));
                self.push("))")
            }
            Kind::Postgres => {
                self.push(" = any(string_to_array(").bind(ids.join(","));
                self.push(", ','))")
            }
        }
    }

    /// `expression comparator operand`. `LIKE` minds case on both databases (SQLite is told so when a connection is
    /// made), `ILIKE` doesn't, and neither has an escape character.
    pub(crate) fn compare(
        &mut self,
        expression: &str,
        comparator: Comparator,
        operand: &Operand,
    ) -> &mut Sql {
        let folds = comparator == Comparator::ILike;
        match folds {
            true => self.push(&format!("lower({expression})")),
            false => self.push(expression),
        };
        match operand {
            Operand::List(values) => {
                if comparator == Comparator::NotIn {
                    self.push(" not");
                }
                self.within(values.iter().map(String::as_str))
            }
            Operand::Text(text) if matches!(comparator, Comparator::Like | Comparator::ILike) => {
                self.push(if folds { " like lower(" } else { " like (" })
                    .bind(text.as_str());
                self.push(match self.kind {
                    Kind::Sqlite => ")",
                    Kind::Postgres => ") escape ''",
                })
            }
            Operand::Text(text) => self.operator(comparator).bind(text.as_str()),
            Operand::Integer(number) => self.operator(comparator).bind(*number),
            Operand::Real(number) => self.operator(comparator).bind(*number),
            Operand::Nothing => self.push(" ").push(comparator.as_str()),
        }
    }

    fn operator(&mut self, comparator: Comparator) -> &mut Sql {
        self.push(" ").push(comparator.as_str()).push(" ")
    }

    /// All rows that the statement finds.
    pub(crate) async fn fetch_all(
        self,
        pool: &AnyPool,
        action: &'static str,
    ) -> Result<Vec<AnyRow>, RegistryError> {
        query(&self.text, self.binds)
            .fetch_all(pool)
            .await
            .map_err(doing(action))
    }

    /// Runs the statement and says how many rows it touched.
    pub(crate) async fn execute(
        self,
        transaction: &mut sqlx::Transaction<'static, Any>,
        action: &'static str,
    ) -> Result<u64, RegistryError> {
        query(&self.text, self.binds)
            .execute(&mut **transaction)
            .await
            .map(|done| done.rows_affected())
            .map_err(doing(action))
    }

    /// Like [`Sql::fetch_all`], in a transaction.
    pub(crate) async fn fetch_all_in(
        self,
        transaction: &mut sqlx::Transaction<'static, Any>,
        action: &'static str,
    ) -> Result<Vec<AnyRow>, RegistryError> {
        query(&self.text, self.binds)
            .fetch_all(&mut **transaction)
            .await
            .map_err(doing(action))
    }
}

fn query(text: &str, binds: Vec<Bind>) -> sqlx::query::Query<'static, Any, sqlx::any::AnyArguments> {
    let mut query = sqlx::query(AssertSqlSafe(text.to_owned()));
    for bind in binds {
        query = match bind {
            Bind::Text(text) => query.bind(text),
            Bind::Integer(number) => query.bind(number),
            Bind::Real(number) => query.bind(number),
        };
    }
    query
}
