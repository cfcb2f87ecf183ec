//! Opening the buckets, with limits on every wait.

use std::{path::Path, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, S3ConditionalPut},
    local::LocalFileSystem,
};

use super::{Artifacts, Buckets, OpenBucket, failed};
use crate::{
    RegistryError,
    config::{S3Config, StoreConfig, StoreLocation},
};

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(15);
const RETRIES: usize = 4;
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens the three buckets. Over a folder it makes them; in S3 they must be there.
pub(super) fn open(config: &StoreConfig) -> Result<Artifacts, RegistryError> {
    choose_tls();
    let bucket = |name: &str| match &config.store {
        StoreLocation::Folder(folder) => folder_bucket(&folder.join(name)),
        StoreLocation::S3(s3) => s3_bucket(s3, name),
    };
    let s3 = match &config.store {
        StoreLocation::Folder(_) => None,
        StoreLocation::S3(s3) => Some(s3.clone()),
    };
    Ok(Artifacts {
        inner: Arc::new(Buckets {
            data: bucket(&config.data_bucket)?,
            logs: bucket(&config.logs_bucket)?,
            artifacts: bucket(&config.artifacts_bucket)?,
            s3,
        }),
    })
}

/// A client for sources on the web. Made when one is opened: it needs the system's root certificates, and a
/// registry over a folder must work on a machine that has none.
pub(crate) fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    choose_tls();
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .user_agent(concat!("clickleaf/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Makes ring the TLS provider of every client in this process that has not chosen another; the registry's own clients
/// do so themselves.
pub fn choose_tls() {
    // Fails when the program has chosen a provider already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client for one bucket of S3.
pub(super) fn s3_store(s3: &S3Config, bucket: &str) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    let client = ClientOptions::new()
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_read_timeout(READ_TIMEOUT)
        .with_timeout_disabled();
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.0,
    };
    let mut builder = AmazonS3Builder::from_env()
        .with_client_options(client)
        .with_retry(RetryConfig {
            backoff,
            max_retries: RETRIES,
            retry_timeout: RETRY_TIMEOUT,
        })
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_bucket_name(bucket);
    if let Some(endpoint) = &s3.endpoint {
        builder = builder
            .with_endpoint(endpoint.trim_end_matches('/'))
            .with_allow_http(endpoint.starts_with("http://"))
            .with_virtual_hosted_style_request(false);
    }
    if let Some(region) = &s3.region {
        builder = builder.with_region(region);
    }
    if let Some(key) = &s3.access_key_id {
        builder = builder.with_access_key_id(key.expose());
    }
    if let Some(secret) = &s3.secret_access_key {
        builder = builder.with_secret_access_key(secret.expose());
    }
    if let Some(token) = &s3.session_token {
        builder = builder.with_token(token.expose());
    }
    Ok(Arc::new(builder.build()?))
}

fn s3_bucket(s3: &S3Config, name: &str) -> Result<OpenBucket, RegistryError> {
    let uri = format!("s3://{name}");
    let store = s3_store(s3, name).map_err(|error| failed(&uri, "set up", error))?;
    Ok(OpenBucket { store, uri })
}

fn folder_bucket(folder: &Path) -> Result<OpenBucket, RegistryError> {
    let uri = format!("file://{}", folder.display());
    std::fs::create_dir_all(folder).map_err(|error| failed(&uri, "make the folder", error))?;
    let store =
        LocalFileSystem::new_with_prefix(folder).map_err(|error| failed(&uri, "open the folder", error))?;
    // Else folders outlive the last object in them, as nothing does in S3.
    let store = store.with_automatic_cleanup(true);
    Ok(OpenBucket {
        store: Arc::new(store),
        uri,
    })
}
