//! The last good version in a folder, for a start while the registry is down.
//!
//! `<model>.json` (the registry's row) is written last, so it never names a file that isn't there.

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use registry::ModelVersion;
use tokio::fs;

use crate::model_file::{ModelFile, is_digest};

/// The version kept for this model, its digest checked; `None` when there is none.
pub(super) async fn read(
    folder: &Path,
    model_name: &str,
) -> io::Result<Option<(ModelVersion, Arc<ModelFile>)>> {
    let Some(row) = read_file(&folder.join(row_name(model_name))).await? else {
        return Ok(None);
    };
    let row: ModelVersion = serde_json::from_slice(&row)?;
    if row.model_name != model_name {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the cached version is of another model",
        ));
    }
    let name = &row.model_sha256;
    if !is_digest(name) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the cached version has no digest",
        ));
    }
    let bytes = fs::read(folder.join(format!("{name}.leaf"))).await?;
    if model_export::sha256_hex(&bytes) != *name {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the cached file was changed",
        ));
    }
    let bundle = match row.bundle_file {
        Some(_) => read_file(&folder.join(format!("{name}.sig")))
            .await?
            .map(Bytes::from),
        None => None,
    };
    let file = ModelFile::new(row.model_sha256.clone(), bytes.into(), bundle);
    Ok(Some((row, Arc::new(file))))
}

/// Keeps this version in place of the one before.
pub(super) async fn write(folder: &Path, row: &ModelVersion, file: &ModelFile) -> io::Result<()> {
    fs::create_dir_all(folder).await?;
    let name = &file.sha256;
    let before = read_file(&folder.join(row_name(&row.model_name))).await?;
    replace(folder, &format!("{name}.leaf"), &file.bytes).await?;
    if let Some(bundle) = &file.bundle {
        replace(folder, &format!("{name}.sig"), bundle).await?;
    }
    replace(
        folder,
        &row_name(&row.model_name),
        &serde_json::to_vec_pretty(row)?,
    )
    .await?;
    let before = before.and_then(|json| serde_json::from_slice::<ModelVersion>(&json).ok());
    if let Some(before) = before
        .map(|row| row.model_sha256)
        .filter(|before| is_digest(before) && before != name)
    {
        for old in [format!("{before}.leaf"), format!("{before}.sig")] {
            match fs::remove_file(folder.join(old)).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

fn row_name(model_name: &str) -> String {
    format!("{}.json", model_export::sha256_hex(model_name.as_bytes()))
}

async fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

async fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!("{name}.new"));
    fs::write(&unfinished, bytes).await?;
    fs::rename(unfinished, folder.join(name)).await
}
