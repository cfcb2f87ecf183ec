//! Who was let in.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::Extensions;
use axum::http::request::Parts;
use registry::{Actor, ApiToken, Role};

use crate::state::AppState;

/// Who sent the request at hand, in its extensions once the guard let it through.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) role: Role,
    who: String,
}

impl Caller {
    /// Whoever has the token that the server was started with.
    pub(super) fn with_server_token() -> Caller {
        Caller {
            role: Role::Admin,
            who: "server-token".to_owned(),
        }
    }

    /// A program of this machine, while nobody has a token.
    pub(super) fn of_this_machine() -> Caller {
        Caller {
            role: Role::Admin,
            who: "loopback".to_owned(),
        }
    }

    /// Whoever has a token of the registry.
    pub(super) fn with_token(token: &ApiToken) -> Caller {
        Caller {
            role: token.role,
            who: token.who(),
        }
    }
}

/// The shared state, whose registry ascribes what it changes to the request's [`Caller`].
pub(crate) struct Acting(pub(crate) AppState);

impl FromRequestParts<AppState> for Acting {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let who = match parts.extensions.get::<Caller>() {
            Some(caller) => caller.who.as_str(),
            None => "anybody",
        };
        let actor = Actor::new(who, address(&parts.extensions));
        let mut state = state.clone();
        state.registry = state.registry.acting_as(actor);
        Ok(Acting(state))
    }
}

/// The address at the other end of the connection. What a proxy says of whom it stands for is anybody's to forge.
fn address(extensions: &Extensions) -> String {
    match extensions.get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(peer)) => peer.ip().to_canonical().to_string(),
        None => "unknown".to_owned(),
    }
}
