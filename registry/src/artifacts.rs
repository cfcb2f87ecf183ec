//! Objects in three buckets: folders of a folder, or buckets of S3 or MinIO.
//!
//! Every call ends within seconds when the store is dead: connecting, waiting for bytes and retrying have limits.

mod key;
mod look;
mod open;
mod source;
mod transfer;

pub use open::choose_tls;
pub(crate) use open::http_client;
pub use transfer::{Folder, OpenObject, Received};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, path::Path as StorePath};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};

use crate::{RegistryError, config::StoreConfig};

/// Which bucket an object lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Training data.
    Data,
    /// Logs.
    Logs,
    /// What runs made.
    Artifacts,
}

/// An object that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Where it lies.
    pub uri: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Its key in the bucket.
    pub key: String,
    /// Where it lies.
    pub uri: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last written.
    pub modified_at_ms: i64,
}

/// A source that is read front to back.
pub struct ObjectStream {
    /// Its size, where the source says so.
    pub bytes: Option<u64>,
    /// Its bytes; after an error nothing follows.
    pub stream: BoxStream<'static, Result<Bytes, RegistryError>>,
}

/// The three buckets. Cheap to clone.
#[derive(Clone)]
pub struct Artifacts {
    inner: Arc<Buckets>,
}

struct Buckets {
    data: OpenBucket,
    logs: OpenBucket,
    artifacts: OpenBucket,
    /// Makes clients for other buckets of the same S3; `None` over a folder.
    s3: Option<crate::config::S3Config>,
}

struct OpenBucket {
    store: Arc<dyn ObjectStore>,
    /// `s3://bucket` or `file:///folder/bucket`.
    uri: String,
}

impl Artifacts {
    /// Writes an object, over the one that is there.
    pub async fn put(&self, bucket: Bucket, key: &str, bytes: Bytes) -> Result<StoredObject, RegistryError> {
        let path = key::path(key)?;
        let stored = self.stored(bucket, key, &bytes);
        let put = self.bucket(bucket).store.put(&path, bytes.into()).await;
        put.map(|_| ())
            .map_err(|error| failed(&stored.uri, "write", error))?;
        Ok(stored)
    }

    /// Writes an object unless it is there; the same bytes again are fine, other bytes are refused with
    /// [`RegistryError::ObjectExists`].
    ///
    /// What is there is read first, because some S3 servers accept a conditional write and overwrite all the same.
    /// On those, two writers at the same instant are only safe with content-addressed keys.
    pub async fn put_create(
        &self,
        bucket: Bucket,
        key: &str,
        bytes: Bytes,
    ) -> Result<StoredObject, RegistryError> {
        let path = key::path(key)?;
        let stored = self.stored(bucket, key, &bytes);
        if let Some(there) = self.get(bucket, key).await? {
            return same(stored, &bytes, &there);
        }
        let create = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        match self
            .bucket(bucket)
            .store
            .put_opts(&path, bytes.clone().into(), create)
            .await
        {
            Ok(_) => Ok(stored),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                match self.get(bucket, key).await? {
                    Some(there) => same(stored, &bytes, &there),
                    None => Err(RegistryError::ObjectNotFound { uri: stored.uri }),
                }
            }
            Err(error) => Err(failed(&stored.uri, "write", error)),
        }
    }

    /// The object's bytes.
    pub async fn get(&self, bucket: Bucket, key: &str) -> Result<Option<Bytes>, RegistryError> {
        let path = key::path(key)?;
        let bucket_of = self.bucket(bucket);
        let read = async { bucket_of.store.get(&path).await?.bytes().await };
        match read.await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(&self.uri(bucket, key), "read", error)),
        }
    }

    /// The object's bytes, if their SHA-256 is this one; [`RegistryError::ObjectNotFound`] and
    /// [`RegistryError::DigestMismatch`] otherwise.
    pub async fn get_verified(
        &self,
        bucket: Bucket,
        key: &str,
        sha256: &str,
    ) -> Result<Bytes, RegistryError> {
        let uri = self.uri(bucket, key);
        let Some(bytes) = self.get(bucket, key).await? else {
            return Err(RegistryError::ObjectNotFound { uri });
        };
        let actual = sha256_hex(&bytes);
        if actual != sha256 {
            return Err(RegistryError::DigestMismatch {
                uri,
                expected: sha256.to_owned(),
                actual,
            });
        }
        Ok(bytes)
    }

    /// The bytes at a URI of one of the buckets, as [`Artifacts::uri`] makes them.
    pub async fn get_uri(&self, uri: &str) -> Result<Option<Bytes>, RegistryError> {
        let (bucket, key) = self.located(uri)?;
        self.get(bucket, &key).await
    }

    /// The bytes at a URI of one of the buckets, if their SHA-256 is this one, like [`Artifacts::get_verified`].
    pub async fn get_uri_verified(&self, uri: &str, sha256: &str) -> Result<Bytes, RegistryError> {
        let (bucket, key) = self.located(uri)?;
        self.get_verified(bucket, &key, sha256).await
    }

    /// Bucket and key of a URI that [`Artifacts::uri`] made; `None` for others.
    pub fn locate(&self, uri: &str) -> Option<(Bucket, String)> {
        [Bucket::Data, Bucket::Logs, Bucket::Artifacts]
            .into_iter()
            .find_map(|bucket| {
                let key = uri.strip_prefix(&self.bucket(bucket).uri)?.strip_prefix('/')?;
                key::path(key).ok()?;
                Some((bucket, key.to_owned()))
            })
    }

    /// All objects in the folder `prefix` and below it (empty: all), sorted by key.
    pub async fn list(&self, bucket: Bucket, prefix: &str) -> Result<Vec<ObjectMeta>, RegistryError> {
        let prefix = match prefix.trim_end_matches('/') {
            "" => None,
            prefix => Some(key::path(prefix)?),
        };
        let found: Result<Vec<_>, _> = self
            .bucket(bucket)
            .store
            .list(prefix.as_ref())
            .try_collect()
            .await;
        let mut objects: Vec<ObjectMeta> = found
            .map_err(|error| failed(&self.bucket(bucket).uri, "list", error))?
            .into_iter()
            .map(|meta| ObjectMeta {
                uri: self.uri(bucket, meta.location.as_ref()),
                key: meta.location.to_string(),
                bytes: meta.size,
                modified_at_ms: meta.last_modified.timestamp_millis(),
            })
            .collect();
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    /// Removes an object; one that isn't there is fine.
    pub async fn delete(&self, bucket: Bucket, key: &str) -> Result<(), RegistryError> {
        let path = key::path(key)?;
        match self.bucket(bucket).store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(&self.uri(bucket, key), "delete", error)),
        }
    }

    /// Where an object lies: `s3://bucket/key` or `file:///folder/bucket/key`. Nothing is escaped.
    pub fn uri(&self, bucket: Bucket, key: &str) -> String {
        format!("{}/{key}", self.bucket(bucket).uri)
    }

    /// Fails unless the artifacts bucket is there and answers, within a few seconds.
    pub(crate) async fn ping(&self) -> Result<(), RegistryError> {
        let bucket = self.bucket(Bucket::Artifacts);
        if let Some(folder) = bucket.uri.strip_prefix("file://") {
            return tokio::fs::read_dir(folder)
                .await
                .map(|_| ())
                .map_err(|error| failed(&bucket.uri, "look into", error));
        }
        let prefix = StorePath::from("sign-of-life");
        let mut listing = bucket.store.list(Some(&prefix));
        match tokio::time::timeout(Duration::from_secs(3), listing.next()).await {
            Ok(None | Some(Ok(_))) => Ok(()),
            Ok(Some(Err(error))) => Err(failed(&bucket.uri, "list", error)),
            Err(elapsed) => Err(failed(&bucket.uri, "list", elapsed)),
        }
    }

    pub(crate) fn open(config: &StoreConfig) -> Result<Artifacts, RegistryError> {
        open::open(config)
    }

    fn bucket(&self, bucket: Bucket) -> &OpenBucket {
        match bucket {
            Bucket::Data => &self.inner.data,
            Bucket::Logs => &self.inner.logs,
            Bucket::Artifacts => &self.inner.artifacts,
        }
    }

    fn located(&self, uri: &str) -> Result<(Bucket, String), RegistryError> {
        self.locate(uri).ok_or_else(|| RegistryError::UnsupportedUri {
            uri: uri.to_owned(),
            reason: "it is in none of this registry's buckets".to_owned(),
        })
    }

    fn stored(&self, bucket: Bucket, key: &str, bytes: &Bytes) -> StoredObject {
        StoredObject {
            uri: self.uri(bucket, key),
            sha256: sha256_hex(bytes),
            bytes: bytes.len() as u64,
        }
    }
}

fn same(stored: StoredObject, bytes: &Bytes, there: &Bytes) -> Result<StoredObject, RegistryError> {
    if bytes == there {
        Ok(stored)
    } else {
        Err(RegistryError::ObjectExists { uri: stored.uri })
    }
}

fn failed(
    uri: &str,
    action: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> RegistryError {
    RegistryError::Store {
        uri: uri.to_owned(),
        action,
        source: source.into(),
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
