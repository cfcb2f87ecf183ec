//! The one error of MLflow's API: a code, which says the status, and a message that clients show.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use registry::RegistryError;
use serde_json::json;

use crate::observe::{HasBody, chain};

/// MLflow's error codes, as far as this server answers with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    BadRequest,
    EndpointNotFound,
    InternalError,
    InvalidParameterValue,
    NotImplemented,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceConflict,
    ResourceDoesNotExist,
    TemporarilyUnavailable,
    Unauthenticated,
}

impl Code {
    fn name(self) -> &'static str {
        match self {
            Code::BadRequest => "BAD_REQUEST",
            Code::EndpointNotFound => "ENDPOINT_NOT_FOUND",
            Code::InternalError => "INTERNAL_ERROR",
            Code::InvalidParameterValue => "INVALID_PARAMETER_VALUE",
            Code::NotImplemented => "NOT_IMPLEMENTED",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::ResourceAlreadyExists => "RESOURCE_ALREADY_EXISTS",
            Code::ResourceConflict => "RESOURCE_CONFLICT",
            Code::ResourceDoesNotExist => "RESOURCE_DOES_NOT_EXIST",
            Code::TemporarilyUnavailable => "TEMPORARILY_UNAVAILABLE",
            Code::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Code::BadRequest | Code::InvalidParameterValue | Code::ResourceAlreadyExists => {
                StatusCode::BAD_REQUEST
            }
            Code::EndpointNotFound | Code::ResourceDoesNotExist => StatusCode::NOT_FOUND,
            Code::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Code::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Code::PermissionDenied => StatusCode::FORBIDDEN,
            Code::ResourceConflict => StatusCode::CONFLICT,
            Code::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        }
    }
}

/// Why a request failed.
#[derive(Debug)]
pub(crate) struct MlflowError {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Where the status isn't the code's.
    status: Option<StatusCode>,
    /// For the log alone.
    cause: Option<Box<RegistryError>>,
}

impl MlflowError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        MlflowError {
            code,
            message: message.into(),
            status: None,
            cause: None,
        }
    }

    /// 400 `INVALID_PARAMETER_VALUE`.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        MlflowError::new(Code::InvalidParameterValue, message)
    }

    /// The same with another status than the code's.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        MlflowError {
            status: Some(status),
            ..self
        }
    }

    /// 404 `RESOURCE_DOES_NOT_EXIST`.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        MlflowError::new(Code::ResourceDoesNotExist, message)
    }

    /// 404 of a run, with MLflow's message.
    pub(crate) fn no_run(run_id: &str) -> Self {
        MlflowError::not_found(format!("Run with id={run_id} not found"))
    }

    /// 404 of a registered model, with MLflow's message.
    pub(crate) fn no_model(name: &str) -> Self {
        MlflowError::not_found(format!("Registered Model with name={name} not found"))
    }

    /// 404 of a version, with MLflow's message.
    pub(crate) fn no_version(name: &str, version: i64) -> Self {
        MlflowError::not_found(format!(
            "Model Version (name={name}, version={version}) not found"
        ))
    }

    /// 404 of a logged model, with MLflow's message.
    pub(crate) fn no_logged_model(model_id: &str) -> Self {
        MlflowError::not_found(format!("Logged model with ID '{model_id}' not found."))
    }

    /// 404 of an experiment, with MLflow's message.
    pub(crate) fn no_experiment(experiment_id: &str) -> Self {
        MlflowError::not_found(format!("No Experiment with id={experiment_id} exists"))
    }
}

impl From<RegistryError> for MlflowError {
    fn from(error: RegistryError) -> Self {
        match &error {
            RegistryError::NotFound { kind: "run", key } => MlflowError::no_run(key),
            RegistryError::NotFound {
                kind: "experiment",
                key,
            } => MlflowError::no_experiment(key),
            RegistryError::NotFound {
                kind: "registered model",
                key,
            } => MlflowError::no_model(key),
            RegistryError::NotFound {
                kind: "model version",
                key,
            } => match key.rsplit_once('/') {
                Some((name, version)) => MlflowError::not_found(format!(
                    "Model Version (name={name}, version={version}) not found"
                )),
                None => MlflowError::not_found(error.to_string()),
            },
            RegistryError::NotFound {
                kind: "logged model",
                key,
            } => MlflowError::no_logged_model(key),
            RegistryError::AlreadyExists {
                kind: "registered model",
                key,
            } => MlflowError::new(
                Code::ResourceAlreadyExists,
                format!("Registered Model (name={key}) already exists."),
            ),
            RegistryError::NotFound { .. } => MlflowError::not_found(error.to_string()),
            RegistryError::ObjectNotFound { .. } => MlflowError::not_found("No such artifact"),
            RegistryError::ObjectExists { .. } => {
                MlflowError::new(Code::ResourceConflict, "The artifact exists with other bytes")
            }
            RegistryError::InvalidKey { .. } => MlflowError::invalid("Invalid path"),
            RegistryError::InvalidValue { .. }
            | RegistryError::InvalidSearch { .. }
            | RegistryError::UnsupportedUri { .. }
            | RegistryError::ParamChanged { .. } => MlflowError::invalid(error.to_string()),
            RegistryError::Database { .. } | RegistryError::Store { .. } => MlflowError {
                cause: Some(Box::new(error)),
                ..MlflowError::new(
                    Code::TemporarilyUnavailable,
                    "The database or the store doesn't answer",
                )
            },
            _ => MlflowError {
                cause: Some(Box::new(error)),
                ..MlflowError::new(Code::InternalError, "The server failed; its log has the cause")
            },
        }
    }
}

impl IntoResponse for MlflowError {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            tracing::error!(cause = chain(cause.as_ref()), "{}", self.message);
        }
        let body = json!({"error_code": self.code.name(), "message": self.message});
        let status = self.status.unwrap_or(self.code.status());
        let mut response = (status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if self.code == Code::Unauthenticated {
            let challenge = HeaderValue::from_static("Basic realm=\"mlflow\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.code == Code::TemporarilyUnavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(HasBody);
        response
    }
}
