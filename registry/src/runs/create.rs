//! Runs: started, updated, deleted and restored.

use serde_json::json;
use sqlx::{Any, Row, Transaction};

use super::{
    Lifecycle, NewRun, RUN_NAME_TAG, Run, RunStatus, RunUpdate,
    batch::{check_tag, write_tags},
    experiments::{no_experiment, no_tag},
    store::no_run,
};
use crate::{
    Registry, RegistryError,
    audit::Change,
    database::{commit, doing},
    limits, names, now_ms, queries,
};

impl Registry {
    /// Starts a run, with a new id, and a nickname unless it has a name; its name becomes the tag [`RUN_NAME_TAG`] too.
    /// Its artifacts belong under `<artifacts bucket>/<experiment id>/<run id>/artifacts`.
    pub async fn create_run(&self, run: NewRun) -> Result<Run, RegistryError> {
        let NewRun {
            experiment_id,
            run_name,
            user_name,
            start_time_ms,
            mut tags,
        } = run;
        let run_name = run_name.unwrap_or_else(names::nickname);
        limits::text("run name", &run_name, limits::MAX_TAG_VALUE)?;
        limits::value("user name", &user_name, limits::MAX_NAME)?;
        tags.retain(|(key, _)| key != RUN_NAME_TAG);
        tags.push((RUN_NAME_TAG.to_owned(), run_name.clone()));
        limits::count("tags", tags.len(), limits::MAX_METRICS)?;
        for tag in &tags {
            check_tag(tag)?;
        }
        let run_id = names::random_id();
        let mut tx = self.database().begin().await?;
        let row = sqlx::query(queries::EXPERIMENT_PLACE)
            .bind(&experiment_id)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("read an experiment"))?;
        let row = row.ok_or_else(|| no_experiment(&experiment_id))?;
        let text = |column: &str| {
            row.try_get::<String, _>(column)
                .map_err(doing("read an experiment"))
        };
        let stage = Lifecycle::from_name("experiments.lifecycle_stage", &text("lifecycle_stage")?)?;
        if stage != Lifecycle::Active {
            return Err(RegistryError::WrongLifecycle {
                kind: "experiment",
                key: experiment_id,
                stage: stage.as_str(),
            });
        }
        let location = text("artifact_location")?;
        sqlx::query(queries::INSERT_RUN)
            .bind(&run_id)
            .bind(&experiment_id)
            .bind(&run_name)
            .bind(&user_name)
            .bind(start_time_ms)
            .bind(format!("{}/{run_id}/artifacts", location.trim_end_matches('/')))
            .execute(&mut *tx)
            .await
            .map_err(doing("make a run"))?;
        write_tags(&mut tx, self.database().kind(), &run_id, &tags).await?;
        commit(tx).await?;
        self.run(&run_id).await?.ok_or_else(|| no_run(&run_id))
    }

    /// Sets the run's status and, when given, its end; of a deleted run too.
    pub async fn update_run(
        &self,
        run_id: &str,
        status: RunStatus,
        end_time_ms: Option<i64>,
    ) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        take_up(&mut tx, run_id, 0).await?;
        change(&mut tx, run_id, Some(status), end_time_ms, None).await?;
        commit(tx).await
    }

    /// Changes a run that is in use.
    pub async fn change_run(&self, run_id: &str, update: RunUpdate) -> Result<Run, RegistryError> {
        let mut tx = self.database().begin().await?;
        take_up(&mut tx, run_id, 0).await?.check_active(run_id)?;
        let name = update.run_name.as_deref();
        if let Some(name) = name {
            limits::text("run name", name, limits::MAX_TAG_VALUE)?;
            let tag = (RUN_NAME_TAG.to_owned(), name.to_owned());
            write_tags(&mut tx, self.database().kind(), run_id, &[tag]).await?;
        }
        change(&mut tx, run_id, update.status, update.end_time_ms, name).await?;
        commit(tx).await?;
        self.run(run_id).await?.ok_or_else(|| no_run(run_id))
    }

    /// Deletes or restores a run; again is fine.
    pub async fn set_run_lifecycle(&self, run_id: &str, lifecycle: Lifecycle) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        let before = take_up(&mut tx, run_id, 0).await?.lifecycle;
        sqlx::query(queries::SET_RUN_LIFECYCLE)
            .bind(run_id)
            .bind(lifecycle.as_str())
            .bind(now_ms())
            .execute(&mut *tx)
            .await
            .map_err(doing("delete or restore a run"))?;
        if before == lifecycle {
            return commit(tx).await;
        }
        let action = match lifecycle {
            Lifecycle::Active => "run.restore",
            Lifecycle::Deleted => "run.delete",
        };
        self.commit(tx, Change::new(action, run_id, json!({}))).await
    }

    /// Removes a tag of a run that is in use; [`RegistryError::NotFound`] of a `tag` that isn't there.
    pub async fn delete_tag(&self, run_id: &str, key: &str) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        take_up(&mut tx, run_id, 0).await?.check_active(run_id)?;
        let done = sqlx::query(queries::DELETE_TAG)
            .bind(run_id)
            .bind(key)
            .execute(&mut *tx)
            .await
            .map_err(doing("delete a tag"))?;
        if done.rows_affected() == 0 {
            return Err(no_tag(key));
        }
        commit(tx).await
    }
}

/// A run whose row is locked until the transaction ends.
pub(super) struct TakenUp {
    pub(super) experiment_id: String,
    /// The last number of those that were reserved.
    pub(super) last: i64,
    lifecycle: Lifecycle,
}

impl TakenUp {
    pub(super) fn check_active(self, run_id: &str) -> Result<TakenUp, RegistryError> {
        if self.lifecycle == Lifecycle::Active {
            return Ok(self);
        }
        Err(RegistryError::WrongLifecycle {
            kind: "run",
            key: run_id.to_owned(),
            stage: self.lifecycle.as_str(),
        })
    }
}

/// Locks the run's row and reserves so many numbers of its order of writing.
pub(super) async fn take_up(
    tx: &mut Transaction<'static, Any>,
    run_id: &str,
    reserve: i64,
) -> Result<TakenUp, RegistryError> {
    let read = doing("take up a run");
    let row = sqlx::query(queries::TAKE_UP_RUN)
        .bind(run_id)
        .bind(reserve)
        .fetch_optional(&mut **tx)
        .await
        .map_err(&read)?;
    let row = row.ok_or_else(|| no_run(run_id))?;
    let stage: String = row.try_get("lifecycle_stage").map_err(&read)?;
    Ok(TakenUp {
        experiment_id: row.try_get("experiment_id").map_err(&read)?,
        last: row.try_get("last_metric").map_err(&read)?,
        lifecycle: Lifecycle::from_name("runs.lifecycle_stage", &stage)?,
    })
}

pub(super) async fn change(
    tx: &mut Transaction<'static, Any>,
    run_id: &str,
    status: Option<RunStatus>,
    end_time_ms: Option<i64>,
    run_name: Option<&str>,
) -> Result<(), RegistryError> {
    sqlx::query(queries::CHANGE_RUN)
        .bind(run_id)
        .bind(status.map(RunStatus::as_str))
        .bind(end_time_ms)
        .bind(run_name)
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(doing("update a run"))
}
