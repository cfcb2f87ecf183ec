//! Every route of MLflow's API, as one table.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, patch, post};

use super::models::{aliases, logged, registered, versions};
use super::tracking::{experiments, files, history, inputs, log, runs};
use super::{guard, proxy, server_info};
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
        .route("/get-artifact",                    get(files::get))
        .route_layer(from_fn_with_state(state.clone(), guard::guard))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
}

#[rustfmt::skip]
fn version_2() -> Router<AppState> {
    Router::new()
        .merge(tracking())
        .merge(models())
        .fallback(guard::no_route)
        .method_not_allowed_fallback(guard::no_method)
}

/// Experiments and runs.
#[rustfmt::skip]
fn tracking() -> Router<AppState> {
    Router::new()
        .route("/experiments/create",                  post(experiments::create))
        .route("/experiments/get",                     get(experiments::get))
        .route("/experiments/get-by-name",             get(experiments::get_by_name))
        .route("/experiments/search",                  get(experiments::search).post(experiments::search))
        .route("/experiments/update",                  post(experiments::update))
        .route("/experiments/delete",                  post(experiments::delete))
        .route("/experiments/restore",                 post(experiments::restore))
        .route("/experiments/set-experiment-tag",      post(experiments::set_tag))
        .route("/experiments/delete-experiment-tag",   post(experiments::delete_tag))
        .route("/experiments/search-datasets",         post(inputs::search_datasets))
        .route("/runs/create",                         post(runs::create))
        .route("/runs/get",                            get(runs::get))
        .route("/runs/update",                         post(runs::update))
        .route("/runs/search",                         post(runs::search))
        .route("/runs/delete",                         post(runs::delete))
        .route("/runs/restore",                        post(runs::restore))
        .route("/runs/log-metric",                     post(log::metric))
        .route("/runs/log-parameter",                  post(log::param))
        .route("/runs/log-batch",                      post(log::batch))
        .route("/runs/log-model",                      post(log::model))
        .route("/runs/set-tag",                        post(log::set_tag))
        .route("/runs/delete-tag",                     post(log::delete_tag))
        .route("/runs/log-inputs",                     post(inputs::log))
        .route("/runs/outputs",                        post(inputs::outputs))
        .route("/metrics/get-history",                 get(history::get))
        .route("/metrics/get-history-bulk",            get(history::get_bulk))
        .route("/metrics/get-history-bulk-interval",   get(history::get_samples))
        .route("/artifacts/list",                      get(files::list))
        .route("/upload-artifact",                     post(files::upload))
}

/// Registered models, versions, aliases and logged models.
#[rustfmt::skip]
fn models() -> Router<AppState> {
    Router::new()
        .route("/registered-models/create",              post(registered::create))
        .route("/registered-models/get",                 get(registered::get))
        .route("/registered-models/search",              get(registered::search).post(registered::search))
        .route("/registered-models/update",              patch(registered::update))
        .route("/registered-models/rename",              post(registered::rename))
        .route("/registered-models/delete",              delete(registered::delete))
        .route("/registered-models/set-tag",             post(registered::set_tag))
        .route("/registered-models/delete-tag",          delete(registered::delete_tag))
        .route("/registered-models/get-latest-versions", get(registered::latest_versions).post(registered::latest_versions))
        .route("/registered-models/alias",               get(aliases::get).post(aliases::set).delete(aliases::delete))
        .route("/model-versions/create",                 post(versions::create))
        .route("/model-versions/get",                    get(versions::get))
        .route("/model-versions/search",                 get(versions::search).post(versions::search))
        .route("/model-versions/update",                 patch(versions::update))
        .route("/model-versions/delete",                 delete(versions::delete))
        .route("/model-versions/get-download-uri",       get(versions::download_uri))
        .route("/model-versions/transition-stage",       post(versions::transition))
        .route("/model-versions/set-tag",                post(versions::set_tag))
        .route("/model-versions/delete-tag",             delete(versions::delete_tag))
        .route("/logged-models",                         post(logged::create))
        .route("/logged-models/search",                  post(logged::search))
        .route("/logged-models/{model_id}",              get(logged::get).patch(logged::finalize).delete(logged::delete))
        .route("/logged-models/{model_id}/tags",         patch(logged::set_tags))
        .route("/logged-models/{model_id}/tags/{key}",   delete(logged::delete_tag))
        .route("/logged-models/{model_id}/params",       post(logged::log_params))
        .route("/logged-models/{model_id}/artifacts/directories", get(logged::artifacts))
}

/// Files in and out, which may take longer than an answer, and are handed out as they are.
pub(crate) fn artifact_routes(state: &AppState) -> Router<AppState> {
    let files = artifacts();
    Router::new()
        .nest("/api/2.0/mlflow-artifacts", files.clone())
        .nest("/ajax-api/2.0/mlflow-artifacts", files)
        .route_layer(from_fn_with_state(state.clone(), guard::guard))
}

#[rustfmt::skip]
fn artifacts() -> Router<AppState> {
    Router::new()
        .route("/artifacts",         get(proxy::list))
        .route("/artifacts/{*path}", get(proxy::get).put(proxy::put).delete(proxy::delete))
        .route("/mpu/{*path}",       post(proxy::no_multipart_upload))
        .route("/presigned/{*path}", get(proxy::no_presigned_download))
        .fallback(guard::no_route)
        .method_not_allowed_fallback(guard::no_method)
}
