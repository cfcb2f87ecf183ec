//! A JSON Schema of recipes, by which editors check them.

use serde_json::{Map, Value, json};

use super::keys::{KEYS, SECTIONS};
use super::{Recipe, RecipeError};

/// The schema, draft 2020-12, with the defaults for XGBoost.
pub fn json_schema() -> Result<Value, RecipeError> {
    let defaults = Recipe::default().resolved()?.given;
    let mut properties = Map::new();
    for section in SECTIONS {
        let table = match section.name {
            "" => Some(&defaults),
            name => defaults.get(name).and_then(toml::Value::as_table),
        };
        let mut keys = Map::new();
        for key in KEYS.iter().filter(|key| key.section == section.name) {
            let mut schema = key.kind.schema();
            schema["description"] = key.what.into();
            if let Some(default) = table.and_then(|table| table.get(key.name)) {
                schema["default"] = json!(default);
            }
            keys.insert(key.name.to_owned(), schema);
        }
        match section.name {
            "" => properties.extend(keys),
            name => {
                let table = json!({
                    "type": "object",
                    "description": section.what,
                    "properties": keys,
                    "additionalProperties": false,
                });
                properties.insert(name.to_owned(), table);
            }
        }
    }
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Recipe of clickleaf-trainer",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    }))
}

/// A range of `search.ranges`.
pub(super) fn range() -> Value {
    let pair = |of: &str| json!({"type": "array", "items": {"type": of}, "minItems": 2, "maxItems": 2});
    json!({
        "type": "object",
        "properties": {
            "log": pair("number"),
            "range": pair("number"),
            "integers": pair("integer"),
            "choices": {"type": "array", "minItems": 1},
        },
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    })
}
