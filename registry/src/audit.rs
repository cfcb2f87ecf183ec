//! The audit log: who changed what, when, from where, as a chain of hashes.
//!
//! Invariants: an entry is written in the transaction of the change that it tells of, as the last thing before the commit,
//! so that there is neither without the other and nobody waits for a lock while holding the log's; entries are never
//! rewritten (the database itself refuses); no secret is in one.

mod verify;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{Any, Row, Transaction, any::AnyRow};

use crate::{
    Actor, Registry, RegistryError,
    database::{commit, doing},
    now_ms, queries,
};

pub use verify::{AuditProblem, AuditVerdict};

/// The hash before the first entry's.
pub const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What the hash of every entry begins with.
const FORM: &str = "clickleaf audit 1";

/// A change, as the log has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Counts up from 1 without gaps.
    pub sequence: i64,
    /// When.
    pub at_ms: i64,
    /// Who, such as `token:ci:0a1b2c3d4e5f6071`, `loopback`, `worker:NAME` or `cli:USER`.
    pub who: String,
    /// From where: an IP address, `cli` or `worker`.
    pub origin: String,
    /// What was done, such as `version.stage`.
    pub action: String,
    /// To what, such as `criteo_ctr_model/3`.
    pub object: String,
    /// More about it, as JSON.
    pub details: String,
    /// The hash of the entry before; [`NO_HASH`] for the first.
    pub previous_hash: String,
    /// The hash of this entry.
    pub hash: String,
}

impl AuditEntry {
    /// What the hash must be: SHA-256, in hexadecimal, over the form's name and all other fields in their order, each as
    /// its length in bytes (decimal), `:`, the UTF-8 text and `,`.
    pub fn expected_hash(&self) -> String {
        let (sequence, at_ms) = (self.sequence.to_string(), self.at_ms.to_string());
        let fields = [
            FORM,
            &sequence,
            &at_ms,
            &self.who,
            &self.origin,
            &self.action,
            &self.object,
            &self.details,
            &self.previous_hash,
        ];
        let mut hash = Sha256::new();
        for field in fields {
            hash.update(format!("{}:{field},", field.len()));
        }
        hex::encode(hash.finalize())
    }
}

/// Where the log ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// How many entries there are.
    pub entries: i64,
    /// The hash of the last one.
    pub hash: String,
}

/// A change that is about to be recorded.
pub(crate) struct Change {
    action: &'static str,
    object: String,
    details: Value,
}

impl Change {
    pub(crate) fn new(action: &'static str, object: impl Into<String>, details: Value) -> Change {
        Change {
            action,
            object: object.into(),
            details,
        }
    }
}

/// What is too long for the log, or not for it: its digest.
pub(crate) fn digest_of(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

impl Registry {
    /// Records a change that the registry's own calls don't, such as one of the store.
    pub async fn record_change(
        &self,
        action: &'static str,
        object: &str,
        details: Value,
    ) -> Result<(), RegistryError> {
        let tx = self.database().begin().await?;
        self.commit(tx, Change::new(action, object, details)).await
    }

    /// Entries with a sequence greater than `sequence`, in order.
    pub async fn audit_after(&self, sequence: i64, limit: i64) -> Result<Vec<AuditEntry>, RegistryError> {
        let rows = sqlx::query(queries::AUDIT_ENTRIES)
            .bind(sequence)
            .bind(limit)
            .fetch_all(self.pool())
            .await
            .map_err(doing("read the audit log"))?;
        rows.iter().map(entry).collect()
    }

    /// Where the log ends now: what to write down elsewhere.
    pub async fn audit_head(&self) -> Result<AuditHead, RegistryError> {
        let row = sqlx::query(queries::AUDIT_HEAD)
            .fetch_one(self.pool())
            .await
            .map_err(doing("read the audit log's head"))?;
        head(&row)
    }

    /// Records a change and commits it.
    pub(crate) async fn commit(
        &self,
        transaction: Transaction<'static, Any>,
        change: Change,
    ) -> Result<(), RegistryError> {
        self.commit_all(transaction, vec![change]).await
    }

    /// Records changes and commits them; none is fine.
    pub(crate) async fn commit_all(
        &self,
        mut transaction: Transaction<'static, Any>,
        changes: Vec<Change>,
    ) -> Result<(), RegistryError> {
        append(&mut transaction, self.actor(), changes).await?;
        commit(transaction).await
    }
}

/// From here to the end of the transaction nobody else appends.
async fn append(
    tx: &mut Transaction<'static, Any>,
    actor: &Actor,
    changes: Vec<Change>,
) -> Result<(), RegistryError> {
    if changes.is_empty() {
        return Ok(());
    }
    let write = doing("write the audit log");
    let row = sqlx::query(queries::LOCK_AUDIT_HEAD)
        .fetch_one(&mut **tx)
        .await
        .map_err(&write)?;
    let mut last = head(&row)?;
    let at_ms = now_ms();
    for change in changes {
        let mut entry = AuditEntry {
            sequence: last.entries + 1,
            at_ms,
            who: actor.who().to_owned(),
            origin: actor.origin().to_owned(),
            action: change.action.to_owned(),
            object: change.object,
            details: change.details.to_string(),
            previous_hash: last.hash,
            hash: String::new(),
        };
        entry.hash = entry.expected_hash();
        sqlx::query(queries::INSERT_AUDIT_ENTRY)
            .bind(entry.sequence)
            .bind(entry.at_ms)
            .bind(&entry.who)
            .bind(&entry.origin)
            .bind(&entry.action)
            .bind(&entry.object)
            .bind(&entry.details)
            .bind(&entry.previous_hash)
            .bind(&entry.hash)
            .execute(&mut **tx)
            .await
            .map_err(&write)?;
        last = AuditHead {
            entries: entry.sequence,
            hash: entry.hash,
        };
    }
    sqlx::query(queries::SET_AUDIT_HEAD)
        .bind(last.entries)
        .bind(last.hash)
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(&write)
}

fn head(row: &AnyRow) -> Result<AuditHead, RegistryError> {
    let read = doing("read the audit log's head");
    Ok(AuditHead {
        entries: row.try_get("entries").map_err(&read)?,
        hash: row.try_get("hash").map_err(&read)?,
    })
}

fn entry(row: &AnyRow) -> Result<AuditEntry, RegistryError> {
    let read = doing("read the audit log");
    let text = |column: &str| row.try_get::<String, _>(column).map_err(&read);
    Ok(AuditEntry {
        sequence: row.try_get("sequence").map_err(&read)?,
        at_ms: row.try_get("at_ms").map_err(&read)?,
        who: text("who")?,
        origin: text("origin")?,
        action: text("action")?,
        object: text("object")?,
        details: text("details")?,
        previous_hash: text("previous_hash")?,
        hash: text("hash")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_as_specified() {
        let entry = AuditEntry {
            sequence: 7,
            at_ms: 1_795_415_041_865,
            who: "cli:ann".to_owned(),
            origin: "cli".to_owned(),
            action: "version.stage".to_owned(),
            object: "größe/3".to_owned(),
            details: "{\"to\":\"Production\"}".to_owned(),
            previous_hash: NO_HASH.to_owned(),
            hash: String::new(),
        };
        // By Python's hashlib over the bytes that docs/access.md specifies.
        assert_eq!(
            entry.expected_hash(),
            "f8fee5932f1b23a728a94a2f51118a0f781ee05a3834b6b8003fab27485104a9"
        );
    }

    #[test]
    fn no_text_can_pass_for_two_fields() {
        let entry = |who: &str, origin: &str| AuditEntry {
            sequence: 1,
            at_ms: 1,
            who: who.to_owned(),
            origin: origin.to_owned(),
            action: String::new(),
            object: String::new(),
            details: String::new(),
            previous_hash: NO_HASH.to_owned(),
            hash: String::new(),
        };
        assert_ne!(entry("ab", "c").expected_hash(), entry("a", "bc").expected_hash());
        assert_ne!(
            entry("a,1:b", "").expected_hash(),
            entry("a", "b").expected_hash()
        );
    }
}
