//! The registered versions: their stages as history has them, their files as they were registered.

use std::collections::BTreeMap;

use sqlx::{Row, any::AnyRow};

use super::{Check, whole};
use crate::{Artifacts, RegistryError, database::Database, database::doing, queries};

const RESTORE: &str = "restore the file from a backup, or delete the version and register it anew";

/// At most one version of a model is in Production, and every version is where its last transition put it.
pub(super) async fn stages(database: &Database, checks: &mut Vec<Check>) {
    match read_stages(database).await {
        Ok(found) => checks.extend(found),
        Err(error) => checks.push(Check::fail(
            "stages",
            whole(&error),
            "check that the database answers",
        )),
    }
}

/// Every file of every ready version is in the store, with the digest that was written down.
pub(super) async fn files(database: &Database, artifacts: &Artifacts, checks: &mut Vec<Check>) {
    match read_versions(database).await {
        Ok(versions) => {
            let mut sound: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
            for version in &versions {
                let wrong = version.check(database, artifacts).await;
                let (count, files) = sound.entry(&version.model_name).or_default();
                match wrong {
                    Ok(checked) => {
                        *count += 1;
                        *files += checked;
                    }
                    Err(wrong) => checks.extend(wrong),
                }
            }
            checks.extend(sound.into_iter().filter(|(_, (count, _))| *count > 0).map(
                |(model, (count, files))| {
                    Check::pass(
                        format!("files of {model}"),
                        format!("{files} files of {count} versions are as they were registered"),
                    )
                },
            ));
        }
        Err(error) => checks.push(Check::fail(
            "files of versions",
            whole(&error),
            "check that the database answers",
        )),
    }
}

async fn read_stages(database: &Database) -> Result<Vec<Check>, RegistryError> {
    let read = doing("read stages");
    let rows = sqlx::query(queries::STAGES)
        .fetch_all(database.pool())
        .await
        .map_err(&read)?;
    let mut models: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut checks = Vec::new();
    for row in &rows {
        let text = |name| row.try_get::<String, _>(name).map_err(&read);
        let (model, stage, last) = (text("model_name")?, text("stage")?, text("last_stage")?);
        let version: i64 = row.try_get("version").map_err(&read)?;
        if stage != last {
            checks.push(Check::fail(
                format!("stage of {model} version {version}"),
                format!("it is in {stage}, but the last transition put it into {last}"),
                "somebody wrote to the table: move the version to where it belongs, so that history says so",
            ));
        }
        let production = models.entry(model).or_default();
        if stage == "Production" {
            production.push(version);
        }
    }
    checks.extend(models.into_iter().map(|(model, versions)| {
        let name = format!("production of {model}");
        match versions.as_slice() {
            [] => Check::pass(name, "no version is in Production"),
            [version] => Check::pass(name, format!("version {version}, and no other")),
            several => Check::fail(
                name,
                format!("versions {several:?} are in Production at once"),
                "archive all but one; the index one_production is missing from the database",
            ),
        }
    }));
    Ok(checks)
}

struct ReadyVersion {
    model_name: String,
    version: i64,
    uri: String,
    model_file: Option<(String, String)>,
}

async fn read_versions(database: &Database) -> Result<Vec<ReadyVersion>, RegistryError> {
    let read = doing("read model versions");
    let rows = sqlx::query(queries::READY_VERSIONS)
        .fetch_all(database.pool())
        .await
        .map_err(&read)?;
    let version = |row: &AnyRow| {
        let file: Option<String> = row.try_get("model_file")?;
        let digest: Option<String> = row.try_get("model_sha256")?;
        Ok(ReadyVersion {
            model_name: row.try_get("model_name")?,
            version: row.try_get("version")?,
            uri: row.try_get("uri")?,
            model_file: file.zip(digest),
        })
    };
    rows.iter().map(|row| version(row).map_err(&read)).collect()
}

impl ReadyVersion {
    /// How many files are as they were registered, or what is wrong.
    async fn check(&self, database: &Database, artifacts: &Artifacts) -> Result<usize, Vec<Check>> {
        let name = format!("files of {} version {}", self.model_name, self.version);
        let Some((bucket, folder)) = artifacts.locate(&self.uri) else {
            // What lies elsewhere is only a name, and nobody recorded what it was.
            return match &self.model_file {
                None => Ok(0),
                Some(_) => Err(vec![Check::fail(
                    name,
                    format!("{} is in none of the configured buckets", self.uri),
                    "check store_url and artifacts_bucket: the version was registered with others",
                )]),
            };
        };
        let mut expected: BTreeMap<String, String> = match self.recorded(database).await {
            Ok(recorded) => recorded,
            Err(error) => {
                return Err(vec![Check::fail(
                    name,
                    whole(&error),
                    "check that the database answers",
                )]);
            }
        };
        expected.extend(self.model_file.clone());
        let mut wrong = Vec::new();
        for (path, sha256) in &expected {
            let key = format!("{folder}/{path}");
            let uri = artifacts.uri(bucket, &key);
            match artifacts.digest(bucket, &key).await {
                Ok(Some(read)) if read.sha256 == *sha256 => {}
                Ok(Some(read)) => wrong.push(Check::fail(
                    &name,
                    format!(
                        "{uri} was changed: its SHA-256 is {}, and was {sha256} when it was registered",
                        read.sha256
                    ),
                    RESTORE,
                )),
                Ok(None) => wrong.push(Check::fail(&name, format!("{uri} is missing"), RESTORE)),
                Err(error) => wrong.push(Check::fail(
                    &name,
                    whole(&error),
                    "check that the store answers and that this key may get objects",
                )),
            }
        }
        if wrong.is_empty() {
            Ok(expected.len())
        } else {
            Err(wrong)
        }
    }

    async fn recorded(&self, database: &Database) -> Result<BTreeMap<String, String>, RegistryError> {
        let read = doing("read a version's files");
        let rows = sqlx::query(queries::VERSION_FILES)
            .bind(&self.model_name)
            .bind(self.version)
            .fetch_all(database.pool())
            .await
            .map_err(&read)?;
        rows.iter()
            .map(|row| {
                Ok((
                    row.try_get("path").map_err(&read)?,
                    row.try_get("sha256").map_err(&read)?,
                ))
            })
            .collect()
    }
}
