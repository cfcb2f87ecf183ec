//! Registered models, their versions and aliases, and logged models.

pub(super) mod aliases;
pub(super) mod logged;
pub(super) mod registered;
mod shapes;
mod source;
mod take;
pub(super) mod versions;

use super::error::MlflowError;
use super::wire::Message;

/// A version's number, which clients send as text.
fn version_number(message: &Message) -> Result<i64, MlflowError> {
    let wrong =
        |text: &str| MlflowError::invalid(format!("Parameter 'version' must be an integer, got '{text}'."));
    match message.text("version") {
        Ok(Some("")) | Ok(None) => Err(message.missing("version")),
        Ok(Some(text)) => text.parse().map_err(|_| wrong(text)),
        Err(error) => Err(error),
    }
}

/// A model's name as MLflow wants it.
fn check_name(name: &str) -> Result<(), MlflowError> {
    if name.contains(['/', ':']) {
        return Err(MlflowError::invalid(format!(
            "Invalid model name '{name}'. Names cannot contain '/' or ':'."
        )));
    }
    Ok(())
}

/// How many results a request wants.
fn max_results(message: &Message, default: i64, most: i64) -> Result<i64, MlflowError> {
    match message.integer("max_results")? {
        None => Ok(default),
        Some(count) if count > most => Err(message.refused("max_results")),
        Some(count) if count < 1 => Err(MlflowError::invalid(format!(
            "Invalid value {count} for parameter 'max_results' supplied. It must be a positive integer"
        ))),
        Some(count) => Ok(count),
    }
}
