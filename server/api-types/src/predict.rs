//! `POST /predict`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ModelVersion;

/// One row, in whichever of three forms the caller has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum RowInput {
    /// A Criteo line: 39 features, or 40 columns with the label first; tab-separated, empty for missing.
    Tsv(String),
    /// 39 values in column order: 13 integers, then 26 categories; `null` for missing.
    Array(Vec<Option<Value>>),
    /// Values by column name, `I1`…`I13` and `C1`…`C26`; absent or `null` for missing.
    Named(BTreeMap<String, Option<Value>>),
}

/// A value of a row: an integer column takes a whole number, a category column eight hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Value {
    /// For integer columns.
    Integer(i64),
    /// For category columns; an integer column takes decimal digits here too.
    Text(String),
}

/// One row or many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum PredictRequest {
    /// `{"rows": […]}`: many rows, answered in order.
    Rows {
        /// The rows.
        rows: Vec<RowInput>,
    },
    /// `{"row": …}`: one row.
    Row {
        /// The row.
        row: RowInput,
    },
}

/// What the model says of one row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Prediction {
    /// Click-through rate, in 0..=1.
    pub probability: f32,
    /// The sum of the leaves before the sigmoid.
    pub margin: f32,
}

/// The answer: predictions in the order of the rows, all from the one version named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PredictResponse {
    /// One a row.
    pub predictions: Vec<Prediction>,
    /// Which model said so.
    pub model: ModelVersion,
}
