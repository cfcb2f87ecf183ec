//! The visible state of training runs: every change writes the row and an event in one transaction.

use serde_json::json as object;
use sqlx::{Any, Row, Transaction, any::AnyRow};

use super::{
    MAX_ATTEMPTS, StepProgress, TrainingQueue, TrainingRequest, TrainingRun, TrainingRunEvent,
    TrainingRunState,
};
use crate::{
    RegistryError,
    audit::{Change, digest_of},
    database::{commit, doing},
    limits, names, now_ms, queries,
};

type Tx = Transaction<'static, Any>;

/// What becomes of an attempt.
pub(super) enum End {
    Succeeded(i64),
    Failed(String),
    Requeued(Option<String>),
}

impl TrainingQueue {
    /// Queues a training run. Of the request, whose addresses may hold secrets, the audit log has the digest.
    pub async fn enqueue(&self, request: TrainingRequest) -> Result<TrainingRun, RegistryError> {
        let training_run_id = names::random_id();
        let promote = request.promote;
        let request = json(&request);
        let mut tx = self.registry.database().begin().await?;
        sqlx::query(queries::INSERT_TRAINING_RUN)
            .bind(&training_run_id)
            .bind(&request)
            .bind(now_ms())
            .execute(&mut *tx)
            .await
            .map_err(doing("queue a training run"))?;
        let run = write_event(&mut tx, &training_run_id).await?;
        let details = object!({"promote": promote, "request_sha256": digest_of(&request)});
        let change = Change::new("training_run.queue", training_run_id, details);
        self.registry.commit(tx, change).await?;
        Ok(run)
    }

    /// The run with this id.
    pub async fn training_run(&self, training_run_id: &str) -> Result<Option<TrainingRun>, RegistryError> {
        let row = sqlx::query(queries::TRAINING_RUN)
            .bind(training_run_id)
            .fetch_optional(self.registry.pool())
            .await
            .map_err(doing("read a training run"))?;
        row.as_ref().map(training_run).transpose()
    }

    /// The newest runs first.
    pub async fn training_runs(&self, limit: i64) -> Result<Vec<TrainingRun>, RegistryError> {
        let rows = sqlx::query(queries::TRAINING_RUNS)
            .bind(limit)
            .fetch_all(self.registry.pool())
            .await
            .map_err(doing("read training runs"))?;
        rows.iter().map(training_run).collect()
    }

    /// The run's events with a sequence greater than `sequence`, in order. Empty for an unknown run.
    pub async fn events_after(
        &self,
        training_run_id: &str,
        sequence: i64,
    ) -> Result<Vec<TrainingRunEvent>, RegistryError> {
        let rows = sqlx::query(queries::TRAINING_RUN_EVENTS)
            .bind(training_run_id)
            .bind(sequence)
            .fetch_all(self.registry.pool())
            .await
            .map_err(doing("read events"))?;
        rows.iter()
            .map(|row| {
                let read = doing("read events");
                let run: String = row.try_get("run").map_err(&read)?;
                Ok(TrainingRunEvent {
                    sequence: row.try_get("sequence").map_err(&read)?,
                    run: parse("training_run_events.run", run)?,
                })
            })
            .collect()
    }

    /// Takes up the oldest run that is queued or whose worker is dead; attempt and lease are then this worker's.
    pub(super) async fn claim(
        &self,
        worker: &str,
        lease_ms: i64,
    ) -> Result<Option<TrainingRun>, RegistryError> {
        self.fail_exhausted().await?;
        let now = now_ms();
        let mut tx = self.registry.database().begin().await?;
        let claimed: Option<String> = sqlx::query_scalar(queries::CLAIM_TRAINING_RUN)
            .bind(worker)
            .bind(now)
            .bind(now + lease_ms)
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("take up a training run"))?;
        let Some(training_run_id) = claimed else {
            return Ok(None);
        };
        let run = write_event(&mut tx, &training_run_id).await?;
        commit(tx).await?;
        Ok(Some(run))
    }

    /// Whether the attempt still holds the run; its lease is then extended.
    pub(super) async fn extend_lease(
        &self,
        training_run_id: &str,
        attempt: i64,
        lease_ms: i64,
    ) -> Result<bool, RegistryError> {
        let held: Option<String> = sqlx::query_scalar(queries::EXTEND_LEASE)
            .bind(training_run_id)
            .bind(attempt)
            .bind(now_ms() + lease_ms)
            .fetch_optional(self.registry.pool())
            .await
            .map_err(doing("extend a lease"))?;
        Ok(held.is_some())
    }

    pub(super) async fn record_progress(
        &self,
        training_run_id: &str,
        attempt: i64,
        progress: &StepProgress,
    ) -> Result<(), RegistryError> {
        limits::value("progress message", &progress.message, limits::MAX_TAG_VALUE)?;
        let mut tx = self.hold(training_run_id, attempt).await?;
        sqlx::query(queries::SET_PROGRESS)
            .bind(training_run_id)
            .bind(json(progress))
            .execute(&mut *tx)
            .await
            .map_err(doing("record progress"))?;
        write_event(&mut tx, training_run_id).await?;
        commit(tx).await
    }

    pub(super) async fn record_run_id(
        &self,
        training_run_id: &str,
        attempt: i64,
        run_id: &str,
    ) -> Result<(), RegistryError> {
        let mut tx = self.hold(training_run_id, attempt).await?;
        sqlx::query(queries::SET_TRAINING_RUN_ID)
            .bind(training_run_id)
            .bind(run_id)
            .execute(&mut *tx)
            .await
            .map_err(doing("record a run id"))?;
        write_event(&mut tx, training_run_id).await?;
        commit(tx).await
    }

    pub(super) async fn end_attempt(
        &self,
        training_run_id: &str,
        attempt: i64,
        end: &End,
    ) -> Result<(), RegistryError> {
        let (state, version, error) = match end {
            End::Succeeded(version) => (TrainingRunState::Succeeded, Some(*version), None),
            End::Failed(error) => (TrainingRunState::Failed, None, Some(error.clone())),
            End::Requeued(error) => (TrainingRunState::Queued, None, error.clone()),
        };
        let mut tx = self.hold(training_run_id, attempt).await?;
        sqlx::query(queries::END_ATTEMPT)
            .bind(training_run_id)
            .bind(state.as_str())
            .bind(version)
            .bind(error)
            .execute(&mut *tx)
            .await
            .map_err(doing("end an attempt"))?;
        write_event(&mut tx, training_run_id).await?;
        commit(tx).await
    }

    /// Fails the runs whose last attempt died.
    async fn fail_exhausted(&self) -> Result<(), RegistryError> {
        loop {
            let mut tx = self.registry.database().begin().await?;
            let failed: Option<String> = sqlx::query_scalar(queries::EXPIRE_TRAINING_RUN)
                .bind(now_ms())
                .bind(MAX_ATTEMPTS)
                .bind(format!("the worker died in the last of {MAX_ATTEMPTS} attempts"))
                .fetch_optional(&mut *tx)
                .await
                .map_err(doing("fail a training run"))?;
            let Some(training_run_id) = failed else {
                return Ok(());
            };
            write_event(&mut tx, &training_run_id).await?;
            commit(tx).await?;
        }
    }

    /// A transaction in which the attempt holds the run: nobody takes the run away before its end.
    async fn hold(&self, training_run_id: &str, attempt: i64) -> Result<Tx, RegistryError> {
        let mut tx = self.registry.database().begin().await?;
        let held: Option<String> = sqlx::query_scalar(queries::HOLD_ATTEMPT)
            .bind(training_run_id)
            .bind(attempt)
            .bind(now_ms())
            .fetch_optional(&mut *tx)
            .await
            .map_err(doing("hold a training run"))?;
        match held {
            Some(_) => Ok(tx),
            None => Err(RegistryError::StaleAttempt {
                training_run_id: training_run_id.to_owned(),
                attempt,
            }),
        }
    }
}

/// Writes the run's state, as the transaction has it, as the next event.
async fn write_event(tx: &mut Tx, training_run_id: &str) -> Result<TrainingRun, RegistryError> {
    let write = doing("write an event");
    let sequence: i64 = sqlx::query_scalar(queries::NEXT_TRAINING_RUN_EVENT)
        .bind(training_run_id)
        .bind(now_ms())
        .fetch_one(&mut **tx)
        .await
        .map_err(&write)?;
    let row = sqlx::query(queries::TRAINING_RUN)
        .bind(training_run_id)
        .fetch_one(&mut **tx)
        .await
        .map_err(&write)?;
    let run = training_run(&row)?;
    sqlx::query(queries::INSERT_TRAINING_RUN_EVENT)
        .bind(training_run_id)
        .bind(sequence)
        .bind(json(&run))
        .execute(&mut **tx)
        .await
        .map_err(&write)?;
    Ok(run)
}

fn training_run(row: &AnyRow) -> Result<TrainingRun, RegistryError> {
    let read = doing("read a training run");
    let state: String = row.try_get("state").map_err(&read)?;
    let progress: Option<String> = row.try_get("progress").map_err(&read)?;
    Ok(TrainingRun {
        training_run_id: row.try_get("training_run_id").map_err(&read)?,
        state: TrainingRunState::from_name(&state).ok_or(RegistryError::Unreadable {
            column: "training_runs.state",
            value: state,
        })?,
        attempts: row.try_get("attempts").map_err(&read)?,
        request: parse("training_runs.request", row.try_get("request").map_err(&read)?)?,
        progress: progress
            .map(|text| parse("training_runs.progress", text))
            .transpose()?,
        run_id: row.try_get("run_id").map_err(&read)?,
        version: row.try_get("version").map_err(&read)?,
        error: row.try_get("error").map_err(&read)?,
        queued_at_ms: row.try_get("queued_at_ms").map_err(&read)?,
        updated_at_ms: row.try_get("updated_at_ms").map_err(&read)?,
    })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("strings and numbers are always JSON")
}

fn parse<T: serde::de::DeserializeOwned>(column: &'static str, text: String) -> Result<T, RegistryError> {
    serde_json::from_str(&text).map_err(|_| RegistryError::Unreadable { column, value: text })
}
