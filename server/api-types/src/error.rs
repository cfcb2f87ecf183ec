//! The body of every 4xx and 5xx answer.

use serde::{Deserialize, Serialize};

/// What went wrong, for a program to branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The request can't be understood or a value is out of its domain (400, 422).
    InvalidRequest,
    /// No token, or a wrong, expired or revoked one (401).
    Unauthenticated,
    /// The token's role is too small, or nobody has a token, so nobody may do this (403).
    Forbidden,
    /// There is no such thing (404).
    NotFound,
    /// The state of the thing doesn't allow it (409).
    Conflict,
    /// The body is larger than the server takes (413).
    TooLarge,
    /// No model is in Production, or a service behind the server doesn't answer (503).
    Unavailable,
    /// A fault of the server; its log has the cause under the request id (500).
    Internal,
}

/// The body of every 4xx and 5xx answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// What went wrong, for a program.
    pub code: ErrorCode,
    /// What went wrong, for a person; names positions and columns, never echoes values or causes inside the server.
    pub message: String,
    /// The row of the request the error is about, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// The column the error is about, such as `I3` or `C26`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Under this id the server's log has more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
