//! API tokens and the audit log.

use serde::{Deserialize, Serialize};

/// What a token allows; each role allows what the ones before it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reading.
    Viewer,
    /// Tracking runs, registering versions and queueing training runs, too.
    Trainer,
    /// Everything, too: stages, aliases, deleting what is registered, tokens.
    Admin,
}

/// Asks for a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTokenRequest {
    /// For people and the audit log: letters, digits and `-_.@`.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// When it ends; never when absent.
    #[serde(default)]
    pub expires_at_ms: Option<i64>,
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// When it was used the last time, to the hour.
    pub last_used_at_ms: Option<i64>,
}

/// A token that was just made, with its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedToken {
    /// The token.
    pub token: ApiToken,
    /// What to send as `Authorization: Bearer …`; nobody can show it again.
    pub secret: String,
}

/// A change, as the audit log has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Counts up from 1 without gaps.
    pub sequence: i64,
    /// When.
    pub at_ms: i64,
    /// Who, such as `token:ci:0a1b2c3d4e5f6071`.
    pub who: String,
    /// From where: an IP address, `cli` or `worker`.
    pub origin: String,
    /// What was done, such as `version.stage`.
    pub action: String,
    /// To what, such as `criteo_ctr_model/3`.
    pub object: String,
    /// More about it: JSON, as text, for the hash is over the text.
    pub details: String,
    /// The hash of the entry before.
    pub previous_hash: String,
    /// The hash of this entry.
    pub hash: String,
}

/// A part of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// The entries, oldest first.
    pub entries: Vec<AuditEntry>,
    /// The last entry's sequence number.
    pub head_sequence: i64,
    /// The last entry's hash: what to write down elsewhere.
    pub head_hash: String,
}
