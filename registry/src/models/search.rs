//! Finding registered models, versions and logged models by MLflow's filters.

mod logged;
mod registered;
mod versions;

pub use logged::{LoggedModelOrder, LoggedModelSearch};

use crate::search::{Clause, Comparator, Entity, Sql};

/// What MLflow's clients keep their prompts apart by: a thing without this tag counts as one whose tag isn't `true`.
const PROMPT_TAG: &str = "mlflow.prompt.is_prompt";

/// What may stand before the dot where only attributes and tags can be searched.
const ATTRIBUTES_AND_TAGS: &[(&str, Entity)] = &[
    ("attribute", Entity::Attribute),
    ("attributes", Entity::Attribute),
    ("attr", Entity::Attribute),
    ("tag", Entity::Tag),
    ("tags", Entity::Tag),
];

/// One page of what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPage<T> {
    /// The things, in their order.
    pub found: Vec<T>,
    /// Whether there are more.
    pub has_more: bool,
}

impl<T> ModelPage<T> {
    /// Of one more thing than asked for, if there is one.
    fn of(mut found: Vec<T>, limit: i64) -> ModelPage<T> {
        let has_more = found.len() as i64 > limit;
        found.truncate(limit.max(0) as usize);
        ModelPage { found, has_more }
    }
}

/// Whether the thing has a tag, or a param, in `table` that is as the clause says. `owner` joins the table to the thing.
fn having(sql: &mut Sql, table: &str, owner: &str, clause: &Clause) {
    let absent_matches = match (&clause.comparator, &clause.operand) {
        (Comparator::IsNull, _) => true,
        (Comparator::NotEqual, crate::search::Operand::Text(text)) => {
            clause.key == PROMPT_TAG && text == "true"
        }
        _ => false,
    };
    let null_test = matches!(clause.comparator, Comparator::IsNull | Comparator::IsNotNull);
    if absent_matches {
        sql.push("not ");
    }
    sql.push(&format!(
        "exists (select 1 from {table} t where {owner} and t.key = "
    ));
    sql.bind(clause.key.as_str());
    if !null_test {
        sql.push(" and ");
        let comparator = match absent_matches {
            true => Comparator::Equal,
            false => clause.comparator,
        };
        sql.compare("t.value", comparator, &clause.operand);
    }
    sql.push(")");
}
