//! Checks a recipe's text, with places.

use std::ops::Range as Bytes;

use registry::Engine;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::error::{Position, RecipeError};
use super::keys::{KEYS, Key, SECTIONS, Section};
use super::kind::Kind;
use super::search::Range;
use crate::train::{ParamsError, TrainParams};

/// The checked table of a recipe.
pub(super) fn parse(text: &str, file: &str) -> Result<Table, RecipeError> {
    parse_by(text, file, KEYS, SECTIONS)
}

/// The checked table of a file with these keys.
pub(super) fn parse_by(
    text: &str,
    file: &str,
    keys: &[Key],
    sections: &[Section],
) -> Result<Table, RecipeError> {
    let place = Place {
        file,
        text,
        keys,
        sections,
    };
    let syntax = |error: toml::de::Error| RecipeError::Syntax {
        position: place.of(&error.span().unwrap_or(0..0)),
        message: error.message().to_owned(),
    };
    let spans = DeTable::parse(text).map_err(syntax)?;
    let values: Table = toml::from_str(text).map_err(syntax)?;
    for (name, span, entry) in entries(spans.get_ref()) {
        let value = &values[name];
        match entry.get_ref() {
            DeValue::Table(inner) if place.has_section(name) => {
                let Value::Table(values) = value else { continue };
                check_section(name, inner, values, &place)?;
            }
            _ if place.has_section(name) => {
                return Err(RecipeError::Value {
                    position: place.of(&entry.span()),
                    key: name.to_owned(),
                    expected: format!("a table: [{name}]"),
                });
            }
            _ => check_key("", name, span, (entry, value), &place)?,
        }
    }
    Ok(values)
}

/// The place of a key's value, or of one of the values of its list.
pub(super) fn place_of(text: &str, file: &str, key: &str, index: usize) -> Position {
    let spans = DeTable::parse(text).ok();
    let span = spans.as_ref().and_then(|spans| {
        let (_, _, entry) = entries(spans.get_ref()).find(|(name, ..)| *name == key)?;
        match entry.get_ref() {
            DeValue::Array(values) => Some(values.get(index)?.span()),
            _ => Some(entry.span()),
        }
    });
    Position::of(file, text, span.map_or(0, |span| span.start))
}

/// Turns bytes of the text into places, and knows what may be there.
struct Place<'a> {
    file: &'a str,
    text: &'a str,
    keys: &'a [Key],
    sections: &'a [Section],
}

impl Place<'_> {
    fn of(&self, span: &Bytes<usize>) -> Position {
        Position::of(self.file, self.text, span.start)
    }

    fn has_section(&self, name: &str) -> bool {
        !name.is_empty() && self.sections.iter().any(|section| section.name == name)
    }
}

fn check_section(
    section: &str,
    spans: &DeTable<'_>,
    values: &Table,
    place: &Place<'_>,
) -> Result<(), RecipeError> {
    for (name, span, entry) in entries(spans) {
        check_key(section, name, span, (entry, &values[name]), place)?;
    }
    let span_of = |name: &str| {
        entries(spans)
            .find(|(key, ..)| *key == name)
            .map(|(_, span, _)| span)
    };
    let conflict = |name: &str, conflict: &str| {
        span_of(name).map_or(Ok(()), |span| {
            Err(RecipeError::Conflict {
                position: place.of(&span),
                key: format!("{section}.{name}"),
                conflict: conflict.to_owned(),
            })
        })
    };
    match section {
        "data" if values.contains_key("sources") => conflict("generate", "doesn't go with data.sources"),
        "data" if values.contains_key("schema") => conflict("generate", "doesn't go with data.schema"),
        "split" => match (values.get("stop_from"), values.get("test_from")) {
            (Some(_), None) => conflict("stop_from", "needs split.test_from beside it"),
            (None, Some(_)) => conflict("test_from", "needs split.stop_from beside it"),
            (Some(stop), Some(test)) if !stop.same_type(test) => conflict(
                "test_from",
                "must be a row if split.stop_from is one, else a share",
            ),
            (Some(stop), Some(test)) if super::kind::number(stop) >= super::kind::number(test) => {
                conflict("test_from", "must be greater than split.stop_from")
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn check_key(
    section: &str,
    name: &str,
    span: Bytes<usize>,
    (entry, value): (&Spanned<DeValue<'_>>, &Value),
    place: &Place<'_>,
) -> Result<(), RecipeError> {
    let Some(key) = place
        .keys
        .iter()
        .find(|key| key.section == section && key.name == name)
    else {
        let known = place
            .keys
            .iter()
            .filter(|key| key.section == section)
            .map(|key| key.name);
        let sections = place.sections.iter().map(|section| section.name);
        let sections = sections.filter(|name| section.is_empty() && !name.is_empty());
        return Err(unknown(
            place.of(&span),
            if section.is_empty() {
                name.to_owned()
            } else {
                format!("{section}.{name}")
            },
            known.chain(sections),
        ));
    };
    if !key.kind.holds(value) {
        let inner = match key.kind {
            Kind::Params => first_bad_param(entry, value),
            _ => None,
        };
        return Err(match inner {
            Some((name, span)) => RecipeError::Value {
                position: place.of(&span),
                key: format!("{}.{name}", key.path()),
                expected: "a text, a number or a switch".to_owned(),
            },
            None => RecipeError::Value {
                position: place.of(&entry.span()),
                key: key.path(),
                expected: key.kind.expected(),
            },
        });
    }
    match (key.kind, entry.get_ref(), value) {
        (Kind::Params, DeValue::Table(spans), _) => check_params(key, spans, place),
        (Kind::Ranges, DeValue::Table(spans), Value::Table(values)) => check_ranges(spans, values, place),
        _ => Ok(()),
    }
}

fn first_bad_param(entry: &Spanned<DeValue<'_>>, value: &Value) -> Option<(String, Bytes<usize>)> {
    let (DeValue::Table(spans), Value::Table(values)) = (entry.get_ref(), value) else {
        return None;
    };
    let mut bad = entries(spans).filter(|(name, ..)| !super::kind::is_param(&values[*name]));
    bad.next().map(|(name, _, entry)| (name.to_owned(), entry.span()))
}

/// Refuses params that have a key of their own, or that the exported model depends on.
fn check_params(key: &Key, spans: &DeTable<'_>, place: &Place<'_>) -> Result<(), RecipeError> {
    for (name, span, _) in entries(spans) {
        let params = TrainParams {
            other: [(name.to_owned(), "1".to_owned())].into(),
            ..TrainParams::for_engine(Engine::Xgboost)
        };
        let conflict = match params.check() {
            Err(ParamsError::Fixed(_)) => "can't be set: the exported model depends on it".to_owned(),
            Err(ParamsError::HasOption(name)) => format!("has its own key: {}.{name}", key.section),
            _ => continue,
        };
        return Err(RecipeError::Conflict {
            position: place.of(&span),
            key: format!("{}.{name}", key.path()),
            conflict,
        });
    }
    Ok(())
}

fn check_ranges(spans: &DeTable<'_>, values: &Table, place: &Place<'_>) -> Result<(), RecipeError> {
    for (name, span, entry) in entries(spans) {
        let key = super::find(name).filter(|key| key.searched);
        let other = name.strip_prefix("booster.other.");
        if let Some(param) = other {
            let known = KEYS.iter().find(|key| key.path() == "booster.other");
            let one: DeTable<'_> = [(Spanned::new(span.clone(), param.into()), entry.clone())]
                .into_iter()
                .collect();
            known.map_or(Ok(()), |key| check_params(key, &one, place))?;
        } else if key.is_none() {
            let searched = KEYS.iter().filter(|key| key.searched).map(Key::path);
            let known = searched.map(|path| format!("\"{path}\""));
            let known: Vec<String> = known.chain(["\"booster.other.NAME\"".to_owned()]).collect();
            return Err(unknown(
                place.of(&span),
                format!("search.ranges.\"{name}\""),
                known.iter().map(String::as_str),
            ));
        }
        Range::read(key.map(|key| key.kind), &values[name]).map_err(|expected| RecipeError::Value {
            position: place.of(&entry.span()),
            key: format!("search.ranges.\"{name}\""),
            expected,
        })?;
    }
    Ok(())
}

fn unknown<'a>(position: Position, key: String, known: impl Iterator<Item = &'a str>) -> RecipeError {
    RecipeError::UnknownKey {
        position,
        key,
        known: known.collect::<Vec<_>>().join(", "),
    }
}

/// Keys with the places of their names, and their values.
fn entries<'t, 'i>(
    table: &'t DeTable<'i>,
) -> impl Iterator<Item = (&'t str, Bytes<usize>, &'t Spanned<DeValue<'i>>)> {
    table
        .iter()
        .map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
}
