//! Writing an archive.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use sqlx::{Any, AssertSqlSafe, Transaction as Tx};
use tar::{EntryType, Header};
use tokio::runtime::Handle;
use zstd::stream::write::Encoder;

use super::{
    ArchiveError, Progress, Summary, file,
    manifest::{Entry, FORMAT_ENTRY, Format, MANIFEST_ENTRY, Manifest},
    tables::{ALL, Table},
};
use crate::{
    Bucket, ObjectMeta, Registry, RegistryError,
    database::doing,
    now_ms,
    references::{References, recorded_files},
};

const LEVEL: i32 = 3;
/// Rows of a table go into several entries, each of about this size.
const PART_BYTES: usize = 4 << 20;

pub(super) fn write(
    handle: &Handle,
    registry: &Registry,
    path: &Path,
    progress: Progress<'_>,
) -> Result<Summary, ArchiveError> {
    if path.exists() {
        let there = io::Error::from(io::ErrorKind::AlreadyExists);
        return Err(file("write", path)(there));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".part");
    let partial = Path::new(&partial);
    let written = write_whole(handle, registry, partial, progress).and_then(|summary| {
        fs::rename(partial, path).map_err(file("write", path))?;
        Ok(summary)
    });
    if written.is_err() {
        let _ = fs::remove_file(partial);
    }
    written
}

fn write_whole(
    handle: &Handle,
    registry: &Registry,
    path: &Path,
    progress: Progress<'_>,
) -> Result<Summary, ArchiveError> {
    let target = File::create(path).map_err(file("write", path))?;
    let failed = |error| file("write", path)(error);
    let encoder = Encoder::new(BufWriter::with_capacity(1 << 20, target), LEVEL).map_err(failed)?;
    let mut archive = Archive {
        path,
        out: encoder,
        entries: Vec::new(),
        summary: Summary::default(),
    };
    archive.whole(FORMAT_ENTRY, &json(&Format::ours())?)?;
    archive.entries.clear();
    let mut tx = handle.block_on(registry.database().snapshot())?;
    archive.objects(handle, registry, &mut tx, progress)?;
    for table in ALL {
        archive.table(handle, registry, &mut tx, table)?;
        progress(&archive.summary);
    }
    let manifest = Manifest {
        made_at_ms: now_ms(),
        made_by: concat!("clickleaf ", env!("CARGO_PKG_VERSION")).to_owned(),
        rows: archive.summary.rows.clone(),
        entries: std::mem::take(&mut archive.entries),
    };
    archive.whole(MANIFEST_ENTRY, &json(&manifest)?)?;
    archive.finish()
}

struct Archive<'a> {
    path: &'a Path,
    out: Encoder<'static, BufWriter<File>>,
    entries: Vec<Entry>,
    summary: Summary,
}

impl Archive<'_> {
    /// Every object that a row refers to, as it was recorded where it was.
    fn objects(
        &mut self,
        handle: &Handle,
        registry: &Registry,
        tx: &mut Tx<'static, Any>,
        progress: Progress<'_>,
    ) -> Result<(), ArchiveError> {
        let artifacts = registry.artifacts();
        let references = handle.block_on(References::read(tx, artifacts, None))?;
        let mut recorded = handle.block_on(recorded_files(tx))?;
        for object in handle.block_on(artifacts.list(Bucket::Artifacts, ""))? {
            if !references.contain(&object.uri) {
                continue;
            }
            let expected = recorded.remove(&object.uri);
            self.object(handle, registry, &object, expected)?;
            progress(&self.summary);
        }
        let missing = recorded.into_keys().filter(|uri| artifacts.locate(uri).is_some());
        match missing.min() {
            Some(uri) => Err(RegistryError::ObjectNotFound { uri }.into()),
            None => Ok(()),
        }
    }

    fn object(
        &mut self,
        handle: &Handle,
        registry: &Registry,
        object: &ObjectMeta,
        expected: Option<String>,
    ) -> Result<(), ArchiveError> {
        let open = registry
            .artifacts()
            .open_object(Bucket::Artifacts, &object.key, None);
        let Some(mut open) = handle.block_on(open)? else {
            return match expected {
                // Somebody took it away meanwhile, as is their right.
                None => Ok(()),
                Some(_) => Err(RegistryError::ObjectNotFound {
                    uri: object.uri.clone(),
                }
                .into()),
            };
        };
        let name = format!("objects/{:08}", self.summary.objects + 1);
        self.header(&name, open.meta.bytes)?;
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        while let Some(chunk) = handle.block_on(open.stream.try_next())? {
            digest.update(&chunk);
            bytes += chunk.len() as u64;
            self.out.write_all(&chunk).map_err(file("write", self.path))?;
        }
        let sha256 = hex::encode(digest.finalize());
        if let Some(expected) = expected.filter(|expected| *expected != sha256) {
            return Err(RegistryError::DigestMismatch {
                uri: object.uri.clone(),
                expected,
                actual: sha256,
            }
            .into());
        }
        if bytes != open.meta.bytes {
            return Err(RegistryError::Store {
                uri: object.uri.clone(),
                action: "read",
                source: format!("{bytes} bytes came for {}", open.meta.bytes).into(),
            }
            .into());
        }
        self.pad(bytes)?;
        self.summary.objects += 1;
        self.summary.object_bytes += bytes;
        self.entries.push(Entry {
            name,
            sha256,
            bytes,
            key: Some(object.key.clone()),
        });
        Ok(())
    }

    /// All rows of a table; a table without rows has one entry without lines.
    fn table(
        &mut self,
        handle: &Handle,
        registry: &Registry,
        tx: &mut Tx<'static, Any>,
        table: &'static Table,
    ) -> Result<(), ArchiveError> {
        let read = doing("read a table");
        let sql = table.select(registry.database().kind());
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut **tx);
        let (mut lines, mut count, mut part) = (Vec::new(), 0, 1);
        loop {
            let row = handle.block_on(rows.next()).transpose().map_err(&read)?;
            if let Some(row) = &row {
                let fields = table.line_of(row, registry.artifacts()).map_err(&read)?;
                lines.extend_from_slice(&json(&fields)?);
                lines.push(b'\n');
                count += 1;
            }
            if lines.len() >= PART_BYTES || (row.is_none() && (part == 1 || !lines.is_empty())) {
                self.whole(&format!("tables/{}/{part:04}.jsonl", table.name), &lines)?;
                lines.clear();
                part += 1;
            }
            if row.is_none() {
                break;
            }
        }
        self.summary.rows.insert(table.name.to_owned(), count);
        Ok(())
    }

    fn whole(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.header(name, bytes.len() as u64)?;
        self.out.write_all(bytes).map_err(file("write", self.path))?;
        self.pad(bytes.len() as u64)?;
        self.entries.push(Entry {
            name: name.to_owned(),
            sha256: hex::encode(Sha256::digest(bytes)),
            bytes: bytes.len() as u64,
            key: None,
        });
        Ok(())
    }

    fn header(&mut self, name: &str, bytes: u64) -> Result<(), ArchiveError> {
        let mut header = Header::new_ustar();
        header.set_path(name).map_err(file("write", self.path))?;
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        // Beyond 8 GiB the size is binary, as GNU tar has it.
        header.set_size(bytes);
        header.set_cksum();
        self.out
            .write_all(header.as_bytes())
            .map_err(file("write", self.path))
    }

    /// Entries fill blocks of 512 bytes.
    fn pad(&mut self, bytes: u64) -> Result<(), ArchiveError> {
        let rest = (512 - bytes % 512) % 512;
        self.out
            .write_all(&[0; 512][..rest as usize])
            .map_err(file("write", self.path))
    }

    fn finish(mut self) -> Result<Summary, ArchiveError> {
        let written = self
            .out
            .write_all(&[0; 1024])
            .and_then(|()| self.out.finish())
            .and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error))
            .and_then(|target| target.sync_all());
        written.map_err(file("write", self.path))?;
        Ok(self.summary)
    }
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, ArchiveError> {
    serde_json::to_vec(value).map_err(|error| ArchiveError::File {
        action: "write JSON".to_owned(),
        source: error.into(),
    })
}
