//! Objects of any size, in and out without holding them in memory.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt, WriteMultipart, path::Path as StorePath,
};
use sha2::{Digest, Sha256};

use super::{Artifacts, Bucket, ObjectMeta, StoredObject, failed, key};
use crate::RegistryError;

/// An object up to this size is written at once, a larger one in parts of this size.
const PART_BYTES: usize = 8 << 20;
/// Parts that may be under way at once.
const PARTS_AT_ONCE: usize = 2;

/// An upload that has been received, and is seen by nobody until it is finished. Dropped, it leaves nothing behind that
/// can be read; given up, nothing at all.
pub struct Received {
    store: std::sync::Arc<dyn ObjectStore>,
    path: StorePath,
    body: Body,
    stored: StoredObject,
}

enum Body {
    Whole(Bytes),
    Parts(WriteMultipart),
}

/// An object, or a range of one, that is read front to back.
pub struct OpenObject {
    /// The object.
    pub meta: ObjectMeta,
    /// What the store knows its bytes by; `None` where it doesn't say.
    pub etag: Option<String>,
    /// Which of its bytes follow.
    pub range: Range<u64>,
    /// The bytes; after an error nothing follows.
    pub stream: BoxStream<'static, Result<Bytes, RegistryError>>,
}

/// What lies directly in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Names of folders, sorted.
    pub folders: Vec<String>,
    /// Names and sizes of objects, sorted.
    pub objects: Vec<(String, u64)>,
}

impl Artifacts {
    /// Takes an upload in; [`Received::finish`] makes it the object. An error of the stream gives it up, and is
    /// [`RegistryError::Store`].
    pub async fn receive<E: std::error::Error + Send + Sync + 'static>(
        &self,
        bucket: Bucket,
        key: &str,
        stream: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Received, RegistryError> {
        let path = key::path(key)?;
        let uri = self.uri(bucket, key);
        let store = self.bucket(bucket).store.clone();
        let mut stream = std::pin::pin!(stream);
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        let mut start = BytesMut::new();
        let mut parts: Option<WriteMultipart> = None;
        while let Some(chunk) = stream.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    give_up(parts).await;
                    return Err(failed(&uri, "receive", error));
                }
            };
            digest.update(&chunk);
            bytes += chunk.len() as u64;
            if let Some(parts) = &mut parts {
                if let Err(error) = parts.wait_for_capacity(PARTS_AT_ONCE).await {
                    return Err(failed(&uri, "write", error));
                }
                parts.put(chunk);
                continue;
            }
            start.extend_from_slice(&chunk);
            if start.len() >= PART_BYTES {
                let upload = store.put_multipart(&path).await;
                let upload = upload.map_err(|error| failed(&uri, "write", error))?;
                let mut begun = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
                begun.put(std::mem::take(&mut start).freeze());
                parts = Some(begun);
            }
        }
        Ok(Received {
            store,
            path,
            body: match parts {
                Some(parts) => Body::Parts(parts),
                None => Body::Whole(start.freeze()),
            },
            stored: StoredObject {
                uri,
                sha256: hex::encode(digest.finalize()),
                bytes,
            },
        })
    }

    /// Opens an object, or a range of it: from the first byte to before the second, or to the end.
    pub async fn open_object(
        &self,
        bucket: Bucket,
        key: &str,
        range: Option<(u64, Option<u64>)>,
    ) -> Result<Option<OpenObject>, RegistryError> {
        let path = key::path(key)?;
        let uri = self.uri(bucket, key);
        let options = GetOptions {
            range: range.map(|range| match range {
                (start, Some(end)) => GetRange::Bounded(start..end),
                (start, None) => GetRange::Offset(start),
            }),
            ..GetOptions::default()
        };
        let object = match self.bucket(bucket).store.get_opts(&path, options).await {
            Ok(object) => object,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(&uri, "open", error)),
        };
        Ok(Some(OpenObject {
            meta: ObjectMeta {
                key: key.to_owned(),
                uri: uri.clone(),
                bytes: object.meta.size,
                modified_at_ms: object.meta.last_modified.timestamp_millis(),
            },
            etag: object.meta.e_tag.clone(),
            range: object.range.clone(),
            stream: object
                .into_stream()
                .map_err(move |error| failed(&uri, "read", error))
                .boxed(),
        }))
    }

    /// What lies directly in a folder (empty: in the bucket); nothing, where there is an object or nothing at all.
    pub async fn folder(&self, bucket: Bucket, folder: &str) -> Result<Folder, RegistryError> {
        let prefix = match folder.trim_end_matches('/') {
            "" => None,
            folder => Some(key::path(folder)?),
        };
        let listed = self
            .bucket(bucket)
            .store
            .list_with_delimiter(prefix.as_ref())
            .await
            .map_err(|error| failed(&self.uri(bucket, folder), "list", error))?;
        let depth = prefix.as_ref().map_or(0, |prefix| prefix.parts().count());
        let name = |path: &StorePath| {
            let mut parts = path.parts().skip(depth);
            let name = parts.next()?.as_ref().to_owned();
            parts.next().is_none().then_some(name)
        };
        let mut found = Folder {
            folders: listed.common_prefixes.iter().filter_map(name).collect(),
            objects: listed
                .objects
                .iter()
                .filter_map(|object| Some((name(&object.location)?, object.size)))
                .collect(),
        };
        found.folders.sort();
        found.objects.sort();
        Ok(found)
    }

    /// Size and SHA-256 of an object, read front to back.
    pub async fn digest(&self, bucket: Bucket, key: &str) -> Result<Option<StoredObject>, RegistryError> {
        let Some(mut object) = self.open_object(bucket, key, None).await? else {
            return Ok(None);
        };
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        while let Some(chunk) = object.stream.try_next().await? {
            digest.update(&chunk);
            bytes += chunk.len() as u64;
        }
        Ok(Some(StoredObject {
            uri: object.meta.uri,
            sha256: hex::encode(digest.finalize()),
            bytes,
        }))
    }
}

impl Received {
    /// What was received.
    pub fn stored(&self) -> &StoredObject {
        &self.stored
    }

    /// Makes it the object, over the one that is there.
    pub async fn finish(self) -> Result<StoredObject, RegistryError> {
        let written = match self.body {
            Body::Whole(bytes) => self.store.put(&self.path, bytes.into()).await,
            Body::Parts(parts) => parts.finish().await,
        };
        written.map_err(|error| failed(&self.stored.uri, "write", error))?;
        Ok(self.stored)
    }

    /// Forgets it.
    pub async fn give_up(self) {
        if let Body::Parts(parts) = self.body {
            give_up(Some(parts)).await;
        }
    }
}

async fn give_up(parts: Option<WriteMultipart>) {
    if let Some(parts) = parts {
        // What can't be taken back is what nobody can read, and the store's own clean-up finds it.
        let _ = parts.abort().await;
    }
}
