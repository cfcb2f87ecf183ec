//! Where a message comes from: the query string of a GET, or the body.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{Method, header};
use serde_json::{Map, Value};

use super::Message;
use crate::mlflow::error::MlflowError;

impl<S: Send + Sync> FromRequest<S> for Message {
    type Rejection = MlflowError;

    async fn from_request(request: Request, state: &S) -> Result<Self, MlflowError> {
        let query = request.uri().query().unwrap_or_default();
        if request.method() == Method::GET && !query.is_empty() {
            return Ok(Message::from_query(query));
        }
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok().map(str::to_owned));
        let needs_type = request.method() != Method::GET;
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            MlflowError::invalid(format!("The body can't be read: {}", rejection.body_text()))
        })?;
        if bytes.is_empty() {
            return Ok(Message::default());
        }
        let essence = content_type
            .as_deref()
            .map(|text| text.split(';').next().unwrap_or_default().trim());
        match essence {
            Some(essence) if !essence.eq_ignore_ascii_case("application/json") && needs_type => {
                return Err(MlflowError::invalid(
                    "Bad Request. Content-Type must be one of ['application/json'].",
                ));
            }
            None if needs_type => {
                return Err(MlflowError::invalid(
                    "Bad Request. Content-Type header is missing.",
                ));
            }
            _ => {}
        }
        Message::from_json(&bytes)
    }
}

impl Message {
    /// The object in a body, which older clients send as a text of JSON once more.
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Message, MlflowError> {
        let malformed =
            |error: serde_json::Error| MlflowError::invalid(format!("The body is not valid JSON: {error}"));
        let mut value: Value = serde_json::from_slice(bytes).map_err(malformed)?;
        if let Value::String(inner) = &value {
            value = serde_json::from_str(inner).map_err(malformed)?;
        }
        match value {
            Value::Object(fields) => Ok(Message {
                fields,
                ..Message::default()
            }),
            Value::Null => Ok(Message::default()),
            _ => Err(MlflowError::invalid("The body is not a JSON object")),
        }
    }

    /// The fields of a query string; what isn't UTF-8 is replaced.
    pub(crate) fn from_query(query: &str) -> Message {
        let mut fields = Map::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let list = fields
                .entry(unescaped(name))
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(Value::String(unescaped(value)));
            }
        }
        Message {
            fields,
            path: String::new(),
            is_query: true,
        }
    }
}

/// `%XX` and `+` undone.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let decoded =
            escape.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        plain.push(match (decoded, bytes[at]) {
            (Some(byte), _) => byte,
            (None, b'+') => b' ',
            (None, byte) => byte,
        });
        at += if decoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&plain).into_owned()
}
