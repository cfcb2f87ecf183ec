//! Every route of MLflow's API, as one table, with the role that it needs.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use registry::Role;

use super::error::{Code, MlflowError};
use super::models::{aliases, logged, registered, versions};
use super::tracking::{experiments, files, history, inputs, log, runs};
use super::{proxy, server_info};
use crate::access::{Form, Needs};
use crate::routes::{Routes, StatedRoute};
use crate::state::AppState;

/// A dataset's profile alone may have 16 MiB.
const BODY_BYTES: usize = 32 << 20;

const VIEWER: Needs = Needs::Token(Role::Viewer);
const TRAINER: Needs = Needs::Token(Role::Trainer);
const ADMIN: Needs = Needs::Token(Role::Admin);

const PREFIXES: [&str; 2] = ["/api/2.0/mlflow", "/ajax-api/2.0/mlflow"];
const ARTIFACT_PREFIXES: [&str; 2] = ["/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"];

/// Every route, and what it needs.
pub(crate) fn route_table() -> Vec<StatedRoute> {
    let mut table: Vec<StatedRoute> = server().stated("").collect();
    for (prefixes, routes) in [(PREFIXES, version_2()), (ARTIFACT_PREFIXES, artifacts())] {
        for prefix in prefixes {
            table.extend(routes.stated(prefix));
        }
    }
    table
}

/// MLflow's API under all its prefixes.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    below(&PREFIXES, version_2(), state)
        .merge(server().into_router(state, Form::Mlflow))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
}

/// Files in and out, which may take longer than an answer, and are handed out as they are.
pub(crate) fn artifact_routes(state: &AppState) -> Router<AppState> {
    below(&ARTIFACT_PREFIXES, artifacts(), state)
}

fn below(prefixes: &[&str], routes: Routes, state: &AppState) -> Router<AppState> {
    let router = routes
        .into_router(state, Form::Mlflow)
        .fallback(no_route)
        .method_not_allowed_fallback(no_method);
    prefixes
        .iter()
        .fold(Router::new(), |all, prefix| all.nest(prefix, router.clone()))
}

/// The answer of a path that isn't there.
async fn no_route(uri: Uri) -> MlflowError {
    MlflowError::new(Code::EndpointNotFound, format!("There is no {}", uri.path()))
}

/// The answer of a method that a path doesn't take.
async fn no_method() -> MlflowError {
    MlflowError::new(
        Code::BadRequest,
        "The method is not allowed for the requested URL",
    )
    .with_status(StatusCode::METHOD_NOT_ALLOWED)
}

/// What the server says of itself, and a run's files for a page.
#[rustfmt::skip]
fn server() -> Routes {
    Routes::new()
        .get   ("/api/3.0/mlflow/server-info",               VIEWER,  server_info::server_info)
        .get   ("/ajax-api/3.0/mlflow/server-info",          VIEWER,  server_info::server_info)
        .get   ("/version",                                  VIEWER,  server_info::version)
        .get   ("/get-artifact",                             VIEWER,  files::get)
}

fn version_2() -> Routes {
    tracking().and(models())
}

/// Experiments and runs.
#[rustfmt::skip]
fn tracking() -> Routes {
    Routes::new()
        .post  ("/experiments/create",                       TRAINER, experiments::create)
        .get   ("/experiments/get",                          VIEWER,  experiments::get)
        .get   ("/experiments/get-by-name",                  VIEWER,  experiments::get_by_name)
        .get   ("/experiments/search",                       VIEWER,  experiments::search)
        .post  ("/experiments/search",                       VIEWER,  experiments::search)
        .post  ("/experiments/update",                       TRAINER, experiments::update)
        .post  ("/experiments/delete",                       TRAINER, experiments::delete)
        .post  ("/experiments/restore",                      TRAINER, experiments::restore)
        .post  ("/experiments/set-experiment-tag",           TRAINER, experiments::set_tag)
        .post  ("/experiments/delete-experiment-tag",        TRAINER, experiments::delete_tag)
        .post  ("/experiments/search-datasets",              VIEWER,  inputs::search_datasets)
        .post  ("/runs/create",                              TRAINER, runs::create)
        .get   ("/runs/get",                                 VIEWER,  runs::get)
        .post  ("/runs/update",                              TRAINER, runs::update)
        .post  ("/runs/search",                              VIEWER,  runs::search)
        .post  ("/runs/delete",                              TRAINER, runs::delete)
        .post  ("/runs/restore",                             TRAINER, runs::restore)
        .post  ("/runs/log-metric",                          TRAINER, log::metric)
        .post  ("/runs/log-parameter",                       TRAINER, log::param)
        .post  ("/runs/log-batch",                           TRAINER, log::batch)
        .post  ("/runs/log-model",                           TRAINER, log::model)
        .post  ("/runs/set-tag",                             TRAINER, log::set_tag)
        .post  ("/runs/delete-tag",                          TRAINER, log::delete_tag)
        .post  ("/runs/log-inputs",                          TRAINER, inputs::log)
        .post  ("/runs/outputs",                             TRAINER, inputs::outputs)
        .get   ("/metrics/get-history",                      VIEWER,  history::get)
        .get   ("/metrics/get-history-bulk",                 VIEWER,  history::get_bulk)
        .get   ("/metrics/get-history-bulk-interval",        VIEWER,  history::get_samples)
        .get   ("/artifacts/list",                           VIEWER,  files::list)
        .post  ("/upload-artifact",                          TRAINER, files::upload)
}

/// Registered models, versions, aliases and logged models.
#[rustfmt::skip]
fn models() -> Routes {
    Routes::new()
        .post  ("/registered-models/create",                 TRAINER, registered::create)
        .get   ("/registered-models/get",                    VIEWER,  registered::get)
        .get   ("/registered-models/search",                 VIEWER,  registered::search)
        .post  ("/registered-models/search",                 VIEWER,  registered::search)
        .patch ("/registered-models/update",                 TRAINER, registered::update)
        .post  ("/registered-models/rename",                 ADMIN,   registered::rename)
        .delete("/registered-models/delete",                 ADMIN,   registered::delete)
        .post  ("/registered-models/set-tag",                TRAINER, registered::set_tag)
        .delete("/registered-models/delete-tag",             TRAINER, registered::delete_tag)
        .get   ("/registered-models/get-latest-versions",    VIEWER,  registered::latest_versions)
        .post  ("/registered-models/get-latest-versions",    VIEWER,  registered::latest_versions)
        .get   ("/registered-models/alias",                  VIEWER,  aliases::get)
        .post  ("/registered-models/alias",                  ADMIN,   aliases::set)
        .delete("/registered-models/alias",                  ADMIN,   aliases::delete)
        .post  ("/model-versions/create",                    TRAINER, versions::create)
        .get   ("/model-versions/get",                       VIEWER,  versions::get)
        .get   ("/model-versions/search",                    VIEWER,  versions::search)
        .post  ("/model-versions/search",                    VIEWER,  versions::search)
        .patch ("/model-versions/update",                    TRAINER, versions::update)
        .delete("/model-versions/delete",                    ADMIN,   versions::delete)
        .get   ("/model-versions/get-download-uri",          VIEWER,  versions::download_uri)
        .post  ("/model-versions/transition-stage",          ADMIN,   versions::transition)
        .post  ("/model-versions/set-tag",                   TRAINER, versions::set_tag)
        .delete("/model-versions/delete-tag",                TRAINER, versions::delete_tag)
        .post  ("/logged-models",                            TRAINER, logged::create)
        .post  ("/logged-models/search",                     VIEWER,  logged::search)
        .get   ("/logged-models/{model_id}",                 VIEWER,  logged::get)
        .patch ("/logged-models/{model_id}",                 TRAINER, logged::finalize)
        .delete("/logged-models/{model_id}",                 TRAINER, logged::delete)
        .patch ("/logged-models/{model_id}/tags",            TRAINER, logged::set_tags)
        .delete("/logged-models/{model_id}/tags/{key}",      TRAINER, logged::delete_tag)
        .post  ("/logged-models/{model_id}/params",          TRAINER, logged::log_params)
        .get   ("/logged-models/{model_id}/artifacts/directories", VIEWER,  logged::artifacts)
}

#[rustfmt::skip]
fn artifacts() -> Routes {
    Routes::new()
        .get   ("/artifacts",                                VIEWER,  proxy::list)
        .get   ("/artifacts/{*path}",                        VIEWER,  proxy::get)
        .put   ("/artifacts/{*path}",                        TRAINER, proxy::put)
        .delete("/artifacts/{*path}",                        TRAINER, proxy::delete)
        .post  ("/mpu/{*path}",                              TRAINER, proxy::no_multipart_upload)
        .get   ("/presigned/{*path}",                        VIEWER,  proxy::no_presigned_download)
}
