//! Recipes as text.

use toml::{Table, Value};

use super::keys::{KEYS, Key, SECTIONS};
use super::{Recipe, RecipeError};

impl Recipe {
    /// The recipe's canonical text: keys in their order, nothing else. Equal recipes give equal bytes.
    pub fn to_toml(&self) -> String {
        self.write(false)
    }

    /// The recipe with every default, and each key's explanation as a comment above it. Keys without a default are
    /// comments too.
    pub fn explained(&self) -> Result<String, RecipeError> {
        let head = "# A recipe for `clickleaf-trainer run --recipe FILE`. Every key may be left out.\n";
        Ok(format!("{head}\n{}", self.resolved()?.write(true)))
    }

    fn write(&self, explain: bool) -> String {
        let empty = Table::new();
        let mut text = String::new();
        for section in SECTIONS {
            let table = match section.name {
                "" => Some(&self.given),
                name => self.given.get(name).and_then(Value::as_table),
            };
            if table.is_none() && !explain {
                continue;
            }
            if !section.name.is_empty() {
                separate(&mut text);
                if explain {
                    text += &format!("# {}.\n", section.what);
                }
                text += &format!("[{}]\n", section.name);
            }
            write_keys(&mut text, section.name, table.unwrap_or(&empty), explain);
        }
        text
    }
}

fn write_keys(text: &mut String, section: &str, table: &Table, explain: bool) {
    let keys = KEYS.iter().filter(|key| key.section == section);
    // A table inside a table ends the keys of the outer one.
    let (inner, plain): (Vec<&Key>, Vec<&Key>) =
        keys.partition(|key| table.get(key.name).is_some_and(Value::is_table));
    for key in plain {
        let value = table.get(key.name);
        if explain {
            text.push_str(&format!("# {}.\n", key.what));
        }
        match (value, key.example) {
            (Some(value), _) => text.push_str(&format!("{} = {value}\n", key.name)),
            (None, Some(example)) if explain => text.push_str(&format!("# {} = {example}\n", key.name)),
            _ => {}
        }
    }
    for key in inner {
        separate(text);
        if explain {
            text.push_str(&format!("# {}.\n", key.what));
        }
        text.push_str(&format!("[{section}.{}]\n", key.name));
        for (name, value) in table[key.name].as_table().into_iter().flatten() {
            let name = Value::String(name.clone()).to_string();
            text.push_str(&format!("{name} = {value}\n"));
        }
    }
}

fn separate(text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
}
