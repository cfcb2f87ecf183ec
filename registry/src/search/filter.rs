//! Tokens become clauses.

use super::{
    Clause, Comparator, Entity, Grammar, MOST_CLAUSES, MOST_VALUE, Operand,
    clause::unquoted,
    invalid,
    lexer::{Kind, Token, tokens},
};
use crate::RegistryError;

/// The clauses of a filter; none of an empty one.
pub(crate) fn parse_filter(text: &str, grammar: &Grammar) -> Result<Vec<Clause>, RegistryError> {
    if text.contains('\0') {
        return invalid("The filter has a NUL character.");
    }
    let tokens = tokens(text);
    if tokens.iter().any(|token| token.kind == Kind::Semicolon) {
        return invalid(format!(
            "Search filter contained multiple expression '{text}'. Provide AND-ed expression list."
        ));
    }
    let comparisons = comparisons(&tokens, grammar)?;
    if comparisons.len() > MOST_CLAUSES {
        return invalid(format!(
            "The filter has {} clauses; {MOST_CLAUSES} is the most.",
            comparisons.len()
        ));
    }
    let clauses: Vec<Clause> = comparisons
        .iter()
        .map(|comparison| clause(comparison, grammar))
        .collect::<Result<_, _>>()?;
    let listed = |clause: &Clause| match &clause.operand {
        Operand::List(values) => values.len(),
        _ => 0,
    };
    if clauses.iter().map(listed).sum::<usize>() > MOST_LISTED {
        return invalid(format!(
            "The lists of the filter have more than {MOST_LISTED} values together."
        ));
    }
    Ok(clauses)
}

/// A statement takes only so many binds.
const MOST_LISTED: usize = 1000;

/// Three tokens, or two and no value, that belong together; `comparator` is written with single spaces.
struct Comparison<'a> {
    left: Token<'a>,
    comparator: String,
    right: Option<Token<'a>>,
}

fn comparisons<'a>(tokens: &[Token<'a>], grammar: &Grammar) -> Result<Vec<Comparison<'a>>, RegistryError> {
    let mut found: Vec<Comparison<'a>> = Vec::new();
    let mut strays = Vec::new();
    let mut rest = tokens;
    let mut separated = true;
    while let Some(first) = rest.first() {
        if first.is_keyword("and") {
            separated = true;
            rest = &rest[1..];
        } else if let Some((comparison, length)) = comparison(rest).filter(|_| separated) {
            found.push(comparison);
            separated = false;
            rest = &rest[length..];
        } else {
            // What follows a stray token is read as if nothing had been amiss, so that only strays are told.
            strays.push(first.text);
            separated = true;
            rest = &rest[1..];
        }
    }
    if !strays.is_empty() {
        let told: Vec<String> = match grammar.quotes_clauses {
            true => strays.iter().map(|stray| format!("'{stray}'")).collect(),
            false => strays.iter().map(|stray| (*stray).to_owned()).collect(),
        };
        return invalid(format!("Invalid clause(s) in filter string: {}", told.join(", ")));
    }
    Ok(found)
}

fn comparison<'a>(tokens: &[Token<'a>]) -> Option<(Comparison<'a>, usize)> {
    let left = *tokens.first().filter(|token| is_operand(token))?;
    let word = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_keyword(word));
    let operator = tokens.get(1)?;
    let (comparator, length) = match operator.kind {
        Kind::Operator => (operator.text.to_owned(), 2),
        _ if word(1, "is") && word(2, "null") => ("IS NULL".to_owned(), 3),
        _ if word(1, "is") && word(2, "not") && word(3, "null") => ("IS NOT NULL".to_owned(), 4),
        _ if word(1, "like") || word(1, "ilike") || word(1, "in") => (operator.text.to_uppercase(), 2),
        _ if word(1, "not") && (word(2, "like") || word(2, "ilike") || word(2, "in")) => {
            (format!("NOT {}", tokens[2].text.to_uppercase()), 3)
        }
        _ => return None,
    };
    if comparator.ends_with("NULL") {
        return Some((
            Comparison {
                left,
                comparator,
                right: None,
            },
            length,
        ));
    }
    let right = *tokens.get(length).filter(|token| is_operand(token))?;
    if comparator.ends_with("IN") && right.kind != Kind::Parenthesis {
        return None;
    }
    let right = Some(right);
    Some((
        Comparison {
            left,
            comparator,
            right,
        },
        length + 1,
    ))
}

fn is_operand(token: &Token<'_>) -> bool {
    matches!(
        token.kind,
        Kind::Identifier | Kind::Text | Kind::Integer | Kind::Real | Kind::Parenthesis
    )
}

fn clause(comparison: &Comparison<'_>, grammar: &Grammar) -> Result<Clause, RegistryError> {
    if comparison.left.kind != Kind::Identifier {
        return invalid(format!(
            "Invalid comparison clause. Expected 'Identifier' found '{}'",
            comparison.left.text
        ));
    }
    let (entity, key) = grammar.identifier(comparison.left.text, &grammar.attributes())?;
    let name = grammar.resolved(&key).to_owned();
    let Some(right) = comparison.right else {
        if !grammar.null_tests.contains(&entity) {
            return invalid(null_test_refused(grammar, entity, &key));
        }
        let allowed = [Comparator::IsNull, Comparator::IsNotNull];
        return Ok(Clause {
            entity,
            key: name,
            comparator: Comparator::one_of(&comparison.comparator, &allowed)?,
            operand: Operand::Nothing,
        });
    };
    let is_numeric =
        entity == Entity::Metric || (entity == Entity::Attribute && grammar.numeric.contains(&name.as_str()));
    let operand = match is_numeric {
        true => number(entity, &key, &right)?,
        false => text_or_list(grammar, entity, &name, &right)?,
    };
    let allowed = match entity {
        _ if is_numeric => Comparator::NUMERIC,
        Entity::Param | Entity::Tag | Entity::Metric => Comparator::TEXT,
        Entity::Attribute | Entity::Dataset => Comparator::TEXT_OR_LIST,
    };
    let comparator = Comparator::one_of(&comparison.comparator, allowed)?;
    let wants_list = matches!(comparator, Comparator::In | Comparator::NotIn);
    if wants_list != matches!(operand, Operand::List(_)) {
        return invalid(format!(
            "Invalid comparator '{}' for the value {}",
            comparison.comparator, right.text
        ));
    }
    Ok(Clause {
        entity,
        key: name,
        comparator,
        operand,
    })
}

fn null_test_refused(grammar: &Grammar, entity: Entity, key: &str) -> String {
    match grammar.null_tests {
        [] | [Entity::Tag] => {
            format!("IS NULL / IS NOT NULL is only supported for tags, not for attribute '{key}'")
        }
        _ => format!(
            "IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{key}'",
            entity.word()
        ),
    }
}

fn number(entity: Entity, key: &str, token: &Token<'_>) -> Result<Operand, RegistryError> {
    let operand = match token.kind {
        Kind::Integer if entity == Entity::Attribute => token.text.parse().ok().map(Operand::Integer),
        Kind::Integer | Kind::Real => token.text.parse().ok().map(Operand::Real),
        _ => None,
    };
    match (operand, entity) {
        (Some(operand), _) => Ok(operand),
        (None, Entity::Metric) => invalid(format!(
            "Expected numeric value type for metric. Found {}",
            token.text
        )),
        (None, _) => invalid(format!(
            "Expected numeric value type for numeric attribute: {key}. Found {}",
            token.text
        )),
    }
}

fn text_or_list(
    grammar: &Grammar,
    entity: Entity,
    key: &str,
    token: &Token<'_>,
) -> Result<Operand, RegistryError> {
    match token.kind {
        Kind::Text => text(unquoted(token.text)).map(Operand::Text),
        Kind::Identifier if token.text.starts_with('"') => text(unquoted(token.text)).map(Operand::Text),
        Kind::Identifier => invalid(format!(
            "Parameter value is either not quoted or unidentified quote types used for string value {}. Use either \
             single or double quotes.",
            token.text
        )),
        Kind::Parenthesis if entity == Entity::Dataset => list(token.text).map(Operand::List),
        Kind::Parenthesis if entity == Entity::Attribute => {
            if !grammar.lists.contains(&key) {
                let mut names: Vec<String> = grammar.lists.iter().map(|key| format!("'{key}'")).collect();
                names.sort();
                return invalid(format!(
                    "Only [{}] attributes support comparison with a list of quoted string values.",
                    names.join(", ")
                ));
            }
            list(token.text).map(Operand::List)
        }
        _ => invalid(match entity {
            Entity::Attribute => {
                format!(
                    "Expected a quoted string value for attributes. Got value {}",
                    token.text
                )
            }
            Entity::Dataset => format!(
                "Expected a quoted string value for dataset attributes. Got value {}",
                token.text
            ),
            _ => format!(
                "Expected a quoted string value for {} (e.g. 'my-value'). Got value {}",
                entity.word(),
                token.text
            ),
        }),
    }
}

fn text(text: &str) -> Result<String, RegistryError> {
    if text.chars().count() > MOST_VALUE {
        return invalid(format!(
            "A value of the filter is too long; {MOST_VALUE} characters is the most."
        ));
    }
    Ok(text.to_owned())
}

/// The quoted texts of `('a', "b")`.
fn list(parenthesis: &str) -> Result<Vec<String>, RegistryError> {
    let while_parsing = "While parsing a list in the query, expected";
    let Some(inner) = parenthesis
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
    else {
        return invalid(format!(
            "{while_parsing} a non-empty list of string values, but got ill-formed list."
        ));
    };
    let mut values = Vec::new();
    let mut wants_comma = false;
    for token in tokens(inner) {
        let is_text = token.kind == Kind::Text || token.text.starts_with('"');
        match token.text {
            "," if wants_comma => wants_comma = false,
            _ if is_text && !wants_comma => {
                values.push(text(unquoted(token.text))?);
                wants_comma = true;
            }
            _ if matches!(token.kind, Kind::Integer | Kind::Real) && !wants_comma => {
                return invalid(format!(
                    "{while_parsing} string value, punctuation, or whitespace, but got different type in list: \
                     {parenthesis}"
                ));
            }
            _ => {
                return invalid(format!(
                    "{while_parsing} a non-empty list of string values, but got ill-formed list."
                ));
            }
        }
    }
    if values.is_empty() {
        return invalid(format!(
            "{while_parsing} a non-empty list of string values, but got empty list"
        ));
    }
    Ok(values)
}
