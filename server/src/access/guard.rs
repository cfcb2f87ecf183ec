//! The layer of every route that needs something.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use registry::{RegistryError, Role};

use super::caller::Caller;
use super::{Needs, credentials, origin};
use crate::error::ApiError;
use crate::mlflow::error::{Code, MlflowError};
use crate::state::AppState;

/// Whose API a route belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The server's own.
    Own,
    /// MLflow's, which has errors of its own, and which programs of this machine may use while nobody has a token.
    Mlflow,
}

/// What the guard of a route knows.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) state: AppState,
    pub(crate) needs: Needs,
    pub(crate) form: Form,
}

/// Why a request isn't let through.
enum Refused {
    OtherOrigin,
    OtherHost,
    NobodyMay,
    NoToken,
    TooLittle(Role),
    Failed(RegistryError),
}

/// Lets a request through, with its [`Caller`], or answers it.
pub(crate) async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    match guard.admit(request.headers(), request.uri()).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
        Err(refused) => match guard.form {
            Form::Own => ApiError::from(refused).into_response(),
            Form::Mlflow => MlflowError::from(refused).into_response(),
        },
    }
}

impl Guard {
    async fn admit(&self, headers: &HeaderMap, uri: &Uri) -> Result<Option<Caller>, Refused> {
        let settings = &self.state.settings;
        let role = match self.needs {
            Needs::Nothing => return Ok(None),
            Needs::Reading if !settings.token_to_read => return Ok(None),
            Needs::Reading => Role::Viewer,
            Needs::Token(role) => role,
        };
        // A page that the server allows may read with a token; without one the answer is 401, not 403.
        if self.needs != Needs::Reading && !origin::is_allowed(headers, uri, &settings.allow_origins) {
            return Err(Refused::OtherOrigin);
        }
        let access = &self.state.access;
        let caller = match credentials::token_of(headers) {
            Some(token) => access.caller_of(&token).await.map_err(Refused::Failed)?,
            None => None,
        };
        let caller = match caller {
            Some(caller) => caller,
            None if !access.is_open().await.map_err(Refused::Failed)? => return Err(Refused::NoToken),
            None if self.form == Form::Own => return Err(Refused::NobodyMay),
            None if !origin::is_to_loopback(headers, uri) => return Err(Refused::OtherHost),
            None => Caller::of_this_machine(),
        };
        match caller.role >= role {
            true => Ok(Some(caller)),
            false => Err(Refused::TooLittle(role)),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::OtherOrigin => {
                ApiError::Forbidden("a page of another origin may not do this; see --allow-origin")
            }
            Refused::OtherHost => ApiError::Forbidden("this name doesn't mean this machine"),
            Refused::NobodyMay => ApiError::Forbidden(
                "this server was started without a token and none was made, so nobody may do this",
            ),
            Refused::NoToken => ApiError::Unauthenticated,
            Refused::TooLittle(role) => ApiError::Forbidden(too_little(role)),
            Refused::Failed(error) => error.into(),
        }
    }
}

impl From<Refused> for MlflowError {
    fn from(refused: Refused) -> Self {
        let denied = |message| MlflowError::new(Code::PermissionDenied, message);
        match refused {
            Refused::OtherOrigin => denied("Cross-origin request blocked"),
            Refused::OtherHost => denied("Invalid Host header - possible DNS rebinding attack detected"),
            Refused::NobodyMay => denied("Permission denied"),
            Refused::NoToken => MlflowError::new(
                Code::Unauthenticated,
                "You are not authenticated: this server needs a valid token, as MLFLOW_TRACKING_TOKEN or as \
                 MLFLOW_TRACKING_PASSWORD",
            ),
            Refused::TooLittle(role) => denied(too_little(role)),
            Refused::Failed(error) => error.into(),
        }
    }
}

/// What to say to whoever may do less.
pub(crate) fn too_little(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Permission denied: this needs a token with the role viewer",
        Role::Trainer => "Permission denied: this needs a token with the role trainer",
        Role::Admin => "Permission denied: this needs a token with the role admin",
    }
}
