//! API tokens: made, looked up, revoked.
//!
//! A token's secret is 256 random bits. That is why its SHA-256 is all that needs to be kept: there is nothing to guess,
//! so nothing that a slow hash or a salt would make harder. Invariants: the secret is handed out once and never stored,
//! logged or audited; a token is never deleted, and once revoked it stays so.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{Row, any::AnyRow};

use super::Role;
use crate::{
    Registry, RegistryError, Secret,
    audit::Change,
    database::{commit, doing},
    limits, names, now_ms, queries,
};

/// What every secret begins with, so that people and scanners know one when they see it.
pub const TOKEN_PREFIX: &str = "cl_";

const SECRET_BYTES: usize = 32;
/// `last_used_at_ms` is no finer than this: a use must not cost a write each time.
const USE_GRAIN_MS: i64 = 60 * 60 * 1000;

/// What a token is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiToken {
    /// For people, and in the audit log; unique among the tokens that aren't revoked.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// When it ends; never when absent.
    pub expires_at_ms: Option<i64>,
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// 16 hexadecimal digits.
    pub token_id: String,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// When it was made.
    pub created_at_ms: i64,
    /// Who made it.
    pub created_by: String,
    /// When it ends; never when absent.
    pub expires_at_ms: Option<i64>,
    /// When it was revoked.
    pub revoked_at_ms: Option<i64>,
    /// About when it was used the last time, to the hour.
    pub last_used_at_ms: Option<i64>,
}

impl ApiToken {
    /// Whether it opens anything at this time.
    pub fn is_active(&self, now_ms: i64) -> bool {
        self.revoked_at_ms.is_none() && self.expires_at_ms.is_none_or(|end| now_ms < end)
    }

    /// How the audit log calls whoever uses it.
    pub fn who(&self) -> String {
        format!("token:{}:{}", self.name, self.token_id)
    }
}

impl Registry {
    /// Makes a token, and hands out its secret for the only time. [`RegistryError::AlreadyExists`] when a token of this
    /// name isn't revoked.
    pub async fn create_token(&self, new: NewApiToken) -> Result<(ApiToken, Secret), RegistryError> {
        let now = now_ms();
        check(&new, now)?;
        let secret = Secret::new(format!(
            "{TOKEN_PREFIX}{}",
            URL_SAFE_NO_PAD.encode(names::random_bytes::<SECRET_BYTES>())
        ));
        let token = ApiToken {
            token_id: hex::encode(names::random_bytes::<8>()),
            name: new.name,
            role: new.role,
            created_at_ms: now,
            created_by: self.actor().who().to_owned(),
            expires_at_ms: new.expires_at_ms,
            revoked_at_ms: None,
            last_used_at_ms: None,
        };
        let mut tx = self.database().begin().await?;
        let made = sqlx::query(queries::INSERT_API_TOKEN)
            .bind(&token.token_id)
            .bind(&token.name)
            .bind(token.role.as_str())
            .bind(digest(secret.expose()))
            .bind(token.created_at_ms)
            .bind(&token.created_by)
            .bind(token.expires_at_ms.unwrap_or(0))
            .execute(&mut *tx)
            .await
            .map_err(doing("make a token"))?;
        if made.rows_affected() == 0 {
            return Err(RegistryError::AlreadyExists {
                kind: "token",
                key: token.name,
            });
        }
        let details = json!({"name": token.name, "role": token.role, "expires_at_ms": token.expires_at_ms});
        self.commit(tx, Change::new("token.create", &token.token_id, details))
            .await?;
        Ok((token, secret))
    }

    /// All tokens, oldest first, the revoked ones too.
    pub async fn tokens(&self) -> Result<Vec<ApiToken>, RegistryError> {
        let rows = sqlx::query(queries::API_TOKENS)
            .fetch_all(self.pool())
            .await
            .map_err(doing("read tokens"))?;
        rows.iter().map(token).collect()
    }

    /// Ends a token for good; one that is revoked already stays as it is.
    pub async fn revoke_token(&self, token_id: &str) -> Result<ApiToken, RegistryError> {
        let mut tx = self.database().begin().await?;
        let revoked: Option<String> = sqlx::query_scalar(queries::REVOKE_API_TOKEN)
            .bind(token_id)
            .bind(now_ms())
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("revoke a token"))?;
        match revoked {
            Some(name) => {
                let change = Change::new("token.revoke", token_id, json!({"name": name}));
                self.commit(tx, change).await?;
            }
            None => commit(tx).await?,
        }
        let row = sqlx::query(queries::API_TOKEN_BY_ID)
            .bind(token_id)
            .fetch_optional(self.pool())
            .await
            .map_err(doing("read a token"))?;
        row.as_ref()
            .map(token)
            .transpose()?
            .ok_or_else(|| RegistryError::NotFound {
                kind: "token",
                key: token_id.to_owned(),
            })
    }

    /// The token with this secret, whether or not it is active, and marks it as used. What isn't a secret of ours is never
    /// asked for.
    pub async fn token_by_secret(&self, secret: &str) -> Result<Option<ApiToken>, RegistryError> {
        if !secret.starts_with(TOKEN_PREFIX) {
            return Ok(None);
        }
        let row = sqlx::query(queries::API_TOKEN_BY_SECRET)
            .bind(digest(secret))
            .fetch_optional(self.pool())
            .await
            .map_err(doing("look for a token"))?;
        let Some(found) = row.as_ref().map(token).transpose()? else {
            return Ok(None);
        };
        let now = now_ms();
        let is_recent = found
            .last_used_at_ms
            .is_some_and(|used| used >= now - USE_GRAIN_MS);
        if found.is_active(now) && !is_recent {
            self.mark_used(&found.token_id, now).await?;
        }
        Ok(Some(found))
    }

    /// Whether a token was ever made, active or not.
    pub async fn has_tokens(&self) -> Result<bool, RegistryError> {
        let count: i64 = sqlx::query_scalar(queries::COUNT_API_TOKENS)
            .fetch_one(self.pool())
            .await
            .map_err(doing("count tokens"))?;
        Ok(count > 0)
    }

    /// Whether a token of an admin is active.
    pub async fn has_active_admin(&self) -> Result<bool, RegistryError> {
        let count: i64 = sqlx::query_scalar(queries::COUNT_ACTIVE_ADMINS)
            .bind(now_ms())
            .fetch_one(self.pool())
            .await
            .map_err(doing("count tokens"))?;
        Ok(count > 0)
    }

    async fn mark_used(&self, token_id: &str, now: i64) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        sqlx::query(queries::USE_API_TOKEN)
            .bind(token_id)
            .bind(now)
            .bind(now - USE_GRAIN_MS)
            .execute(&mut *tx)
            .await
            .map_err(doing("mark a token as used"))?;
        commit(tx).await
    }
}

fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

fn check(new: &NewApiToken, now: i64) -> Result<(), RegistryError> {
    limits::text("token name", &new.name, limits::MAX_TOKEN_NAME)?;
    let is_plain = |c: char| c.is_alphanumeric() || "-_.@".contains(c);
    if !new.name.chars().all(is_plain) {
        return limits::invalid("token name", "may have letters, digits and -_.@ only".to_owned());
    }
    match new.expires_at_ms {
        Some(end) if end <= now => limits::invalid("expires_at_ms", "is over already".to_owned()),
        _ => Ok(()),
    }
}

fn token(row: &AnyRow) -> Result<ApiToken, RegistryError> {
    let read = doing("read a token");
    let text = |column: &str| row.try_get::<String, _>(column).map_err(&read);
    let number = |column: &str| row.try_get::<i64, _>(column).map_err(&read);
    let time = |column: &str| number(column).map(|ms| Some(ms).filter(|ms| *ms != 0));
    let role = text("role")?;
    Ok(ApiToken {
        token_id: text("token_id")?,
        name: text("name")?,
        role: Role::from_name(&role).ok_or(RegistryError::Unreadable {
            column: "api_tokens.role",
            value: role,
        })?,
        created_at_ms: number("created_at_ms")?,
        created_by: text("created_by")?,
        expires_at_ms: time("expires_at_ms")?,
        revoked_at_ms: time("revoked_at_ms")?,
        last_used_at_ms: time("last_used_at_ms")?,
    })
}
