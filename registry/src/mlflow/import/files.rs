//! Files that an MLflow server hands out, copied into the artifacts bucket.

use futures::future::try_join_all;

use super::{Import, Imported, MlflowImportError};
use crate::{Bucket, RegistryError, VersionFile};

const AT_ONCE: usize = 6;
/// Folders in folders.
const MOST_DEPTH: usize = 32;

/// What was copied, and what couldn't be.
#[derive(Debug, Default)]
pub(super) struct Copied {
    objects: u64,
    bytes: u64,
    notes: Vec<String>,
}

impl Copied {
    pub(super) fn add_to(self, done: &mut Imported) {
        done.objects += self.objects;
        done.object_bytes += self.bytes;
        done.notes.extend(self.notes);
    }
}

impl Import<'_> {
    /// Copies the folder `there`, a URI of the server, to `here`, a place of ours. What lies here with the same size was
    /// copied before.
    pub(super) async fn copy(&self, there: &str, here: &str) -> Result<Copied, MlflowImportError> {
        let mut copied = Copied::default();
        let Some(root) = proxied(there) else {
            if !there.is_empty() {
                let note = format!("files at {there} weren't taken: the server doesn't hand them out");
                copied.notes.push(note);
            }
            return Ok(copied);
        };
        let Some((Bucket::Artifacts, base)) = self.registry.artifacts().locate(here) else {
            copied.notes.push(format!(
                "files at {there} weren't taken: {here} isn't in the artifacts bucket"
            ));
            return Ok(copied);
        };
        let mut folders = vec![(String::new(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let mut files = Vec::new();
            for (name, is_folder, bytes) in self.remote.folder(&format!("{root}{folder}")).await? {
                let path = format!("{folder}/{name}");
                match is_folder {
                    true if depth < MOST_DEPTH => folders.push((path, depth + 1)),
                    true => copied
                        .notes
                        .push(format!("{there}{path} wasn't taken: it is too deep")),
                    false => files.push((path, bytes)),
                }
            }
            for some in files.chunks(AT_ONCE) {
                let all: Vec<_> = some
                    .iter()
                    .map(|(path, bytes)| {
                        self.copy_file(format!("{root}{path}"), format!("{base}{path}"), *bytes)
                    })
                    .collect();
                for one in try_join_all(all).await? {
                    match one {
                        Ok(Some(bytes)) => {
                            copied.objects += 1;
                            copied.bytes += bytes;
                        }
                        Ok(None) => {}
                        Err(note) => copied.notes.push(note),
                    }
                }
            }
        }
        Ok(copied)
    }

    /// Its size; nothing when it is here already, and a note when it can't be.
    async fn copy_file(
        &self,
        from: String,
        key: String,
        bytes: u64,
    ) -> Result<Result<Option<u64>, String>, MlflowImportError> {
        let artifacts = self.registry.artifacts();
        match artifacts.head(Bucket::Artifacts, &key).await {
            Ok(Some(there)) if there.bytes == bytes => return Ok(Ok(None)),
            Ok(_) => {}
            Err(RegistryError::InvalidKey { reason, .. }) => {
                return Ok(Err(format!("{from:?} wasn't taken: its name {reason}")));
            }
            Err(error) => return Err(error.into()),
        }
        let stream = self.remote.file(&from).await?;
        let received = artifacts.receive(Bucket::Artifacts, &key, stream).await?;
        let size = received.stored().bytes;
        if size != bytes {
            received.give_up().await;
            return Err(MlflowImportError::Server {
                url: from,
                reason: format!("{size} bytes came for {bytes}"),
            });
        }
        received.finish().await?;
        Ok(Ok(Some(size)))
    }

    /// Every file at a place of ours, as it is.
    pub(super) async fn digests(&self, here: &str) -> Result<Vec<VersionFile>, MlflowImportError> {
        let artifacts = self.registry.artifacts();
        let Some((bucket, folder)) = artifacts.locate(here) else {
            return Ok(Vec::new());
        };
        let mut files = Vec::new();
        for object in artifacts.list(bucket, &folder).await? {
            if let Some(read) = artifacts.digest(bucket, &object.key).await? {
                files.push(VersionFile {
                    path: object.key[folder.len()..].trim_start_matches('/').to_owned(),
                    sha256: read.sha256,
                    bytes: i64::try_from(read.bytes).unwrap_or(i64::MAX),
                });
            }
        }
        Ok(files)
    }
}

/// The path that the server hands a place out by.
fn proxied(uri: &str) -> Option<String> {
    let path = uri.strip_prefix("mlflow-artifacts:")?;
    let path = match path.strip_prefix("//") {
        Some(rest) => rest.split_once('/').map_or("", |(_, path)| path),
        None => path,
    };
    Some(path.trim_matches('/').to_owned()).filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_server_hands_out_has_a_path() {
        assert_eq!(
            proxied("mlflow-artifacts:/1/r/artifacts").as_deref(),
            Some("1/r/artifacts")
        );
        assert_eq!(proxied("mlflow-artifacts://h:5000/1/r").as_deref(), Some("1/r"));
        for other in ["s3://b/1", "file:///x", "mlflow-artifacts:/", ""] {
            assert_eq!(proxied(other), None, "{other}");
        }
    }
}
