//! The OpenAPI document, put together from the handlers and the wire types.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::api::{docs, health, manifest, model_files, models, predict, reports, tokens, training};

/// Every operation of the API. A test asks the router for each of them.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "ClickLeaf",
        description = "Click-through-rate predictions that say which model made them. Times are milliseconds since \
            the Unix epoch, digests lower-case hexadecimal SHA-256. Every 4xx and 5xx answer has an `ErrorBody`."
    ),
    servers((url = "/")),
    tags(
        (name = "predict", description = "Predictions"),
        (name = "models", description = "Models, versions, runs and files"),
        (name = "training", description = "Training runs"),
        (name = "access", description = "Tokens and the audit log"),
        (name = "health", description = "Health and metrics"),
        (name = "docs", description = "This document"),
    ),
    paths(
        predict::predict,
        models::model_info,
        models::models,
        models::versions,
        models::version,
        models::transitions,
        models::production,
        models::promote,
        models::rollback,
        models::run,
        reports::page,
        reports::json,
        reports::compare,
        manifest::manifest,
        model_files::model_file,
        training::queue,
        training::list,
        training::get,
        training::events,
        tokens::list,
        tokens::create,
        tokens::revoke,
        tokens::audit,
        health::health,
        health::live,
        health::ready,
        health::metrics,
        docs::openapi,
        docs::page,
    ),
    modifiers(&Token),
)]
pub struct ApiDoc;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}
