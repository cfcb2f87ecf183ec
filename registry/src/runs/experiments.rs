//! Experiments: made, found, renamed, tagged, deleted and restored.

use std::collections::HashMap;

use serde_json::json;
use sqlx::{Any, Row, Transaction, any::AnyRow};

use super::{DEFAULT_EXPERIMENT, Experiment, Lifecycle, NewExperiment};
use crate::{
    Bucket, Registry, RegistryError,
    audit::Change,
    database::{commit, doing, next_counter},
    limits, now_ms, queries,
    search::Sql,
};

impl Registry {
    /// The experiment of this name, made when it isn't there.
    pub async fn get_or_create_experiment(&self, name: &str) -> Result<Experiment, RegistryError> {
        if let Some(experiment) = self.experiment(name).await? {
            return Ok(experiment);
        }
        let new = NewExperiment {
            name: name.to_owned(),
            ..NewExperiment::default()
        };
        match self.create_experiment(new).await {
            // Another was faster.
            Err(RegistryError::AlreadyExists { .. }) => {
                self.experiment(name).await?.ok_or_else(|| no_experiment(name))
            }
            made => made,
        }
    }

    /// Makes an experiment; [`RegistryError::AlreadyExists`] when one, maybe a deleted one, has the name.
    pub async fn create_experiment(&self, new: NewExperiment) -> Result<Experiment, RegistryError> {
        limits::text("experiment name", &new.name, limits::MAX_EXPERIMENT_NAME)?;
        for (key, value) in &new.tags {
            check_tag(key, value)?;
        }
        let mut tx = self.database().begin().await?;
        // The counter's row lock puts callers in a queue, so that the second one finds what the first one made.
        let id = next_counter(&mut tx, "experiments").await?.to_string();
        let now = now_ms();
        let made = Experiment {
            artifact_location: new
                .artifact_location
                .unwrap_or_else(|| self.artifacts().uri(Bucket::Artifacts, &id)),
            experiment_id: id,
            name: new.name,
            lifecycle: Lifecycle::Active,
            created_at_ms: now,
            updated_at_ms: now,
            tags: new.tags,
        };
        if insert(&mut tx, &made).await? == 0 {
            return Err(RegistryError::AlreadyExists {
                kind: "experiment",
                key: made.name,
            });
        }
        for (key, value) in &made.tags {
            write_tag(&mut tx, &made.experiment_id, key, value).await?;
        }
        let details = json!({"name": made.name});
        self.commit(tx, Change::new("experiment.create", &made.experiment_id, details))
            .await?;
        Ok(made)
    }

    /// The experiment of this name, deleted or not.
    pub async fn experiment(&self, name: &str) -> Result<Option<Experiment>, RegistryError> {
        self.one_experiment(queries::EXPERIMENT_BY_NAME, name).await
    }

    /// The experiment with this id, deleted or not.
    pub async fn experiment_by_id(&self, experiment_id: &str) -> Result<Option<Experiment>, RegistryError> {
        self.one_experiment(queries::EXPERIMENT_BY_ID, experiment_id)
            .await
    }

    /// Gives an experiment another name.
    pub async fn rename_experiment(&self, experiment_id: &str, name: &str) -> Result<(), RegistryError> {
        limits::text("experiment name", name, limits::MAX_EXPERIMENT_NAME)?;
        let mut tx = self.database().begin().await?;
        lock_experiment(&mut tx, experiment_id, Lifecycle::Active).await?;
        let holder: Option<String> = sqlx::query(queries::EXPERIMENT_BY_NAME)
            .bind(name)
            .fetch_optional(&mut *tx)
            .await
            .and_then(|row| row.map(|row| row.try_get("experiment_id")).transpose())
            .map_err(doing("read an experiment"))?;
        if holder.is_some_and(|holder| holder != experiment_id) {
            return Err(RegistryError::AlreadyExists {
                kind: "experiment",
                key: name.to_owned(),
            });
        }
        sqlx::query(queries::RENAME_EXPERIMENT)
            .bind(experiment_id)
            .bind(name)
            .execute(&mut *tx)
            .await
            .map_err(doing("rename an experiment"))?;
        let details = json!({"new_name": name});
        self.commit(tx, Change::new("experiment.rename", experiment_id, details))
            .await
    }

    /// Deletes an experiment with all its runs, or restores both. [`RegistryError::WrongLifecycle`] when that is how it
    /// stands already.
    pub async fn set_experiment_lifecycle(
        &self,
        experiment_id: &str,
        lifecycle: Lifecycle,
    ) -> Result<(), RegistryError> {
        let from = match lifecycle {
            Lifecycle::Active => Lifecycle::Deleted,
            Lifecycle::Deleted => Lifecycle::Active,
        };
        let mut tx = self.database().begin().await?;
        lock_experiment(&mut tx, experiment_id, from).await?;
        for statement in [queries::SET_EXPERIMENT_LIFECYCLE, queries::SET_LIFECYCLE_OF_RUNS] {
            sqlx::query(statement)
                .bind(experiment_id)
                .bind(lifecycle.as_str())
                .bind(now_ms())
                .execute(&mut *tx)
                .await
                .map_err(doing("delete or restore an experiment"))?;
        }
        let action = match lifecycle {
            Lifecycle::Active => "experiment.restore",
            Lifecycle::Deleted => "experiment.delete",
        };
        self.commit(tx, Change::new(action, experiment_id, json!({})))
            .await
    }

    /// Sets a tag of an experiment that is in use.
    pub async fn set_experiment_tag(
        &self,
        experiment_id: &str,
        key: &str,
        value: &str,
    ) -> Result<(), RegistryError> {
        check_tag(key, value)?;
        let mut tx = self.database().begin().await?;
        lock_experiment(&mut tx, experiment_id, Lifecycle::Active).await?;
        write_tag(&mut tx, experiment_id, key, value).await?;
        commit(tx).await
    }

    /// Removes a tag of an experiment that is in use; [`RegistryError::NotFound`] of a `tag` that isn't there.
    pub async fn delete_experiment_tag(&self, experiment_id: &str, key: &str) -> Result<(), RegistryError> {
        let mut tx = self.database().begin().await?;
        lock_experiment(&mut tx, experiment_id, Lifecycle::Active).await?;
        let done = sqlx::query(queries::DELETE_EXPERIMENT_TAG)
            .bind(experiment_id)
            .bind(key)
            .execute(&mut *tx)
            .await
            .map_err(doing("delete a tag"))?;
        if done.rows_affected() == 0 {
            return Err(no_tag(key));
        }
        commit(tx).await
    }

    /// Makes [`DEFAULT_EXPERIMENT`] unless it is there.
    pub(crate) async fn ensure_default_experiment(&self) -> Result<(), RegistryError> {
        if self.experiment_by_id(DEFAULT_EXPERIMENT).await?.is_some() {
            return Ok(());
        }
        let now = now_ms();
        // Somebody may have an experiment of that name.
        for name in ["Default", "Default 0"] {
            let made = Experiment {
                experiment_id: DEFAULT_EXPERIMENT.to_owned(),
                name: name.to_owned(),
                artifact_location: self.artifacts().uri(Bucket::Artifacts, DEFAULT_EXPERIMENT),
                lifecycle: Lifecycle::Active,
                created_at_ms: now,
                updated_at_ms: now,
                tags: Vec::new(),
            };
            let mut tx = self.database().begin().await?;
            let inserted = insert(&mut tx, &made).await?;
            commit(tx).await?;
            if inserted > 0 || self.experiment_by_id(DEFAULT_EXPERIMENT).await?.is_some() {
                break;
            }
        }
        Ok(())
    }

    async fn one_experiment(
        &self,
        sql: &'static str,
        key: &str,
    ) -> Result<Option<Experiment>, RegistryError> {
        let rows = sqlx::query(sql)
            .bind(key)
            .fetch_all(self.pool())
            .await
            .map_err(doing("read an experiment"))?;
        Ok(self.with_tags(&rows).await?.pop())
    }

    /// The experiments of rows with the columns of `experiment_by_id`.
    pub(crate) async fn with_tags(&self, rows: &[AnyRow]) -> Result<Vec<Experiment>, RegistryError> {
        let mut experiments = rows.iter().map(experiment).collect::<Result<Vec<_>, _>>()?;
        if experiments.is_empty() {
            return Ok(experiments);
        }
        let ids: Vec<&str> = experiments.iter().map(|one| one.experiment_id.as_str()).collect();
        let mut sql = Sql::new(
            self.database().kind(),
            "select experiment_id, key, value from experiment_tags where experiment_id",
        );
        sql.within_ids(&ids).push(" order by experiment_id, key");
        let action = "read an experiment's tags";
        let mut tags: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for row in sql.fetch_all(self.pool(), action).await? {
            let text = |column: &str| row.try_get::<String, _>(column).map_err(doing(action));
            tags.entry(text("experiment_id")?)
                .or_default()
                .push((text("key")?, text("value")?));
        }
        for experiment in &mut experiments {
            experiment.tags = tags.remove(&experiment.experiment_id).unwrap_or_default();
        }
        Ok(experiments)
    }
}

pub(crate) fn no_experiment(key: &str) -> RegistryError {
    RegistryError::NotFound {
        kind: "experiment",
        key: key.to_owned(),
    }
}

pub(crate) fn no_tag(key: &str) -> RegistryError {
    RegistryError::NotFound {
        kind: "tag",
        key: key.to_owned(),
    }
}

/// Locks the experiment's row, and refuses one that isn't in the stage.
async fn lock_experiment(
    tx: &mut Transaction<'static, Any>,
    experiment_id: &str,
    wanted: Lifecycle,
) -> Result<(), RegistryError> {
    let stage: Option<String> = sqlx::query_scalar(queries::LOCK_EXPERIMENT)
        .bind(experiment_id)
        .bind(now_ms())
        .fetch_optional(&mut **tx)
        .await
        .map_err(doing("lock an experiment"))?;
    let stage = stage.ok_or_else(|| no_experiment(experiment_id))?;
    let stage = Lifecycle::from_name("experiments.lifecycle_stage", &stage)?;
    if stage != wanted {
        return Err(RegistryError::WrongLifecycle {
            kind: "experiment",
            key: experiment_id.to_owned(),
            stage: stage.as_str(),
        });
    }
    Ok(())
}

async fn insert(tx: &mut Transaction<'static, Any>, made: &Experiment) -> Result<u64, RegistryError> {
    let done = sqlx::query(queries::INSERT_EXPERIMENT)
        .bind(&made.experiment_id)
        .bind(&made.name)
        .bind(&made.artifact_location)
        .bind(made.created_at_ms)
        .execute(&mut **tx)
        .await
        .map_err(doing("make an experiment"))?;
    Ok(done.rows_affected())
}

pub(super) async fn write_tag(
    tx: &mut Transaction<'static, Any>,
    experiment_id: &str,
    key: &str,
    value: &str,
) -> Result<(), RegistryError> {
    sqlx::query(queries::UPSERT_EXPERIMENT_TAG)
        .bind(experiment_id)
        .bind(key)
        .bind(value)
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(doing("write a tag"))
}

fn check_tag(key: &str, value: &str) -> Result<(), RegistryError> {
    limits::key("tag key", key)?;
    limits::value("tag value", value, limits::MAX_EXPERIMENT_TAG_VALUE)
}

fn experiment(row: &AnyRow) -> Result<Experiment, RegistryError> {
    let read = doing("read an experiment");
    let text = |column: &str| row.try_get::<String, _>(column).map_err(&read);
    Ok(Experiment {
        experiment_id: text("experiment_id")?,
        name: text("name")?,
        artifact_location: text("artifact_location")?,
        lifecycle: Lifecycle::from_name("experiments.lifecycle_stage", &text("lifecycle_stage")?)?,
        created_at_ms: row.try_get("created_at_ms").map_err(&read)?,
        updated_at_ms: row.try_get("updated_at_ms").map_err(&read)?,
        tags: Vec::new(),
    })
}
