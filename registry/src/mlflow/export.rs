//! A folder that MLflow opens: its database as an SQLite file, and its tree of artifacts.
//!
//! Invariants: the folder is there when all of it is; it holds one moment of the registry; files of versions are as they
//! were recorded.

use std::io;
use std::path::{Path, PathBuf};

use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{
    Any, AssertSqlSafe, Connection, Row, SqliteConnection, Transaction as Tx, any::AnyRow,
    sqlite::SqliteConnectOptions,
};
use tokio::io::AsyncWriteExt;

use super::tables::{COPIES, Copy, TABLES, Type};
use crate::{
    Bucket, ObjectMeta, Registry, RegistryError,
    archive::{ArchiveError, Summary},
    database::doing,
    references::{References, recorded_files},
};

const DATABASE: &str = "mlflow.db";
const ARTIFACTS: &str = "mlartifacts";

/// Where the exported registry goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MlflowExport {
    /// Made by the export; it must not be there, or be empty.
    pub folder: PathBuf,
    /// What the exported artifacts are called in the database, such as `s3://bucket/prefix` when they are to be copied
    /// there, or `mlflow-artifacts:` when MLflow's server is to hand them out; `None`: where the export puts them.
    pub artifact_root: Option<String>,
}

impl Registry {
    /// Writes everything that MLflow has tables for into a folder: `mlflow.db`, in the form of MLflow 3.0, which newer
    /// ones bring up to date by themselves, and `mlartifacts`. Rows of the summary are MLflow's.
    pub async fn export_mlflow(
        &self,
        to: &MlflowExport,
        mut progress: impl FnMut(&Summary) + Send,
    ) -> Result<Summary, ArchiveError> {
        let folder = made(&to.folder).await?;
        let written = self.write_mlflow(&folder, to.artifact_root.as_deref(), &mut progress);
        let written = written.await;
        if written.is_err() {
            let _ = tokio::fs::remove_dir_all(&folder).await;
        }
        written
    }

    async fn write_mlflow(
        &self,
        folder: &Path,
        artifact_root: Option<&str>,
        progress: &mut (impl FnMut(&Summary) + Send),
    ) -> Result<Summary, ArchiveError> {
        let tree = folder.join(ARTIFACTS);
        let places = Places {
            from: self.artifacts().uri(Bucket::Artifacts, ""),
            to: match artifact_root {
                Some(root) => root.trim_end_matches('/').to_owned(),
                None => file_uri(&tree),
            },
        };
        let mut summary = Summary::default();
        let mut tx = self.database().snapshot().await?;
        self.copy_objects(&mut tx, &tree, &mut summary, progress).await?;
        // Under another name until it is whole.
        let partial = folder.join("mlflow.db.part");
        let options = SqliteConnectOptions::new()
            .filename(&partial)
            .create_if_missing(true)
            .foreign_keys(false);
        let failed = doing("write MLflow's database");
        let mut target = SqliteConnection::connect_with(&options).await.map_err(&failed)?;
        let mut into = target.begin().await.map_err(&failed)?;
        sqlx::raw_sql(TABLES).execute(&mut *into).await.map_err(&failed)?;
        for copy in COPIES {
            let rows = copy_rows(&mut tx, &mut into, copy, &places).await?;
            *summary.rows.entry(copy.table.to_owned()).or_default() += rows;
            progress(&summary);
        }
        into.commit().await.map_err(&failed)?;
        target.close().await.map_err(&failed)?;
        let database = folder.join(DATABASE);
        let renamed = tokio::fs::rename(&partial, &database).await;
        renamed.map_err(|error| file("write", &database, error))?;
        Ok(summary)
    }

    async fn copy_objects(
        &self,
        tx: &mut Tx<'static, Any>,
        tree: &Path,
        summary: &mut Summary,
        progress: &mut (impl FnMut(&Summary) + Send),
    ) -> Result<(), ArchiveError> {
        let references = References::read(tx, self.artifacts(), None).await?;
        let mut recorded = recorded_files(tx).await?;
        let made = tokio::fs::create_dir(tree).await;
        made.map_err(|error| file("make", tree, error))?;
        for object in self.artifacts().list(Bucket::Artifacts, "").await? {
            if !references.contain(&object.uri) {
                continue;
            }
            let expected = recorded.remove(&object.uri);
            if let Some(bytes) = self.copy_object(&object, expected, tree).await? {
                summary.objects += 1;
                summary.object_bytes += bytes;
                progress(summary);
            }
        }
        let missing = recorded.into_keys();
        let missing = missing.filter(|uri| self.artifacts().locate(uri).is_some());
        match missing.min() {
            Some(uri) => Err(RegistryError::ObjectNotFound { uri }.into()),
            None => Ok(()),
        }
    }

    /// Its size; `None` when it went away meanwhile and nobody recorded it.
    async fn copy_object(
        &self,
        object: &ObjectMeta,
        expected: Option<String>,
        tree: &Path,
    ) -> Result<Option<u64>, ArchiveError> {
        let uri = object.uri.clone();
        let opened = self.artifacts().open_object(Bucket::Artifacts, &object.key, None);
        let Some(mut open) = opened.await? else {
            return match expected {
                Some(_) => Err(RegistryError::ObjectNotFound { uri }.into()),
                None => Ok(None),
            };
        };
        // Keys have no `..` and are never absolute.
        let path = tree.join(&object.key);
        let failed = |error| file("write", &path, error);
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        }
        let mut target = tokio::fs::File::create(&path).await.map_err(failed)?;
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        while let Some(chunk) = open.stream.try_next().await? {
            digest.update(&chunk);
            bytes += chunk.len() as u64;
            target.write_all(&chunk).await.map_err(failed)?;
        }
        target.flush().await.map_err(failed)?;
        let actual = hex::encode(digest.finalize());
        match expected {
            Some(expected) if expected != actual => Err(RegistryError::DigestMismatch {
                uri,
                expected,
                actual,
            }
            .into()),
            _ => Ok(Some(bytes)),
        }
    }
}

struct Places {
    from: String,
    to: String,
}

impl Places {
    fn moved(&self, place: &str) -> String {
        match place.strip_prefix(&self.from) {
            Some(key) => format!("{}/{key}", self.to),
            None => place.to_owned(),
        }
    }
}

async fn copy_rows(
    from: &mut Tx<'static, Any>,
    into: &mut SqliteConnection,
    copy: &Copy,
    places: &Places,
) -> Result<u64, RegistryError> {
    let columns: Vec<&str> = copy.columns.iter().map(|(name, _)| *name).collect();
    let binds: Vec<String> = (1..=columns.len()).map(|at| format!("${at}")).collect();
    let insert = format!(
        "insert into {} ({}) values ({})",
        copy.table,
        columns.join(", "),
        binds.join(", ")
    );
    let mut count = 0;
    let mut rows = sqlx::query(copy.select).fetch(&mut **from);
    while let Some(row) = rows.try_next().await.map_err(doing("read a table"))? {
        let mut query = sqlx::query(AssertSqlSafe(insert.clone()));
        for (at, (_, of)) in copy.columns.iter().enumerate() {
            query = match value(&row, at, *of, places).map_err(doing("read a table"))? {
                Value::Text(text) => query.bind(text),
                Value::Integer(number) => query.bind(number),
                Value::Real(number) => query.bind(number),
            };
        }
        query
            .execute(&mut *into)
            .await
            .map_err(doing("write MLflow's database"))?;
        count += 1;
    }
    Ok(count)
}

enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Real(Option<f64>),
}

fn value(row: &AnyRow, at: usize, of: Type, places: &Places) -> Result<Value, sqlx::Error> {
    Ok(match of {
        Type::Integer => Value::Integer(row.try_get(at)?),
        Type::Real => Value::Real(row.try_get(at)?),
        Type::Text => Value::Text(row.try_get(at)?),
        Type::Place => {
            let place: Option<String> = row.try_get(at)?;
            Value::Text(place.map(|place| places.moved(&place)))
        }
        Type::Id => {
            let name: Option<String> = row.try_get(at)?;
            Value::Text(name.map(|name| hex::encode(&Sha256::digest(name)[..16])))
        }
    })
}

/// An empty folder, by its absolute path.
async fn made(folder: &Path) -> Result<PathBuf, ArchiveError> {
    let failed = |error| file("make", folder, error);
    tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    let mut there = tokio::fs::read_dir(folder).await.map_err(failed)?;
    if there.next_entry().await.map_err(failed)?.is_some() {
        return Err(failed(io::Error::from(io::ErrorKind::DirectoryNotEmpty)));
    }
    tokio::fs::canonicalize(folder).await.map_err(failed)
}

/// `file:///…`, as Python reads it.
fn file_uri(path: &Path) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.display().to_string().bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

fn file(action: &str, path: &Path, source: io::Error) -> ArchiveError {
    ArchiveError::File {
        action: format!("{action} {}", path.display()),
        source,
    }
}
