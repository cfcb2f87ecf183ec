//! Axum's extractors, with [`ApiError`] as their rejection.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::rows::bad_json;

/// The bytes of a body that says it is JSON.
pub(crate) struct JsonBytes(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let message = "the body must be JSON, with Content-Type: application/json".to_owned();
            return Err(ApiError::Invalid {
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                message,
            });
        }
        Ok(JsonBytes(
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| bad_body(&rejection))?,
        ))
    }
}

/// A JSON body. No body at all stands for `{}`.
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let untyped = !request.headers().contains_key(header::CONTENT_TYPE);
        let empty = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .is_none_or(|length| length == "0");
        let bytes = match untyped && empty {
            true => Bytes::from_static(b"{}"),
            false => JsonBytes::from_request(request, state).await?.0,
        };
        serde_json::from_slice(&bytes)
            .map(ApiJson)
            .map_err(|error| bad_json(&error))
    }
}

/// The parameters of the path.
pub(crate) struct ApiPath<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(values)| ApiPath(values)).map_err(|_| {
            ApiError::bad_request("a part of the path isn't what it should be; see /openapi.json")
        })
    }
}

/// The parameters of the query.
pub(crate) struct ApiQuery<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(values)| ApiQuery(values))
            .map_err(|_| ApiError::bad_request("the query isn't what it should be; see /openapi.json"))
    }
}

fn bad_body(rejection: &BytesRejection) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::TooLarge("the body is larger than this path takes".to_owned())
        }
        _ => ApiError::bad_request("the body broke off"),
    }
}
