//! Every route of MLflow's API, as one table.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use super::{guard, server_info};
use crate::state::AppState;

/// A dataset's profile alone may have 16 MiB.
const BODY_BYTES: usize = 32 << 20;

/// MLflow's API under all its prefixes.
#[rustfmt::skip]
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let version_2 = version_2();
    Router::new()
        .nest("/api/2.0/mlflow",                  version_2.clone())
        .nest("/ajax-api/2.0/mlflow",             version_2)
        .route("/api/3.0/mlflow/server-info",      get(server_info::server_info))
        .route("/ajax-api/3.0/mlflow/server-info", get(server_info::server_info))
        .route("/version",                         get(server_info::version))
        .route_layer(from_fn_with_state(state.clone(), guard::guard))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
}

#[rustfmt::skip]
fn version_2() -> Router<AppState> {
    Router::new()
        .fallback(guard::no_route)
        .method_not_allowed_fallback(guard::no_method)
}
