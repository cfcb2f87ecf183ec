//! Refusals as JavaScript gets them: `[code, message, row, column]`, of which row and column may be undefined.

use js_sys::Array;
use model_export::{ExplainError, FormatError, RowError};
use wasm_bindgen::JsValue;

/// A refused file.
pub(crate) fn of_file(error: &FormatError) -> JsValue {
    let code = match error {
        FormatError::Version { .. } | FormatError::UnknownSection { .. } => "version",
        _ => "format",
    };
    refusal(code, &error.to_string(), None, None)
}

/// A file that is not the one that was asked for.
pub(crate) fn of_digest(expected: &str, found: &str) -> JsValue {
    let message = format!("the SHA-256 of the file is {found}, not {expected}");
    refusal("digest", &message, None, None)
}

/// A refused row, with its index where it is one of a batch.
pub(crate) fn of_row(error: &RowError, row: Option<usize>) -> JsValue {
    refusal("row", &error.kind.to_string(), row, error.name)
}

/// A margin that can't be explained.
pub(crate) fn of_explanation(error: &ExplainError) -> JsValue {
    let code = match error {
        ExplainError::NoCovers => "explain",
        _ => "argument",
    };
    refusal(code, &error.to_string(), None, None)
}

fn refusal(code: &str, message: &str, row: Option<usize>, column: Option<&str>) -> JsValue {
    let row = row.map_or(JsValue::UNDEFINED, |row| JsValue::from_f64(row as f64));
    let column = column.map_or(JsValue::UNDEFINED, JsValue::from_str);
    Array::of4(&code.into(), &message.into(), &row, &column).into()
}
