//! The one error of every handler, and how it becomes an answer.
//!
//! A handler returns [`ApiError`]; its answer is only a status until [`crate::observe`] gives it the request id,
//! logs the cause once and writes the [`ErrorBody`]. Causes never reach a client.

use std::sync::Arc;

use api_types::{ErrorBody, ErrorCode};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use registry::RegistryError;

use crate::serving::LoadError;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The request can't be understood.
    #[error("{message}")]
    Invalid {
        /// 400, 405, 408, 415 or 422.
        status: StatusCode,
        /// What is wrong, without the request's values.
        message: String,
    },
    /// A row of a prediction request is bad.
    #[error("{message}")]
    Row {
        /// The row, from 0.
        row: usize,
        /// The column, where one is to blame.
        column: Option<&'static str>,
        /// What is wrong, without the row's values.
        message: String,
    },
    /// There is no valid token.
    #[error("this needs a valid token")]
    Unauthenticated,
    /// Nobody may do this here, or not from there.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The state of the thing doesn't allow it.
    #[error("{message}")]
    Conflict {
        /// Why not, for a person.
        message: String,
        /// For the log.
        cause: Option<Cause>,
    },
    /// The body or the number of rows is over the limit.
    #[error("{0}")]
    TooLarge(String),
    /// No model is loaded, or a service behind this one doesn't answer.
    #[error("{message}")]
    Unavailable {
        /// What isn't there, for a person.
        message: String,
        /// For the log.
        cause: Option<Cause>,
    },
    /// A fault of the server.
    #[error("the server failed; its log has the cause under the request id")]
    Internal(#[source] Cause),
}

impl ApiError {
    /// 400 with a message.
    pub fn bad_request(message: impl Into<String>) -> Self {
        ApiError::Invalid {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
        }
    }

    /// 422 with a message: well-formed, but out of its domain.
    pub fn unprocessable(message: impl Into<String>) -> Self {
        ApiError::Invalid {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            message: message.into(),
        }
    }

    /// 503: no model is loaded.
    pub fn no_model() -> Self {
        ApiError::Unavailable {
            message: "no model is loaded; /health says why".to_owned(),
            cause: None,
        }
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        match self {
            ApiError::Invalid { status, .. } => *status,
            ApiError::Row { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            ApiError::Unauthenticated => StatusCode::UNAUTHORIZED,
            ApiError::Forbidden(_) => StatusCode::FORBIDDEN,
            ApiError::NotFound(_) => StatusCode::NOT_FOUND,
            ApiError::Conflict { .. } => StatusCode::CONFLICT,
            ApiError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            ApiError::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            ApiError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The cause, for the log alone.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            ApiError::Conflict { cause, .. } | ApiError::Unavailable { cause, .. } => cause.as_ref(),
            ApiError::Internal(cause) => Some(cause),
            _ => None,
        }
    }

    /// The answer's body.
    pub fn body(&self, request_id: &str) -> ErrorBody {
        let (row, column) = match self {
            ApiError::Row { row, column, .. } => (Some(*row), column.map(str::to_owned)),
            _ => (None, None),
        };
        ErrorBody {
            code: error_code(self.status()),
            message: self.to_string(),
            row,
            column,
            request_id: Some(request_id.to_owned()),
        }
    }
}

/// The code that a status stands for; every status has exactly one.
pub(crate) fn error_code(status: StatusCode) -> ErrorCode {
    match status {
        StatusCode::UNAUTHORIZED => ErrorCode::Unauthenticated,
        StatusCode::FORBIDDEN => ErrorCode::Forbidden,
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::CONFLICT => ErrorCode::Conflict,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::Unavailable,
        status if status.is_client_error() => ErrorCode::InvalidRequest,
        _ => ErrorCode::Internal,
    }
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::NotFound { .. } => ApiError::NotFound(error.to_string()),
            RegistryError::InvalidValue { .. } => ApiError::unprocessable(error.to_string()),
            RegistryError::NoPreviousProduction { .. } | RegistryError::AlreadyExists { .. } => {
                ApiError::Conflict {
                    message: error.to_string(),
                    cause: None,
                }
            }
            RegistryError::Database { .. } => ApiError::Unavailable {
                message: "the registry doesn't answer".to_owned(),
                cause: Some(error.into()),
            },
            RegistryError::Store { .. } => ApiError::Unavailable {
                message: "the store doesn't answer".to_owned(),
                cause: Some(error.into()),
            },
            RegistryError::DigestMismatch { .. } | RegistryError::ObjectNotFound { .. } => {
                ApiError::Unavailable {
                    message: "the store has lost this file or holds other bytes in its place".to_owned(),
                    cause: Some(error.into()),
                }
            }
            error => ApiError::Internal(error.into()),
        }
    }
}

impl From<LoadError> for ApiError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Refused { .. } => ApiError::Conflict {
                message: error.to_string(),
                cause: None,
            },
            LoadError::Unavailable { .. } => ApiError::Unavailable {
                message: error.to_string(),
                cause: Some(error.into()),
            },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if matches!(self, ApiError::Unauthenticated) {
            let challenge = HeaderValue::from_static("Bearer realm=\"clickleaf\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if matches!(self, ApiError::Unavailable { .. }) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
