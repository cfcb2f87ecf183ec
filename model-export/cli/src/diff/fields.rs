//! Where two JSON values differ.

use std::collections::BTreeSet;

use serde_json::Value;

/// A field whose values differ; null where it is absent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Changed {
    /// Names from the outermost object on, joined by dots.
    pub(super) field: String,
    pub(super) first: Value,
    pub(super) second: Value,
}

/// All fields that differ, by name.
pub(super) fn changed(first: &Value, second: &Value) -> Vec<Changed> {
    let mut found = Vec::new();
    collect("", first, second, &mut found);
    found
}

fn collect(path: &str, first: &Value, second: &Value, found: &mut Vec<Changed>) {
    if let (Some(own), Some(other)) = (first.as_object(), second.as_object()) {
        let names: BTreeSet<&String> = own.keys().chain(other.keys()).collect();
        for name in names {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            collect(&path, &first[name.as_str()], &second[name.as_str()], found);
        }
    } else if first != second {
        found.push(Changed {
            field: path.to_owned(),
            first: first.clone(),
            second: second.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_that_differ_are_named_by_their_path() {
        let first = json!({ "a": 1, "b": { "x": "1", "y": "2" }, "c": [1] });
        let second = json!({ "a": 1, "b": { "x": "1", "z": "2" }, "c": [2] });
        let found: Vec<String> = changed(&first, &second)
            .into_iter()
            .map(|changed| format!("{} {} {}", changed.field, changed.first, changed.second))
            .collect();
        assert_eq!(found, ["b.y \"2\" null", "b.z null \"2\"", "c [1] [2]"]);
        assert_eq!(changed(&first, &first), []);
    }
}
