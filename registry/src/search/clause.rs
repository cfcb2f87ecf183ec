//! What a filter says, and which filters a kind of thing understands.

use super::invalid;
use crate::RegistryError;

/// What stands before the dot of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Entity {
    Attribute,
    Metric,
    Param,
    Tag,
    Dataset,
}

impl Entity {
    /// As MLflow's messages call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Entity::Attribute => "attribute",
            Entity::Metric => "metric",
            Entity::Param => "parameter",
            Entity::Tag => "tag",
            Entity::Dataset => "dataset",
        }
    }
}

/// How the two sides of a clause are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Comparator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Like,
    ILike,
    In,
    NotIn,
    IsNull,
    IsNotNull,
}

impl Comparator {
    pub(crate) const NUMERIC: &'static [Comparator] = &[
        Comparator::Greater,
        Comparator::NotEqual,
        Comparator::Less,
        Comparator::GreaterOrEqual,
        Comparator::Equal,
        Comparator::LessOrEqual,
    ];
    pub(crate) const TEXT: &'static [Comparator] = &[
        Comparator::NotEqual,
        Comparator::Equal,
        Comparator::Like,
        Comparator::ILike,
    ];
    pub(crate) const TEXT_OR_LIST: &'static [Comparator] = &[
        Comparator::NotEqual,
        Comparator::Equal,
        Comparator::Like,
        Comparator::ILike,
        Comparator::In,
        Comparator::NotIn,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Comparator::Equal => "=",
            Comparator::NotEqual => "!=",
            Comparator::Greater => ">",
            Comparator::GreaterOrEqual => ">=",
            Comparator::Less => "<",
            Comparator::LessOrEqual => "<=",
            Comparator::Like => "LIKE",
            Comparator::ILike => "ILIKE",
            Comparator::In => "IN",
            Comparator::NotIn => "NOT IN",
            Comparator::IsNull => "IS NULL",
            Comparator::IsNotNull => "IS NOT NULL",
        }
    }

    /// The comparator written like this, if it is one of `allowed`.
    pub(crate) fn one_of(text: &str, allowed: &[Comparator]) -> Result<Comparator, RegistryError> {
        match allowed.iter().find(|one| one.as_str().eq_ignore_ascii_case(text)) {
            Some(comparator) => Ok(*comparator),
            None => {
                let names: Vec<&str> = allowed.iter().map(|one| one.as_str()).collect();
                invalid(format!(
                    "Invalid comparator '{text}' not one of '{}'",
                    set(names.into_iter())
                ))
            }
        }
    }
}

/// The right side of a clause.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Text(String),
    Integer(i64),
    Real(f64),
    List(Vec<String>),
    /// Of `IS NULL` and `IS NOT NULL`.
    Nothing,
}

/// One comparison; all of a filter's clauses must hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clause {
    pub(crate) entity: Entity,
    pub(crate) key: String,
    pub(crate) comparator: Comparator,
    pub(crate) operand: Operand,
}

/// What can be searched of one kind of thing.
#[derive(Debug)]
pub(crate) struct Grammar {
    /// What may stand before the dot.
    pub(crate) entities: &'static [(&'static str, Entity)],
    /// The sentence that follows `Invalid entity type 'x'. `.
    pub(crate) valid_entities: &'static str,
    /// Attributes of text.
    pub(crate) text: &'static [&'static str],
    /// Attributes of numbers.
    pub(crate) numeric: &'static [&'static str],
    /// Attributes that may be compared with a list.
    pub(crate) lists: &'static [&'static str],
    /// Other names of attributes, and the names they stand for.
    pub(crate) aliases: &'static [(&'static str, &'static str)],
    /// Of which entities `IS NULL` may be asked.
    pub(crate) null_tests: &'static [Entity],
    /// Attributes that can be ordered by.
    pub(crate) orderable: &'static [&'static str],
    /// Whether the messages about invalid clauses quote them.
    pub(crate) quotes_clauses: bool,
}

impl Grammar {
    /// Entity and key of an identifier as it was written. A key of an attribute is checked against `attributes` and
    /// the aliases, and comes back as it was written.
    pub(crate) fn identifier(
        &self,
        written: &str,
        attributes: &[&str],
    ) -> Result<(Entity, String), RegistryError> {
        let quoted = written.starts_with(['"', '`']);
        let (entity, key) = match written.split_once('.') {
            Some((entity, key)) if !quoted => (self.entity(entity)?, key),
            _ => (Entity::Attribute, written),
        };
        let key = unquoted(key).to_owned();
        let known = || {
            attributes
                .iter()
                .copied()
                .chain(self.aliases.iter().map(|(alias, _)| *alias))
        };
        if entity == Entity::Attribute && !known().any(|one| one == key) {
            return invalid(format!(
                "Invalid attribute key '{key}' specified. Valid keys are '{}'",
                set(known())
            ));
        }
        if entity == Entity::Dataset && !DATASET_KEYS.contains(&key.as_str()) {
            return invalid(format!(
                "Invalid dataset key '{key}' specified. Valid keys are '{}'",
                set(DATASET_KEYS.iter().copied())
            ));
        }
        Ok((entity, key))
    }

    /// Text attributes and numeric ones.
    pub(crate) fn attributes(&self) -> Vec<&'static str> {
        self.text.iter().chain(self.numeric).copied().collect()
    }

    /// What an attribute's other name stands for.
    pub(crate) fn resolved<'a>(&self, key: &'a str) -> &'a str {
        let alias = self.aliases.iter().find(|(alias, _)| *alias == key);
        alias.map_or(key, |(_, name)| *name)
    }

    fn entity(&self, word: &str) -> Result<Entity, RegistryError> {
        match self.entities.iter().find(|(name, _)| *name == word) {
            Some((_, entity)) => Ok(*entity),
            None => invalid(format!("Invalid entity type '{word}'. {}", self.valid_entities)),
        }
    }
}

const DATASET_KEYS: [&str; 3] = ["name", "digest", "context"];

/// Without the quotes of any kind around it.
pub(super) fn unquoted(text: &str) -> &str {
    for quote in ['\'', '"', '`'] {
        if text.len() >= 2 && text.starts_with(quote) && text.ends_with(quote) {
            return &text[1..text.len() - 1];
        }
    }
    text
}

/// As Python prints a set of texts.
fn set<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("'{name}'")).collect();
    format!("{{{}}}", quoted.join(", "))
}
