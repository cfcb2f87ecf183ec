//! Reading a source of data front to back, wherever it is.

use std::{path::Path, time::Duration};

use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStoreExt;
use reqwest::StatusCode;
use tokio_util::io::ReaderStream;

use super::{
    Artifacts, ObjectStream, failed, key,
    open::{http_client, s3_store},
};
use crate::RegistryError;

const TRIES: u32 = 4;

impl Artifacts {
    /// Opens a source to be read front to back: `s3://bucket/key` (any bucket of the configured S3), `https://…`,
    /// `http://…`, `file://…`. [`RegistryError::ObjectNotFound`] when it isn't there.
    pub async fn open_stream(&self, uri: &str) -> Result<ObjectStream, RegistryError> {
        match uri.split_once("://") {
            Some(("s3", rest)) => self.open_s3(uri, rest).await,
            Some(("http" | "https", _)) => open_http(uri).await,
            Some(("file", path)) => open_file(uri, Path::new(path)).await,
            _ => Err(unsupported(
                uri,
                "it doesn't start with s3://, https://, http:// or file://",
            )),
        }
    }

    async fn open_s3(&self, uri: &str, rest: &str) -> Result<ObjectStream, RegistryError> {
        let Some((bucket, object)) = rest.split_once('/') else {
            return Err(unsupported(uri, "it has no key after the bucket"));
        };
        let path = key::path(object)?;
        let Some(s3) = &self.inner.s3 else {
            return Err(unsupported(
                uri,
                "the store is a folder, so there is no S3 to read from",
            ));
        };
        let store = s3_store(s3, bucket).map_err(|error| failed(uri, "set up", error))?;
        let object = match store.get(&path).await {
            Ok(object) => object,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(RegistryError::ObjectNotFound { uri: uri.to_owned() });
            }
            Err(error) => return Err(failed(uri, "open", error)),
        };
        let owned = uri.to_owned();
        Ok(ObjectStream {
            bytes: Some(object.meta.size),
            stream: object
                .into_stream()
                .map_err(move |error| failed(&owned, "read", error))
                .boxed(),
        })
    }
}

async fn open_http(uri: &str) -> Result<ObjectStream, RegistryError> {
    let client = http_client().map_err(|error| failed(uri, "set up", error))?;
    let mut wait = Duration::from_millis(200);
    for attempt in 1.. {
        let last = attempt == TRIES;
        match client.get(uri).send().await {
            Ok(answer) if answer.status() == StatusCode::NOT_FOUND || answer.status() == StatusCode::GONE => {
                return Err(RegistryError::ObjectNotFound { uri: uri.to_owned() });
            }
            Ok(answer) if answer.status().is_success() => {
                let owned = uri.to_owned();
                return Ok(ObjectStream {
                    bytes: answer.content_length(),
                    stream: answer
                        .bytes_stream()
                        .map_err(move |error| failed(&owned, "read", error.without_url()))
                        .boxed(),
                });
            }
            Ok(answer) if last || !worth_a_retry(answer.status()) => {
                return Err(failed(
                    uri,
                    "open",
                    format!("the server answered {}", answer.status()),
                ));
            }
            Err(error) if last || error.is_builder() => {
                return Err(failed(uri, "open", error.without_url()));
            }
            Ok(_) | Err(_) => tokio::time::sleep(wait).await,
        }
        wait *= 3;
    }
    unreachable!("the last attempt returns")
}

async fn open_file(uri: &str, path: &Path) -> Result<ObjectStream, RegistryError> {
    if !path.is_absolute() {
        return Err(unsupported(uri, "a file URI has an absolute path: file:///…"));
    }
    let opened = async {
        let file = tokio::fs::File::open(path).await?;
        let meta = file.metadata().await?;
        Ok::<_, std::io::Error>((file, meta))
    };
    let (file, meta) = opened.await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => RegistryError::ObjectNotFound { uri: uri.to_owned() },
        _ => failed(uri, "open", error),
    })?;
    if meta.is_dir() {
        return Err(unsupported(uri, "it is a folder"));
    }
    let owned = uri.to_owned();
    Ok(ObjectStream {
        bytes: Some(meta.len()),
        stream: ReaderStream::with_capacity(file, 1 << 18)
            .map_err(move |error| failed(&owned, "read", error))
            .boxed(),
    })
}

fn worth_a_retry(status: StatusCode) -> bool {
    status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
}

fn unsupported(uri: &str, reason: &str) -> RegistryError {
    RegistryError::UnsupportedUri {
        uri: uri.to_owned(),
        reason: reason.to_owned(),
    }
}
