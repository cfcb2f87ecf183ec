//! Every route of the server, as one table.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::TimeoutLayer;

use crate::api::predict::{MODEL_SHA256, MODEL_VERSION, RUN_ID};
use crate::api::{docs, health, manifest, model_files, models, predict, reports, training};
use crate::observe::{REQUEST_ID, observe};
use crate::rows::MAX_BODY_BYTES;
use crate::state::AppState;
use crate::{app_files, auth, mlflow};

/// Bodies of all routes but `/predict`.
const SMALL_BODY_BYTES: usize = 64 << 10;
/// A request that isn't answered by then gets 408. Streams count as answered once they begin.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// The whole server as a service.
#[rustfmt::skip]
pub fn router(state: AppState) -> Router {
    let guarded = Router::new()
        .route("/models/{name}/versions/{version}/promote", post(models::promote))
        .route("/models/{name}/rollback",                   post(models::rollback))
        .route("/api/training-runs",                        post(training::queue))
        .route_layer(from_fn_with_state(state.clone(), auth::guard));

    let open = Router::new()
        .route("/predict",                                  post(predict::predict).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)))
        .route("/model_info",                               get(models::model_info))
        .route("/models",                                   get(models::models))
        .route("/models/{name}/versions",                   get(models::versions))
        .route("/models/{name}/versions/{version}",         get(models::version))
        .route("/models/{name}/transitions",                get(models::transitions))
        .route("/models/{name}/production",                 get(models::production))
        .route("/models/{name}/compare",                    get(reports::compare))
        .route("/runs/{run_id}",                            get(models::run))
        .route("/runs/{run_id}/report",                     get(reports::page))
        .route("/runs/{run_id}/report.json",                get(reports::json))
        .route("/manifest.json",                            get(manifest::manifest))
        .route("/model-files/{file}",                       get(model_files::model_file))
        .route("/api/training-runs",                        get(training::list))
        .route("/api/training-runs/{id}",                   get(training::get))
        .route("/api/training-runs/{id}/events",            get(training::events))
        .route("/health",                                   get(health::health))
        .route("/health/live",                              get(health::live))
        .route("/health/ready",                             get(health::ready))
        .route("/metrics",                                  get(health::metrics))
        .route("/openapi.json",                             get(docs::openapi))
        .route("/docs",                                     get(docs::redirect))
        .route("/docs/",                                    get(docs::page))
        .route("/docs/{*file}",                             get(docs::page));

    let router = open
        .merge(guarded)
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
