//! What the store says of an object without its bytes, and whether it keeps to what it was asked.

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use super::{Artifacts, Bucket, ObjectMeta, failed, key};
use crate::RegistryError;

impl Artifacts {
    /// Size and time of an object.
    pub async fn head(&self, bucket: Bucket, key: &str) -> Result<Option<ObjectMeta>, RegistryError> {
        let path = key::path(key)?;
        let uri = self.uri(bucket, key);
        match self.bucket(bucket).store.head(&path).await {
            Ok(meta) => Ok(Some(ObjectMeta {
                key: key.to_owned(),
                uri,
                bytes: meta.size,
                modified_at_ms: meta.last_modified.timestamp_millis(),
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(&uri, "look at", error)),
        }
    }

    /// Writes an object that mustn't be there yet, as far as the store itself sees to that: whether it was written.
    pub(crate) async fn put_if_absent(
        &self,
        bucket: Bucket,
        key: &str,
        bytes: Bytes,
    ) -> Result<bool, RegistryError> {
        let path = key::path(key)?;
        let create = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        match self
            .bucket(bucket)
            .store
            .put_opts(&path, bytes.into(), create)
            .await
        {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(false)
            }
            Err(error) => Err(failed(&self.uri(bucket, key), "write", error)),
        }
    }
}
