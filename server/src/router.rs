//! Every route of the server, as one table.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::post;
use registry::Role;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::TimeoutLayer;

use crate::access::Form;
use crate::access::Needs::{Nothing, Reading, Token};
use crate::api::predict::{MODEL_SHA256, MODEL_VERSION, RUN_ID};
use crate::api::{docs, health, manifest, model_files, models, predict, reports, tokens, training};
use crate::observe::{REQUEST_ID, observe};
use crate::routes::{Routes, StatedRoute};
use crate::rows::MAX_BODY_BYTES;
use crate::state::AppState;
use crate::{app_files, mlflow};

/// Bodies of all routes but `/predict`.
const SMALL_BODY_BYTES: usize = 64 << 10;
/// A request that isn't answered by then gets 408. Streams count as answered once they begin.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// The whole server as a service.
#[rustfmt::skip]
pub fn router(state: AppState) -> Router {
    let router = routes()
        .into_router(&state, Form::Own)
        .layer(DefaultBodyLimit::max(SMALL_BODY_BYTES))
        .merge(mlflow::routes(&state))
        .layer(map_response(never_stored_by_default))
        .fallback(app_files::app_file)
        .layer(CompressionLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, ANSWER_LIMIT))
        .merge(mlflow::artifact_routes(&state))
        .layer(CatchPanicLayer::new());
    let router = match state.settings.allow_origins.is_empty() {
        true => router,
        false => router.layer(cors(&state)),
    };
    router.layer(from_fn_with_state(state.clone(), observe)).with_state(state)
}

/// Every route of the server, and what it needs.
pub fn route_table() -> Vec<StatedRoute> {
    routes().stated("").chain(mlflow::route_table()).collect()
}

/// The server's own routes.
#[rustfmt::skip]
fn routes() -> Routes {
    let predict = post(predict::predict).layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    Routes::new()
        .post  ("/models/{name}/versions/{version}/promote", Token(Role::Admin),   models::promote)
        .post  ("/models/{name}/rollback",                   Token(Role::Admin),   models::rollback)
        .post  ("/api/training-runs",                        Token(Role::Trainer), training::queue)
        .get   ("/api/tokens",                               Token(Role::Admin),   tokens::list)
        .post  ("/api/tokens",                               Token(Role::Admin),   tokens::create)
        .delete("/api/tokens/{id}",                          Token(Role::Admin),   tokens::revoke)
        .get   ("/api/audit",                                Token(Role::Admin),   tokens::audit)
        .add   (Method::POST, "/predict",                    Nothing,              predict)
        .get   ("/model_info",                               Nothing,              models::model_info)
        .get   ("/models",                                   Reading,              models::models)
        .get   ("/models/{name}/versions",                   Reading,              models::versions)
        .get   ("/models/{name}/versions/{version}",         Reading,              models::version)
        .get   ("/models/{name}/transitions",                Reading,              models::transitions)
        .get   ("/models/{name}/production",                 Reading,              models::production)
        .get   ("/models/{name}/compare",                    Reading,              reports::compare)
        .get   ("/runs/{run_id}",                            Reading,              models::run)
        .get   ("/runs/{run_id}/report",                     Reading,              reports::page)
        .get   ("/runs/{run_id}/report.json",                Reading,              reports::json)
        .get   ("/manifest.json",                            Nothing,              manifest::manifest)
        .get   ("/model-files/{file}",                       Nothing,              model_files::model_file)
        .get   ("/api/training-runs",                        Reading,              training::list)
        .get   ("/api/training-runs/{id}",                   Reading,              training::get)
        .get   ("/api/training-runs/{id}/events",            Reading,              training::events)
        .get   ("/health",                                   Nothing,              health::health)
        .get   ("/health/live",                              Nothing,              health::live)
        .get   ("/health/ready",                             Nothing,              health::ready)
        .get   ("/metrics",                                  Nothing,              health::metrics)
        .get   ("/openapi.json",                             Nothing,              docs::openapi)
        .get   ("/docs",                                     Nothing,              docs::redirect)
        .get   ("/docs/",                                    Nothing,              docs::page)
        .get   ("/docs/{*file}",                             Nothing,              docs::page)
}

/// What the API answers is true now; a cache that isn't told may keep it.
async fn never_stored_by_default(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(header::HeaderValue::from_static("no-store"));
    response
}

fn cors(state: &AppState) -> CorsLayer {
    let exposed: [HeaderName; 6] = [
        MODEL_VERSION,
        MODEL_SHA256,
        RUN_ID,
        REQUEST_ID,
        header::ETAG,
        header::LOCATION,
    ];
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(state.settings.allow_origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            header::AUTHORIZATION,
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers(exposed)
        .max_age(Duration::from_secs(600))
}
