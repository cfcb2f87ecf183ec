//! Objects in three buckets, in a folder or in S3.

use bytes::Bytes;
use futures::stream::BoxStream;

use crate::RegistryError;

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

/// The three buckets.
#[derive(Clone)]
pub struct Artifacts {}

impl Artifacts {
    /// Writes an object, over the one that is there.
    pub async fn put(&self, bucket: Bucket, key: &str, bytes: Bytes) -> Result<StoredObject, RegistryError> {
        let _ = (bucket, key, bytes);
        todo!()
    }

    /// Writes an object unless it is there; the same bytes again are fine, other bytes are refused with
    /// [`RegistryError::ObjectExists`].
    pub async fn put_create(
        &self,
        bucket: Bucket,
        key: &str,
        bytes: Bytes,
    ) -> Result<StoredObject, RegistryError> {
        let _ = (bucket, key, bytes);
        todo!()
    }

    /// The object's bytes.
    pub async fn get(&self, bucket: Bucket, key: &str) -> Result<Option<Bytes>, RegistryError> {
        let _ = (bucket, key);
        todo!()
    }

    /// The object's bytes, if their SHA-256 is this one; [`RegistryError::ObjectNotFound`] and
    /// [`RegistryError::DigestMismatch`] otherwise.
    pub async fn get_verified(
        &self,
        bucket: Bucket,
        key: &str,
        sha256: &str,
    ) -> Result<Bytes, RegistryError> {
        let _ = (bucket, key, sha256);
        todo!()
    }

    /// The bytes at a URI of one of the buckets, as [`Artifacts::uri`] makes them.
    pub async fn get_uri(&self, uri: &str) -> Result<Option<Bytes>, RegistryError> {
        let _ = uri;
        todo!()
    }

    /// The bytes at a URI of one of the buckets, if their SHA-256 is this one.
    pub async fn get_uri_verified(&self, uri: &str, sha256: &str) -> Result<Bytes, RegistryError> {
        let _ = (uri, sha256);
        todo!()
    }

    /// Bucket and key of a URI that [`Artifacts::uri`] made; `None` for others.
    pub fn locate(&self, uri: &str) -> Option<(Bucket, String)> {
        let _ = uri;
        todo!()
    }

    /// All objects whose key starts with the folder `prefix` (empty: all), sorted by key.
    pub async fn list(&self, bucket: Bucket, prefix: &str) -> Result<Vec<ObjectMeta>, RegistryError> {
        let _ = (bucket, prefix);
        todo!()
    }

    /// Removes an object; one that isn't there is fine.
    pub async fn delete(&self, bucket: Bucket, key: &str) -> Result<(), RegistryError> {
        let _ = (bucket, key);
        todo!()
    }

    /// Where an object lies: `s3://bucket/key` or `file:///folder/bucket/key`.
    pub fn uri(&self, bucket: Bucket, key: &str) -> String {
        let _ = (bucket, key);
        todo!()
    }

    /// Opens a source to be read front to back: `s3://bucket/key`, `https://…`, `http://…`, `file://…`.
    /// [`RegistryError::ObjectNotFound`] when it isn't there.
    pub async fn open_stream(&self, uri: &str) -> Result<ObjectStream, RegistryError> {
        let _ = uri;
        todo!()
    }
}
