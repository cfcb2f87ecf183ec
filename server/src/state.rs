//! What every handler shares.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::HeaderValue;
use registry::Registry;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::metrics::Metrics;
use crate::serving::Serving;

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Runs, versions and the training queue.
    pub registry: Registry,
    /// The model that predicts.
    pub serving: Arc<Serving>,
    /// The numbers of `/metrics`.
    pub metrics: Metrics,
    /// Which tokens are good.
    pub(crate) access: Arc<Access>,
    /// What the options say.
    pub settings: Arc<Settings>,
    /// Cancelled when the server is to stop: streams end then.
    pub stopping: CancellationToken,
}

/// Options that handlers and layers read, checked.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The token of an admin that the server was given; others are in the registry.
    pub token: Option<String>,
    /// Only this machine can reach the server: while nobody has a token, its programs may use MLflow's API.
    pub open_on_loopback: bool,
    /// Reading what the registry holds takes a viewer's token.
    pub token_to_read: bool,
    /// Origins that may call from a browser, besides the server's own.
    pub allow_origins: Vec<HeaderValue>,
    /// The folder of the static app.
    pub app_dir: Option<PathBuf>,
}
