//! What every handler shares.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::HeaderValue;
use registry::Registry;
use tokio_util::sync::CancellationToken;

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
    /// What the options say.
    pub settings: Arc<Settings>,
    /// Cancelled when the server is to stop: streams end then.
    pub stopping: CancellationToken,
}

/// Options that handlers and layers read, checked.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The bearer token of state-changing routes; without one nobody may call them.
    pub token: Option<String>,
    /// Origins that may call from a browser, besides the server's own.
    pub allow_origins: Vec<HeaderValue>,
    /// The folder of the static app.
    pub app_dir: Option<PathBuf>,
}
