//! API tokens, and the log of what was done with them.

use api_types::{ApiToken, AuditEntry, AuditPage, CreatedToken, ErrorBody, NewTokenRequest};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::access::Acting;
use crate::convert;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::state::AppState;

const LISTED: i64 = 100;
const MOST_LISTED: i64 = 1000;

/// All tokens without their secrets, oldest first, the revoked ones too.
#[utoipa::path(get, path = "/api/tokens", tag = "access", security(("token" = [])), responses(
    (status = 200, body = Vec<ApiToken>),
    (status = 401, description = "No token, or a wrong, expired or revoked one.", body = ErrorBody),
    (status = 403, description = "The token's role is less than admin, or nobody has a token.", body = ErrorBody),
))]
pub(crate) async fn list(State(state): State<AppState>) -> Result<Json<Vec<ApiToken>>, ApiError> {
    let tokens = state.registry.tokens().await?;
    Ok(Json(tokens.into_iter().map(convert::token).collect()))
}

/// Makes a token. Its secret is in this answer, and nowhere else ever.
#[utoipa::path(post, path = "/api/tokens", tag = "access",
    request_body = NewTokenRequest, security(("token" = [])),
    responses(
        (status = 201, body = CreatedToken),
        (status = 401, description = "No token, or a wrong, expired or revoked one.", body = ErrorBody),
        (status = 403, description = "The token's role is less than admin, or nobody has a token.", body = ErrorBody),
        (status = 409, description = "A token of this name isn't revoked.", body = ErrorBody),
        (status = 422, description = "The name can't be one, or the end is over.", body = ErrorBody),
    ))]
pub(crate) async fn create(
    Acting(state): Acting,
    ApiJson(request): ApiJson<NewTokenRequest>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let (token, secret) = state.registry.create_token(convert::new_token(request)).await?;
    state.access.forget();
    tracing::info!(token_id = token.token_id, role = %token.role, "made a token");
    let created = CreatedToken {
        token: convert::token(token),
        secret: secret.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Ends a token for good: here at once, on other servers within seconds. One that is revoked already stays as it is.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "access", security(("token" = [])),
    params(("id" = String, Path, description = "The token's id, 16 hexadecimal digits")),
    responses(
        (status = 200, body = ApiToken),
        (status = 401, description = "No token, or a wrong, expired or revoked one.", body = ErrorBody),
        (status = 403, description = "The token's role is less than admin, or nobody has a token.", body = ErrorBody),
        (status = 404, description = "There is no such token.", body = ErrorBody),
    ))]
pub(crate) async fn revoke(
    Acting(state): Acting,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<ApiToken>, ApiError> {
    let revoked = state.registry.revoke_token(&id).await;
    state.access.forget();
    Ok(Json(convert::token(revoked?)))
}

/// Entries of the audit log, oldest first, and where the log ends. `docs/access.md` says how to check them.
#[utoipa::path(get, path = "/api/audit", tag = "access", security(("token" = [])),
    params(
        ("after" = Option<i64>, Query, description = "Only entries after this sequence number; 0 when absent"),
        ("limit" = Option<i64>, Query, description = "At most so many, up to 1000; 100 when absent"),
    ),
    responses(
        (status = 200, body = AuditPage),
        (status = 400, description = "A number is none.", body = ErrorBody),
        (status = 401, description = "No token, or a wrong, expired or revoked one.", body = ErrorBody),
        (status = 403, description = "The token's role is less than admin, or nobody has a token.", body = ErrorBody),
        (status = 422, description = "`limit` is out of its domain.", body = ErrorBody),
    ))]
pub(crate) async fn audit(
    State(state): State<AppState>,
    ApiQuery(query): ApiQuery<AuditQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    let limit = query.limit.unwrap_or(LISTED);
    if !(1..=MOST_LISTED).contains(&limit) {
        return Err(ApiError::unprocessable(format!(
            "`limit` must be within 1 and {MOST_LISTED}"
        )));
    }
    let entries = state
        .registry
        .audit_after(query.after.unwrap_or(0), limit)
        .await?;
    let head = state.registry.audit_head().await?;
    Ok(Json(AuditPage {
        entries: entries.into_iter().map(audit_entry).collect(),
        head_sequence: head.entries,
        head_hash: head.hash,
    }))
}

/// The query of [`audit`].
#[derive(serde::Deserialize)]
pub(crate) struct AuditQuery {
    after: Option<i64>,
    limit: Option<i64>,
}

fn audit_entry(entry: registry::AuditEntry) -> AuditEntry {
    AuditEntry {
        sequence: entry.sequence,
        at_ms: entry.at_ms,
        who: entry.who,
        origin: entry.origin,
        action: entry.action,
        object: entry.object,
        details: entry.details,
        previous_hash: entry.previous_hash,
        hash: entry.hash,
    }
}
