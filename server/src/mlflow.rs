//! MLflow's REST API over the registry: whoever has an MLflow client points it here and goes on working.
//!
//! [`routes()`] is the table. A request passes its [guard](crate::access), becomes a [`wire::Message`], and leaves as JSON in MLflow's
//! shapes or as an [`error::MlflowError`].
//!
//! Invariants: what a caller did wrong is never a 5xx, which clients would retry for minutes; errors have MLflow's body
//! and never the server's own; nothing that is registered is rewritten because a client asks.

pub(crate) mod error;
pub(crate) mod limits;
mod models;
pub(crate) mod page;
pub(crate) mod place;
pub(crate) mod proxy;
mod routes;
mod server_info;
mod tracking;
pub(crate) mod wire;

pub(crate) use routes::{artifact_routes, route_table, routes};
