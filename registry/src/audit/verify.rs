//! Walking the chain.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AuditHead, NO_HASH, entry, head};
use crate::{Registry, RegistryError, database::doing, queries};

/// Entries that are read at once.
const PAGE: i64 = 1000;

/// What is wrong with a log: the first thing that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum AuditProblem {
    /// A field of the entry isn't what it was.
    Changed {
        /// The entry.
        sequence: i64,
    },
    /// The entry doesn't follow the one before it.
    Unlinked {
        /// The entry.
        sequence: i64,
    },
    /// The entry was removed.
    Missing {
        /// The entry.
        sequence: i64,
    },
    /// The log's end was cut off.
    Truncated {
        /// The first entry that is gone.
        sequence: i64,
        /// How many entries there were.
        entries: i64,
    },
    /// The entry was put in behind the registry's back.
    Unexpected {
        /// The entry.
        sequence: i64,
    },
    /// The last entry isn't the one that was written last: entries up to it were rewritten.
    Rewritten {
        /// The last entry.
        sequence: i64,
    },
    /// What says how many entries there are is gone.
    NoHead,
    /// The log never had the hash that was noted: it was rewritten, or replaced.
    NotOnRecord {
        /// What was noted.
        hash: String,
    },
}

impl AuditProblem {
    /// The entry where it begins, if it begins at one.
    pub fn sequence(&self) -> Option<i64> {
        match self {
            AuditProblem::Changed { sequence }
            | AuditProblem::Unlinked { sequence }
            | AuditProblem::Missing { sequence }
            | AuditProblem::Truncated { sequence, .. }
            | AuditProblem::Unexpected { sequence }
            | AuditProblem::Rewritten { sequence } => Some(*sequence),
            AuditProblem::NoHead | AuditProblem::NotOnRecord { .. } => None,
        }
    }
}

impl fmt::Display for AuditProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuditProblem::Changed { sequence } => {
                write!(
                    f,
                    "entry {sequence} was changed: its hash isn't that of its fields"
                )
            }
            AuditProblem::Unlinked { sequence } => {
                write!(f, "entry {sequence} doesn't follow the entry before it")
            }
            AuditProblem::Missing { sequence } => write!(f, "entry {sequence} was removed"),
            AuditProblem::Truncated { sequence, entries } => {
                write!(f, "entries from {sequence} on were removed; there were {entries}")
            }
            AuditProblem::Unexpected { sequence } => {
                write!(f, "entry {sequence} was put in: the log doesn't reach that far")
            }
            AuditProblem::Rewritten { sequence } => write!(
                f,
                "entries up to {sequence} were rewritten: its hash isn't the one that was written last"
            ),
            AuditProblem::NoHead => f.write_str("the log's head was removed"),
            AuditProblem::NotOnRecord { hash } => {
                write!(
                    f,
                    "no entry has the hash {hash}: the log was rewritten or replaced"
                )
            }
        }
    }
}

/// What walking the chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditVerdict {
    /// Entries that were checked and found right.
    pub entries: i64,
    /// The hash of the last of them: what to write down elsewhere.
    pub hash: String,
    /// What is wrong; nothing when absent.
    pub problem: Option<AuditProblem>,
}

impl Registry {
    /// Checks every entry of the log, in one view of the database, and that some entry has the hash `on_record`, which was
    /// the log's end at some time and was written down elsewhere. Without one, a log that was rewritten as a whole, head and
    /// all, can't be told from a true one.
    pub async fn verify_audit(&self, on_record: Option<&str>) -> Result<AuditVerdict, RegistryError> {
        let read = doing("read the audit log");
        let mut snapshot = self.database().snapshot().await?;
        let row = sqlx::query(queries::AUDIT_HEAD)
            .fetch_optional(&mut *snapshot)
            .await
            .map_err(&read)?;
        let Some(end) = row.as_ref().map(head).transpose()? else {
            return Ok(Walk::new(on_record).verdict(Some(AuditProblem::NoHead)));
        };
        let mut walk = Walk::new(on_record);
        let mut after = i64::MIN;
        loop {
            let rows = sqlx::query(queries::AUDIT_ENTRIES)
                .bind(after)
                .bind(PAGE)
                .fetch_all(&mut *snapshot)
                .await
                .map_err(&read)?;
            for row in &rows {
                let entry = entry(row)?;
                if let Some(problem) = walk.step(&entry, &end) {
                    return Ok(walk.verdict(Some(problem)));
                }
                after = entry.sequence;
            }
            if rows.len() < PAGE as usize {
                break;
            }
        }
        let problem = walk.end(&end);
        Ok(walk.verdict(problem))
    }
}

/// How far the chain was found right.
struct Walk<'a> {
    last: AuditHead,
    on_record: Option<&'a str>,
    found: bool,
}

impl<'a> Walk<'a> {
    fn new(on_record: Option<&'a str>) -> Walk<'a> {
        Walk {
            last: AuditHead {
                entries: 0,
                hash: NO_HASH.to_owned(),
            },
            on_record,
            found: on_record.is_none_or(|hash| hash == NO_HASH),
        }
    }

    fn step(&mut self, entry: &super::AuditEntry, end: &AuditHead) -> Option<AuditProblem> {
        let sequence = entry.sequence;
        let expected = self.last.entries + 1;
        if sequence < expected || sequence > end.entries {
            return Some(AuditProblem::Unexpected { sequence });
        }
        if sequence > expected {
            return Some(AuditProblem::Missing { sequence: expected });
        }
        if entry.hash != entry.expected_hash() {
            return Some(AuditProblem::Changed { sequence });
        }
        if entry.previous_hash != self.last.hash {
            return Some(AuditProblem::Unlinked { sequence });
        }
        self.found |= self.on_record == Some(entry.hash.as_str());
        self.last = AuditHead {
            entries: sequence,
            hash: entry.hash.clone(),
        };
        None
    }

    fn end(&self, end: &AuditHead) -> Option<AuditProblem> {
        if self.last.entries < end.entries {
            return Some(AuditProblem::Truncated {
                sequence: self.last.entries + 1,
                entries: end.entries,
            });
        }
        if self.last.hash != end.hash {
            return Some(AuditProblem::Rewritten {
                sequence: end.entries,
            });
        }
        match self.on_record {
            Some(hash) if !self.found => Some(AuditProblem::NotOnRecord {
                hash: hash.to_owned(),
            }),
            _ => None,
        }
    }

    fn verdict(self, problem: Option<AuditProblem>) -> AuditVerdict {
        AuditVerdict {
            entries: self.last.entries,
            hash: self.last.hash,
            problem,
        }
    }
}
