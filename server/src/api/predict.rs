//! `POST /predict`: the same model and the same code as in the browser.

use api_types::{ErrorBody, PredictRequest, PredictResponse, Prediction};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use rayon::prelude::*;
use serde_json::Value;

use crate::error::ApiError;
use crate::extract::JsonBytes;
use crate::rows::{inputs, row};
use crate::serving::Served;
use crate::state::AppState;

/// Names the version that answered.
pub(crate) const MODEL_VERSION: HeaderName = HeaderName::from_static("x-model-version");
/// Names the compact file that answered.
pub(crate) const MODEL_SHA256: HeaderName = HeaderName::from_static("x-model-sha256");
/// Names the run that made the model.
pub(crate) const RUN_ID: HeaderName = HeaderName::from_static("x-run-id");

/// A larger body is worked on off the threads that serve connections.
const INLINE_BYTES: usize = 32 << 10;
/// More rows are worked on by several threads, so many at a time.
const ROWS_AT_ONCE: usize = 512;

/// Predicts the click-through rate of one row or many. All predictions of an answer are from the one version it names.
#[utoipa::path(post, path = "/predict", tag = "predict", request_body = PredictRequest, responses(
    (status = 200, body = PredictResponse, headers(
        ("x-model-version" = i64, description = "The version that answered"),
        ("x-model-sha256" = String, description = "SHA-256 of its compact file"),
        ("x-run-id" = String, description = "The run that made it"),
    )),
    (status = 400, description = "The body isn't JSON.", body = ErrorBody),
    (status = 413, description = "More than 10,000 rows or 16 MiB.", body = ErrorBody),
    (status = 415, description = "The body doesn't say that it is JSON.", body = ErrorBody),
    (status = 422, description = "A row is bad; `row` and `column` say where.", body = ErrorBody),
    (status = 503, description = "No model is loaded.", body = ErrorBody),
))]
pub(crate) async fn predict(
    State(state): State<AppState>,
    JsonBytes(body): JsonBytes,
) -> Result<Response, ApiError> {
    // One snapshot for the whole request: a swap in the meantime changes nothing here.
    let served = state.serving.current().ok_or_else(ApiError::no_model)?;
    let predictions = if body.len() <= INLINE_BYTES {
        predict_rows(&served, &body)?
    } else {
        let served = served.clone();
        let work = tokio::task::spawn_blocking(move || predict_rows(&served, &body));
        work.await.map_err(|error| ApiError::Internal(error.into()))??
    };
    state.metrics.predictions(
        served.row.version,
        predictions.iter().map(|prediction| prediction.probability),
    );
    let answer = PredictResponse {
        predictions,
        model: served.version.clone(),
    };
    Ok((provenance_headers(&served), Json(answer)).into_response())
}

fn predict_rows(served: &Served, body: &[u8]) -> Result<Vec<Prediction>, ApiError> {
    let inputs = inputs(body)?;
    if inputs.len() <= ROWS_AT_ONCE {
        return predict_some(served, 0, &inputs);
    }
    let parts: Vec<Result<Vec<Prediction>, ApiError>> = inputs
        .par_chunks(ROWS_AT_ONCE)
        .enumerate()
        .map(|(part, inputs)| predict_some(served, part * ROWS_AT_ONCE, inputs))
        .collect();
    let mut predictions = Vec::with_capacity(inputs.len());
    for part in parts {
        predictions.extend(part?);
    }
    Ok(predictions)
}

/// `first` is the first row's place in the request.
fn predict_some(served: &Served, first: usize, inputs: &[Value]) -> Result<Vec<Prediction>, ApiError> {
    let rows = inputs.iter().enumerate();
    let rows = rows
        .map(|(index, input)| row(first + index, input))
        .collect::<Result<Vec<_>, _>>()?;
    let predictions = served.model.predict_batch(&rows).into_iter();
    Ok(predictions
        .map(|model_export::Prediction { probability, margin }| Prediction { probability, margin })
        .collect())
}

fn provenance_headers(served: &Served) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert(MODEL_VERSION, served.row.version.into());
    for (name, value) in [
        (MODEL_SHA256, &served.row.model_sha256),
        (RUN_ID, &served.row.run_id),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers
}
