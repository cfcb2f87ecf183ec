//! Moving versions between stages. Every move of a model's versions happens under the lock of the model's row,
//! together with its append-only record.

use serde_json::json;
use sqlx::{Any, Row, Transaction as Tx, any::AnyRow};

use super::{
    CHAMPION, Stage, Transition, keys,
    versions::{no_version, stage},
};
use crate::{
    Registry, RegistryError,
    audit::Change,
    database::{doing, next_counter},
    limits, now_ms, queries,
};

/// Who moves versions of a model that is locked, and why.
pub(super) struct Mover<'a> {
    /// The model's key.
    pub(super) key: &'a str,
    /// What it is called.
    pub(super) model_name: &'a str,
    pub(super) actor: &'a str,
    pub(super) reason: &'a str,
    pub(super) is_rollback: bool,
    /// When: one time for all moves of a transaction, so that one version follows the other without a gap.
    pub(super) at_ms: i64,
}

impl Registry {
    /// Moves a version to a stage. A move to Production archives the version that was there and points the alias
    /// [`CHAMPION`] to the new one, in the same transaction. A version that is in the stage already stays
    /// there, and nothing is recorded: its last transition is handed back.
    pub async fn transition(
        &self,
        model_name: &str,
        version: i64,
        stage: Stage,
        actor: &str,
        reason: &str,
    ) -> Result<Transition, RegistryError> {
        self.transition_archiving(model_name, version, stage, false, actor, reason)
            .await
    }

    /// As [`Registry::transition`]; with `archive_others`, every other version that is in the stage is archived.
    pub async fn transition_archiving(
        &self,
        model_name: &str,
        version: i64,
        stage: Stage,
        archive_others: bool,
        actor: &str,
        reason: &str,
    ) -> Result<Transition, RegistryError> {
        check(actor, reason)?;
        let mut tx = self.database().begin().await?;
        let key = keys::lock(&mut tx, model_name).await?;
        let mover = Mover {
            key: &key,
            model_name,
            actor,
            reason,
            is_rollback: false,
            at_ms: now_ms(),
        };
        let mut changes = Vec::new();
        let made = move_version(&mut tx, &mover, version, stage, &mut changes).await?;
        if archive_others {
            archive_all(&mut tx, &mover, version, stage, &mut changes).await?;
        }
        self.commit_all(tx, changes).await?;
        Ok(made)
    }

    /// Puts the Production version before the current one back. A second rollback goes one further back, never
    /// forward again to a version that was rolled back. [`RegistryError::NoPreviousProduction`] when there is none.
    pub async fn rollback(
        &self,
        model_name: &str,
        actor: &str,
        reason: &str,
    ) -> Result<Transition, RegistryError> {
        check(actor, reason)?;
        let mut tx = self.database().begin().await?;
        let key = keys::lock(&mut tx, model_name).await?;
        let rows = sqlx::query(queries::TRANSITIONS)
            .bind(model_name)
            .fetch_all(&mut *tx)
            .await;
        let rows = rows.map_err(doing("read transitions"))?;
        let mut deleted = Vec::new();
        let previous = loop {
            let Some(previous) = previous_production(&rows, &deleted)? else {
                return Err(RegistryError::NoPreviousProduction {
                    model_name: model_name.to_owned(),
                });
            };
            if stage_of(&mut tx, &key, previous).await?.is_some() {
                break previous;
            }
            deleted.push(previous);
        };
        let mover = Mover {
            key: &key,
            model_name,
            actor,
            reason,
            is_rollback: true,
            at_ms: now_ms(),
        };
        let mut changes = Vec::new();
        let made = move_version(&mut tx, &mover, previous, Stage::Production, &mut changes).await?;
        self.commit_all(tx, changes).await?;
        Ok(made)
    }

    /// All changes of stage, oldest first.
    pub async fn transitions(&self, model_name: &str) -> Result<Vec<Transition>, RegistryError> {
        let rows = sqlx::query(queries::TRANSITIONS)
            .bind(model_name)
            .fetch_all(self.pool())
            .await;
        rows.map_err(doing("read transitions"))?
            .iter()
            .map(transition)
            .collect()
    }

    /// The transition that put the version into Production which was there at a time (in ms since the epoch, which
    /// counts as after what happened within it); `None` when none was. Answered from the history, so that it is also true
    /// of versions that were deleted since.
    pub async fn production_at(
        &self,
        model_name: &str,
        at_ms: i64,
    ) -> Result<Option<Transition>, RegistryError> {
        let rows = sqlx::query(queries::TRANSITIONS_UNTIL)
            .bind(model_name)
            .bind(at_ms)
            .fetch_all(self.pool())
            .await;
        let mut there: Option<Transition> = None;
        for row in &rows.map_err(doing("read transitions"))? {
            let step = transition(row)?;
            if step.to_stage == Stage::Production {
                there = Some(step);
            } else if there.as_ref().is_some_and(|there| there.version == step.version) {
                there = None;
            }
        }
        Ok(there)
    }
}

fn check(actor: &str, reason: &str) -> Result<(), RegistryError> {
    limits::text("actor", actor, limits::MAX_NAME)?;
    limits::value("reason", reason, limits::MAX_REASON)
}

async fn stage_of(
    tx: &mut Tx<'static, Any>,
    key: &str,
    version: i64,
) -> Result<Option<Stage>, RegistryError> {
    let name: Option<String> = sqlx::query_scalar(queries::VERSION_STAGE)
        .bind(key)
        .bind(version)
        .fetch_optional(&mut **tx)
        .await
        .map_err(doing("read a version's stage"))?;
    name.map(stage).transpose()
}

/// Needs the model's lock. What moved is added to `changes`.
pub(super) async fn move_version(
    tx: &mut Tx<'static, Any>,
    mover: &Mover<'_>,
    version: i64,
    to: Stage,
    changes: &mut Vec<Change>,
) -> Result<Transition, RegistryError> {
    let from = stage_of(tx, mover.key, version).await?;
    let from = from.ok_or_else(|| no_version(mover.model_name, version))?;
    if from == to {
        let rows = sqlx::query(queries::TRANSITIONS)
            .bind(mover.model_name)
            .fetch_all(&mut **tx)
            .await;
        for row in rows.map_err(doing("read transitions"))?.iter().rev() {
            let last = transition(row)?;
            if last.version == version {
                return Ok(last);
            }
        }
    }
    if to == Stage::Production && from != to {
        archive_all(tx, mover, version, Stage::Production, changes).await?;
    }
    let made = apply(tx, mover, version, from, to, changes).await?;
    let alias = match (from, to) {
        (_, Stage::Production) => sqlx::query(queries::UPSERT_ALIAS),
        (Stage::Production, _) => sqlx::query(queries::DELETE_CHAMPION_OF),
        _ => return Ok(made),
    };
    alias
        .bind(mover.key)
        .bind(CHAMPION)
        .bind(version)
        .execute(&mut **tx)
        .await
        .map_err(doing("move the champion"))?;
    Ok(made)
}

/// Archives all versions in `stage` but `version`, which takes their place.
async fn archive_all(
    tx: &mut Tx<'static, Any>,
    mover: &Mover<'_>,
    version: i64,
    stage: Stage,
    changes: &mut Vec<Change>,
) -> Result<(), RegistryError> {
    let others: Vec<i64> = sqlx::query_scalar(queries::VERSIONS_IN_STAGE)
        .bind(mover.key)
        .bind(stage.as_str())
        .bind(version)
        .fetch_all(&mut **tx)
        .await
        .map_err(doing("look for versions in a stage"))?;
    let reason = format!("version {version} took its place");
    let archive = Mover {
        reason: &reason,
        is_rollback: false,
        ..*mover
    };
    for other in others {
        apply(tx, &archive, other, stage, Stage::Archived, changes).await?;
    }
    Ok(())
}

pub(super) async fn apply(
    tx: &mut Tx<'static, Any>,
    mover: &Mover<'_>,
    version: i64,
    from: Stage,
    to: Stage,
    changes: &mut Vec<Change>,
) -> Result<Transition, RegistryError> {
    let made = Transition {
        sequence: next_counter(tx, "transitions").await?,
        model_name: mover.model_name.to_owned(),
        version,
        from_stage: from,
        to_stage: to,
        actor: mover.actor.to_owned(),
        reason: mover.reason.to_owned(),
        at_ms: mover.at_ms,
    };
    sqlx::query(queries::SET_STAGE)
        .bind(mover.key)
        .bind(version)
        .bind(to.as_str())
        .bind(made.at_ms)
        .execute(&mut **tx)
        .await
        .map_err(doing("set a version's stage"))?;
    sqlx::query(queries::INSERT_TRANSITION)
        .bind(made.sequence)
        .bind(mover.key)
        .bind(made.version)
        .bind(made.from_stage.as_str())
        .bind(made.to_stage.as_str())
        .bind(i64::from(mover.is_rollback))
        .bind(&made.actor)
        .bind(&made.reason)
        .bind(made.at_ms)
        .execute(&mut **tx)
        .await
        .map_err(doing("record a transition"))?;
    changes.push(Change::new(
        "version.stage",
        format!("{}/{version}", mover.model_name),
        json!({
            "transition": made.sequence,
            "from": from.as_str(),
            "to": to.as_str(),
            "is_rollback": mover.is_rollback,
            "actor": made.actor,
            "reason": made.reason,
        }),
    ));
    Ok(made)
}

/// Replays the history: a promotion puts a version on top, a rollback takes the top away. Deleted versions are passed
/// over.
fn previous_production(rows: &[AnyRow], deleted: &[i64]) -> Result<Option<i64>, RegistryError> {
    let mut productions = Vec::new();
    for row in rows {
        let step = transition(row)?;
        if step.to_stage != Stage::Production {
            continue;
        }
        if row
            .try_get::<i64, _>("is_rollback")
            .map_err(doing("read transitions"))?
            != 0
        {
            while productions.pop().is_some_and(|popped| popped != step.version) {}
        }
        productions.push(step.version);
    }
    let current = productions.pop();
    Ok(productions
        .into_iter()
        .rev()
        .find(|version| Some(*version) != current && !deleted.contains(version)))
}

fn transition(row: &AnyRow) -> Result<Transition, RegistryError> {
    let read = doing("read transitions");
    let text = |column: &str| row.try_get::<String, _>(column).map_err(&read);
    Ok(Transition {
        sequence: row.try_get("sequence").map_err(&read)?,
        model_name: text("model_name")?,
        version: row.try_get("version").map_err(&read)?,
        from_stage: stage(text("from_stage")?)?,
        to_stage: stage(text("to_stage")?)?,
        actor: text("actor")?,
        reason: text("reason")?,
        at_ms: row.try_get("at_ms").map_err(&read)?,
    })
}
