//! Terms of an `order_by`: `ident [ASC|DESC]`.

use super::{
    Entity, Grammar, MOST_CLAUSES, invalid,
    lexer::{Kind, tokens},
};
use crate::RegistryError;

/// One term of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ordering {
    pub(crate) entity: Entity,
    pub(crate) key: String,
    pub(crate) ascending: bool,
}

/// The terms of an order, first the one that counts most. The same term twice is refused.
pub(crate) fn parse_order(terms: &[String], grammar: &Grammar) -> Result<Vec<Ordering>, RegistryError> {
    if terms.len() > MOST_CLAUSES {
        return invalid(format!(
            "`order_by` has {} terms; {MOST_CLAUSES} is the most.",
            terms.len()
        ));
    }
    let mut found: Vec<Ordering> = Vec::new();
    for text in terms {
        let term = term(text, grammar)?;
        if found
            .iter()
            .any(|other| (other.entity, &other.key) == (term.entity, &term.key))
        {
            return invalid(format!("`order_by` contains duplicate fields: {terms:?}"));
        }
        found.push(term);
    }
    Ok(found)
}

fn term(text: &str, grammar: &Grammar) -> Result<Ordering, RegistryError> {
    let tokens = tokens(text);
    let readable = !text.contains('\0') && matches!(tokens.len(), 1 | 2);
    let Some(first) = tokens
        .first()
        .filter(|first| readable && first.kind == Kind::Identifier)
    else {
        return invalid(format!("Invalid order_by clause '{text}'. Could not be parsed."));
    };
    let ascending = match tokens.get(1) {
        None => true,
        Some(word) if word.text.eq_ignore_ascii_case("asc") => true,
        Some(word) if word.text.eq_ignore_ascii_case("desc") => false,
        Some(_) => return invalid(format!("Invalid ordering key in order_by clause '{text}'.")),
    };
    let (entity, key) = grammar.identifier(first.text, grammar.orderable)?;
    Ok(Ordering {
        entity,
        key: grammar.resolved(&key).to_owned(),
        ascending,
    })
}
