//! Moving versions between stages. Every move of a model's versions happens under the lock of the model's row,
//! together with its append-only record.

use sqlx::{Any, Row, Transaction as Tx, any::AnyRow};

use super::{
    CHAMPION, Stage, Transition,
    versions::{no_version, stage},
};
use crate::{
    Registry, RegistryError,
    database::{commit, doing, next_counter},
    limits, now_ms, queries,
};

/// One move, as it is to be recorded.
struct Move<'a> {
    model_name: &'a str,
    version: i64,
    from: Stage,
    to: Stage,
    is_rollback: bool,
    actor: &'a str,
    reason: &'a str,
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
        check(actor, reason)?;
        let mut tx = self.database().begin().await?;
        lock_model(&mut tx, model_name).await?;
        let made = move_version(&mut tx, model_name, version, stage, false, actor, reason).await?;
        commit(tx).await?;
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
        lock_model(&mut tx, model_name).await?;
        let rows = sqlx::query(queries::TRANSITIONS)
            .bind(model_name)
            .fetch_all(&mut *tx)
            .await;
        let rows = rows.map_err(doing("read transitions"))?;
        let Some(previous) = previous_production(&rows)? else {
            return Err(RegistryError::NoPreviousProduction {
                model_name: model_name.to_owned(),
            });
        };
        let made = move_version(
            &mut tx,
            model_name,
            previous,
            Stage::Production,
            true,
            actor,
            reason,
        )
        .await?;
        commit(tx).await?;
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
}

fn check(actor: &str, reason: &str) -> Result<(), RegistryError> {
    limits::text("actor", actor, limits::MAX_NAME)?;
    limits::value("reason", reason, limits::MAX_REASON)
}

async fn lock_model(tx: &mut Tx<'static, Any>, model_name: &str) -> Result<(), RegistryError> {
    let found: Option<String> = sqlx::query_scalar(queries::LOCK_MODEL)
        .bind(model_name)
        .bind(now_ms())
        .fetch_optional(&mut **tx)
        .await
        .map_err(doing("lock a registered model"))?;
    found.map(|_| ()).ok_or_else(|| RegistryError::NotFound {
        kind: "registered model",
        key: model_name.to_owned(),
    })
}

/// Needs the model's lock.
async fn move_version(
    tx: &mut Tx<'static, Any>,
    model_name: &str,
    version: i64,
    to: Stage,
    is_rollback: bool,
    actor: &str,
    reason: &str,
) -> Result<Transition, RegistryError> {
    let from: Option<String> = sqlx::query_scalar(queries::VERSION_STAGE)
        .bind(model_name)
        .bind(version)
        .fetch_optional(&mut **tx)
        .await
        .map_err(doing("read a version's stage"))?;
    let from = stage(from.ok_or_else(|| no_version(model_name, version))?)?;
    if from == to {
        let rows = sqlx::query(queries::TRANSITIONS)
            .bind(model_name)
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
        let previous: Option<i64> = sqlx::query_scalar(queries::PRODUCTION_VERSION)
            .bind(model_name)
            .fetch_optional(&mut **tx)
            .await
            .map_err(doing("look for the Production version"))?;
        if let Some(previous) = previous {
            let reason = format!("version {version} took its place");
            let archive = Move {
                model_name,
                version: previous,
                from: Stage::Production,
                to: Stage::Archived,
                is_rollback: false,
                actor,
                reason: &reason,
            };
            apply(tx, archive).await?;
        }
    }
    let made = apply(
        tx,
        Move {
            model_name,
            version,
            from,
            to,
            is_rollback,
            actor,
            reason,
        },
    )
    .await?;
    let alias = match (from, to) {
        (_, Stage::Production) => sqlx::query(queries::UPSERT_ALIAS)
            .bind(model_name)
            .bind(CHAMPION)
            .bind(version),
        (Stage::Production, _) => sqlx::query(queries::DELETE_ALIAS).bind(model_name).bind(CHAMPION),
        _ => return Ok(made),
    };
    alias
        .execute(&mut **tx)
        .await
        .map_err(doing("move the champion"))?;
    Ok(made)
}

async fn apply(tx: &mut Tx<'static, Any>, step: Move<'_>) -> Result<Transition, RegistryError> {
    sqlx::query(queries::SET_STAGE)
        .bind(step.model_name)
        .bind(step.version)
        .bind(step.to.as_str())
        .execute(&mut **tx)
        .await
        .map_err(doing("set a version's stage"))?;
    let made = Transition {
        sequence: next_counter(tx, "transitions").await?,
        model_name: step.model_name.to_owned(),
        version: step.version,
        from_stage: step.from,
        to_stage: step.to,
        actor: step.actor.to_owned(),
        reason: step.reason.to_owned(),
        at_ms: now_ms(),
    };
    sqlx::query(queries::INSERT_TRANSITION)
        .bind(made.sequence)
        .bind(&made.model_name)
        .bind(made.version)
        .bind(made.from_stage.as_str())
        .bind(made.to_stage.as_str())
        .bind(i64::from(step.is_rollback))
        .bind(&made.actor)
        .bind(&made.reason)
        .bind(made.at_ms)
        .execute(&mut **tx)
        .await
        .map_err(doing("record a transition"))?;
    Ok(made)
}

/// Replays the history: a promotion puts a version on top, a rollback takes the top away.
fn previous_production(rows: &[AnyRow]) -> Result<Option<i64>, RegistryError> {
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
        .find(|version| Some(*version) != current))
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
