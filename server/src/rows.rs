//! The rows of a prediction request, each in any of three forms, to [`Row`]s.
//!
//! Decoded by hand rather than through [`api_types::PredictRequest`], so that an error names the row and the
//! column; it accepts the same JSON. No error repeats a value of the request.

use model_export::{
    CATEGORY_COLUMNS, INTEGER_COLUMNS, Row, RowError, RowErrorKind, column_names, parse_features,
};
use serde::Deserialize;
use serde_json::Value;

use crate::error::ApiError;

/// A request may have so many rows.
pub const MAX_ROWS: usize = 10_000;
/// A request's body may have so many bytes.
pub const MAX_BODY_BYTES: usize = 16 << 20;

const COLUMNS: usize = INTEGER_COLUMNS + CATEGORY_COLUMNS;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    rows: Option<Vec<Value>>,
    row: Option<Value>,
}

/// The rows of a request's body, in order and not read yet.
pub(crate) fn inputs(body: &[u8]) -> Result<Vec<Value>, ApiError> {
    let body: Body = serde_json::from_slice(body).map_err(|error| bad_json(&error))?;
    let inputs = match body {
        Body {
            rows: Some(rows),
            row: None,
        } => rows,
        Body {
            rows: None,
            row: Some(row),
        } => vec![row],
        _ => return Err(ApiError::bad_request("the body needs either `row` or `rows`")),
    };
    if inputs.is_empty() {
        return Err(ApiError::unprocessable("`rows` is empty"));
    }
    if inputs.len() > MAX_ROWS {
        return Err(ApiError::TooLarge(format!(
            "a request may have {MAX_ROWS} rows, this one has {}",
            inputs.len()
        )));
    }
    Ok(inputs)
}

/// A JSON error by its position; serde's own text may repeat values.
pub(crate) fn bad_json(error: &serde_json::Error) -> ApiError {
    let at = format!("line {}, column {}", error.line(), error.column());
    if error.is_data() {
        ApiError::unprocessable(format!(
            "the body isn't what this path takes, at {at}; see /openapi.json"
        ))
    } else {
        ApiError::bad_request(format!("the body isn't valid JSON, at {at}"))
    }
}

/// One row; `index` is its place in the request.
pub(crate) fn row(index: usize, input: &Value) -> Result<Row, ApiError> {
    let fail = |column: Option<usize>, message: String| ApiError::Row {
        row: index,
        column: column.map(|column| column_names()[column]),
        message: match column {
            Some(column) => format!("row {index}, column {}: {message}", column_names()[column]),
            None => format!("row {index}: {message}"),
        },
    };
    match input {
        Value::String(line) => {
            let line = line.strip_suffix('\n').unwrap_or(line);
            let row = parse_features(line.as_bytes(), 0).map_err(|error| {
                let column = error
                    .name
                    .and_then(|name| column_names().iter().position(|column| *column == name));
                fail(column, reason(&error))
            })?;
            Ok(Row { label: None, ..row })
        }
        Value::Array(values) => {
            if values.len() != COLUMNS {
                return Err(fail(
                    None,
                    format!("expected {COLUMNS} values, found {}", values.len()),
                ));
            }
            let mut row = Row::default();
            for (column, value) in values.iter().enumerate() {
                set(&mut row, column, value).map_err(|message| fail(Some(column), message))?;
            }
            Ok(row)
        }
        Value::Object(values) => {
            let mut row = Row::default();
            for (name, value) in values {
                let column = column_names().iter().position(|column| column == name);
                let column = column.ok_or_else(|| {
                    fail(
                        None,
                        "has a name that no column has; columns are I1 to I13 and C1 to C26".to_owned(),
                    )
                })?;
                set(&mut row, column, value).map_err(|message| fail(Some(column), message))?;
            }
            Ok(row)
        }
        _ => Err(fail(
            None,
            "expected a TSV line, an array of 39 values or an object by column name".to_owned(),
        )),
    }
}

fn set(row: &mut Row, column: usize, value: &Value) -> Result<(), String> {
    match value {
        Value::Null => Ok(()),
        Value::Number(number) if column < INTEGER_COLUMNS => {
            row.integers[column] = Some(
                number
                    .as_i64()
                    .ok_or("expected a whole number that fits in 64 bits, or null")?,
            );
            Ok(())
        }
        Value::String(text) => row
            .set(column_names()[column], text)
            .map_err(|error| reason(&error)),
        _ if column < INTEGER_COLUMNS => {
            Err("expected a whole number, its digits as text, or null".to_owned())
        }
        _ => Err("expected 8 hexadecimal digits as text, or null".to_owned()),
    }
}

/// What is wrong with a row, without the value that [`RowError`] itself would show.
fn reason(error: &RowError) -> String {
    match &error.kind {
        RowErrorKind::ColumnCount { expected, found } => {
            format!("expected {expected} tab-separated columns, found {found}")
        }
        RowErrorKind::Label(_) => "the label is 0, 1 or nothing".to_owned(),
        RowErrorKind::Integer(_) => "expected a decimal 64-bit integer or nothing".to_owned(),
        RowErrorKind::Category(_) => "expected exactly 8 hexadecimal digits or nothing".to_owned(),
        _ => "isn't a row of Criteo's format".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use api_types::{ErrorCode, PredictRequest};

    use super::*;

    fn rows(body: &[u8]) -> Result<Vec<Row>, ApiError> {
        let inputs = inputs(body)?;
        inputs
            .iter()
            .enumerate()
            .map(|(index, input)| row(index, input))
            .collect()
    }

    fn sample() -> Row {
        let mut row = Row::default();
        row.set("I1", "-3").unwrap();
        row.set("I13", "9223372036854775807").unwrap();
        row.set("C1", "68fd1e64").unwrap();
        row.set("C26", "0000000f").unwrap();
        row
    }

    #[test]
    fn all_three_forms_give_the_same_row() {
        let tsv = sample().to_tsv();
        let mut array = vec![Value::Null; COLUMNS];
        array[0] = (-3).into();
        array[12] = "9223372036854775807".into();
        array[13] = "68FD1E64".into();
        array[38] = "0000000f".into();
        let named =
            serde_json::json!({"I1": -3, "I13": i64::MAX, "C1": "68fd1e64", "C26": "0000000f", "C3": null});
        let body = serde_json::json!({"rows": [tsv, array, named, format!("1\t{tsv}\n")]});
        assert_eq!(rows(body.to_string().as_bytes()).unwrap(), vec![sample(); 4]);
        // What is accepted here is what the documented type says.
        serde_json::from_value::<PredictRequest>(body).unwrap();
        let one = serde_json::json!({"row": tsv});
        assert_eq!(rows(one.to_string().as_bytes()).unwrap(), vec![sample()]);
    }

    #[test]
    fn errors_name_row_and_column_and_no_value() {
        let tsv = sample().to_tsv();
        let short = tsv.rsplit_once('\t').unwrap().0;
        let cases = [
            (serde_json::json!({"I3": "secret"}), Some("I3")),
            (serde_json::json!({"I3": 1.5}), Some("I3")),
            (serde_json::json!({"I3": 18446744073709551615u64}), Some("I3")),
            (serde_json::json!({"C26": 12345678}), Some("C26")),
            (serde_json::json!({"C2": "secret"}), Some("C2")),
            (serde_json::json!({"C2": {"secret": 1}}), Some("C2")),
            (serde_json::json!({"secret": 1}), None),
            (serde_json::json!(tsv.replace("68fd1e64", "secret")), Some("C1")),
            (serde_json::json!(short), None),
            (serde_json::json!(format!("secret\t{tsv}")), None),
            (serde_json::json!(["secret"]), None),
            (serde_json::json!(17), None),
        ];
        for (bad, column) in cases {
            let body = serde_json::json!({"rows": [tsv, bad]}).to_string();
            let error = rows(body.as_bytes()).unwrap_err().body("id");
            assert_eq!(
                (error.code, error.row, error.column.as_deref()),
                (ErrorCode::InvalidRequest, Some(1), column)
            );
            assert!(!error.message.contains("secret"), "{}", error.message);
        }
    }

    #[test]
    fn bad_bodies_are_refused_without_repeating_them() {
        for (body, status) in [
            ("{\"secret", 400),
            ("[\"secret\"]", 422),
            ("{\"secret\": []}", 422),
            ("{}", 400),
            ("{\"row\": \"\", \"rows\": []}", 400),
            ("{\"rows\": []}", 422),
        ] {
            let error = rows(body.as_bytes()).unwrap_err();
            assert_eq!(error.status().as_u16(), status, "{body}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        let many = format!("{{\"rows\": [{}0]}}", "0,".repeat(MAX_ROWS));
        assert_eq!(rows(many.as_bytes()).unwrap_err().status().as_u16(), 413);
    }
}
