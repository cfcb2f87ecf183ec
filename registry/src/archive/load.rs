//! Taking an archive in.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};
use sqlx::{Any, AssertSqlSafe, Transaction as Tx};
use tokio::runtime::Handle;

use super::{
    ArchiveError, Progress, Summary, corrupt,
    manifest::{Entry, Manifest, parse},
    read::{Source, in_memory},
    tables::{ALL, Bound, Table},
};
use crate::{
    Bucket, DEFAULT_EXPERIMENT, Registry, RegistryError,
    audit::Change,
    database::{Kind, commit, doing},
    references::recorded_files,
};

/// Values that one statement binds.
const MOST_BINDS: usize = 2_000;
const CHUNK: usize = 1 << 18;

pub(super) fn load(
    handle: &Handle,
    registry: &Registry,
    path: &Path,
    progress: Progress<'_>,
) -> Result<Summary, ArchiveError> {
    let source = Source { path };
    let manifest = source.check()?;
    let mut tx = handle.block_on(registry.database().begin())?;
    handle.block_on(check_empty(registry, &mut tx))?;
    // Writers needn't wait while objects are copied; they are looked for again.
    handle.block_on(commit(tx))?;
    let mut load = Load {
        handle,
        registry,
        entries: manifest
            .entries
            .iter()
            .map(|entry| (entry.name.as_str(), entry))
            .collect(),
        made: Vec::new(),
        summary: Summary::default(),
    };
    let loaded = load
        .objects(&source, progress)
        .and_then(|()| load.rows(&source, &manifest, progress));
    match loaded {
        Ok(()) => Ok(load.summary),
        Err(error) => {
            for key in &load.made {
                // What stays is what `gc` finds.
                let _ = handle.block_on(registry.artifacts().delete(Bucket::Artifacts, key));
            }
            Err(error)
        }
    }
}

struct Load<'a> {
    handle: &'a Handle,
    registry: &'a Registry,
    entries: HashMap<&'a str, &'a Entry>,
    /// Keys of objects that weren't there before.
    made: Vec<String>,
    summary: Summary,
}

impl Load<'_> {
    fn objects(&mut self, source: &Source<'_>, progress: Progress<'_>) -> Result<(), ArchiveError> {
        source.each(|name, _, reader| {
            let Some(entry) = self.entries.get(name).copied() else {
                return Ok(());
            };
            let Some(key) = &entry.key else {
                return Ok(());
            };
            self.object(entry, key, reader)?;
            self.summary.objects += 1;
            self.summary.object_bytes += entry.bytes;
            progress(&self.summary);
            Ok(())
        })
    }

    fn object(&mut self, entry: &Entry, key: &str, reader: &mut dyn Read) -> Result<(), ArchiveError> {
        let artifacts = self.registry.artifacts();
        if let Some(there) = self.handle.block_on(artifacts.digest(Bucket::Artifacts, key))? {
            return if there.sha256 == entry.sha256 {
                Ok(())
            } else {
                Err(RegistryError::ObjectExists { uri: there.uri }.into())
            };
        }
        let chunks = std::iter::from_fn(|| {
            let mut chunk = vec![0; CHUNK];
            match reader.read(&mut chunk) {
                Ok(0) => None,
                Ok(count) => {
                    chunk.truncate(count);
                    Some(Ok(Bytes::from(chunk)))
                }
                Err(error) => Some(Err::<Bytes, io::Error>(error)),
            }
        });
        let received = artifacts.receive(Bucket::Artifacts, key, stream::iter(chunks));
        let received = self.handle.block_on(received)?;
        if received.stored().sha256 != entry.sha256 {
            self.handle.block_on(received.give_up());
            return Err(corrupt(&entry.name, "it changed while it was read"));
        }
        self.made.push(key.to_owned());
        self.handle.block_on(received.finish())?;
        Ok(())
    }

    /// All rows, in one transaction.
    fn rows(
        &mut self,
        source: &Source<'_>,
        manifest: &Manifest,
        progress: Progress<'_>,
    ) -> Result<(), ArchiveError> {
        let mut tx = self.handle.block_on(self.registry.database().begin())?;
        self.handle.block_on(check_empty(self.registry, &mut tx))?;
        self.handle.block_on(clear(&mut tx))?;
        source.each(|name, size, reader| {
            let Some(table) = name.strip_prefix("tables/") else {
                return Ok(());
            };
            let table = table.split('/').next().unwrap_or_default();
            let table =
                Table::named(table).ok_or_else(|| corrupt(name, "this program knows no such table"))?;
            let bytes = in_memory(name, size, reader)?;
            let mut rows = Vec::new();
            for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                rows.push(parse::<Value>(name, line)?);
            }
            for some in rows.chunks(MOST_BINDS / table.columns.len()) {
                self.insert(&mut tx, name, table, some)?;
            }
            *self.summary.rows.entry(table.name.to_owned()).or_default() += rows.len() as u64;
            progress(&self.summary);
            Ok(())
        })?;
        if self.summary.rows != manifest.rows {
            return Err(corrupt(
                "manifest.json",
                "its numbers of rows aren't those of the tables",
            ));
        }
        self.check_recorded(&mut tx, manifest)?;
        let name = source.path.file_name().unwrap_or_default().to_string_lossy();
        let change = Change::new("registry.import", name, json!({"objects": self.summary.objects}));
        self.handle.block_on(self.registry.commit(tx, change))?;
        Ok(())
    }

    fn insert(
        &self,
        tx: &mut Tx<'static, Any>,
        name: &str,
        table: &Table,
        rows: &[Value],
    ) -> Result<(), ArchiveError> {
        let mut query = sqlx::query(AssertSqlSafe(table.insert(rows.len())));
        for row in rows {
            for (at, (column, _)) in table.columns.iter().enumerate() {
                let bound = table.bound(at, row, self.registry.artifacts());
                let bound =
                    bound.ok_or_else(|| corrupt(name, format!("a row's {column} can't be stored")))?;
                query = match bound {
                    Bound::Text(text) => query.bind(text),
                    Bound::Integer(number) => query.bind(number),
                    Bound::Real(number) => query.bind(number),
                };
            }
        }
        self.handle
            .block_on(query.execute(&mut **tx))
            .map(|_| ())
            .map_err(|error| doing("write a table")(error).into())
    }

    /// What the rows say of the versions' files must be true of the objects.
    fn check_recorded(&self, tx: &mut Tx<'static, Any>, manifest: &Manifest) -> Result<(), ArchiveError> {
        let objects = manifest.objects();
        for (uri, expected) in self.handle.block_on(recorded_files(tx))? {
            let Some((Bucket::Artifacts, key)) = self.registry.artifacts().locate(&uri) else {
                continue;
            };
            match objects.get(key.as_str()) {
                None => return Err(RegistryError::ObjectNotFound { uri }.into()),
                Some(actual) if **actual != *expected => {
                    return Err(RegistryError::DigestMismatch {
                        uri,
                        expected,
                        actual: (*actual).to_owned(),
                    }
                    .into());
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Fails when there is more than what a new registry has; until the transaction ends, nobody writes anything.
async fn check_empty(registry: &Registry, tx: &mut Tx<'static, Any>) -> Result<(), ArchiveError> {
    if registry.database().kind() == Kind::Postgres {
        let tables: Vec<&str> = ALL.iter().map(|table| table.name).collect();
        let lock = format!("lock table {} in exclusive mode", tables.join(", "));
        sqlx::query(AssertSqlSafe(lock))
            .execute(&mut **tx)
            .await
            .map_err(doing("wait for writers"))?;
    }
    for table in ALL {
        let filter = match table.name {
            "counters" => continue,
            "experiments" => format!(" where experiment_id <> '{DEFAULT_EXPERIMENT}'"),
            _ => String::new(),
        };
        let sql = format!("select 1 from {}{filter} limit 1", table.name);
        let row = sqlx::query(AssertSqlSafe(sql))
            .fetch_optional(&mut **tx)
            .await
            .map_err(doing("look whether the registry is empty"))?;
        if row.is_some() {
            return Err(ArchiveError::NotEmpty { table: table.name });
        }
    }
    Ok(())
}

/// Takes away what a new registry has.
async fn clear(tx: &mut Tx<'static, Any>) -> Result<(), RegistryError> {
    for sql in ["delete from experiments", "delete from counters"] {
        sqlx::query(sql)
            .execute(&mut **tx)
            .await
            .map_err(doing("empty the registry"))?;
    }
    Ok(())
}
