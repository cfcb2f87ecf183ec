//! Experiments, runs, their metrics, params, tags, inputs, outputs and files.

pub(super) mod experiments;
pub(super) mod files;
pub(super) mod history;
pub(super) mod inputs;
pub(super) mod log;
pub(super) mod runs;
mod shapes;

use axum::Json;
use serde::Serialize;

/// `{}`.
#[derive(Serialize)]
pub(super) struct Done {}

const DONE: Json<Done> = Json(Done {});
