//! Where database and store are.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A value that is never shown.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Secret {
        Secret(value)
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Secret {
        Secret(value.to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Flags, environment and configuration file of database and store.
#[derive(clap::Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Registry and store")]
pub struct StoreOptions {
    /// Database: sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME
    /// [default: sqlite://clickleaf-data/clickleaf.db]
    #[arg(
        long,
        env = "CLICKLEAF_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<Secret>,
    /// Most connections to the database at once [default: 8]
    #[arg(long, env = "CLICKLEAF_DATABASE_CONNECTIONS", value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_connections: Option<u32>,
    /// Object store: a folder, or s3:// for S3 and MinIO [default: clickleaf-data/store]
    #[arg(long, env = "CLICKLEAF_STORE_URL", value_name = "FOLDER|s3://")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_url: Option<String>,
    /// Bucket of training data [default: criteo-data]
    #[arg(long, env = "CLICKLEAF_DATA_BUCKET", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_bucket: Option<String>,
    /// Bucket of logs [default: criteo-logs]
    #[arg(long, env = "CLICKLEAF_LOGS_BUCKET", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs_bucket: Option<String>,
    /// Bucket of what runs make [default: mlflow-artifacts]
    #[arg(long, env = "CLICKLEAF_ARTIFACTS_BUCKET", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifacts_bucket: Option<String>,
    /// S3 endpoint, such as http://minio:9000 [default: AWS]
    #[arg(long, env = "AWS_ENDPOINT_URL", value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_endpoint: Option<String>,
    /// S3 region [default: us-east-1]
    #[arg(long, env = "AWS_REGION", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_region: Option<String>,
    /// S3 access key
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true, value_name = "KEY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_access_key_id: Option<Secret>,
    /// S3 secret key
    #[arg(
        long,
        env = "AWS_SECRET_ACCESS_KEY",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_secret_access_key: Option<Secret>,
    /// S3 session token
    #[arg(long, env = "AWS_SESSION_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_session_token: Option<Secret>,
}

/// Database and store, checked.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The database's URL.
    pub database_url: Secret,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The configuration file can't be read or understood.
    #[error("configuration file {path:?}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// An option has a value it can't have.
    #[error("option {option} {reason}")]
    Option {
        /// The option's name in the configuration file.
        option: &'static str,
        /// What is wrong with it; never the value of a secret.
        reason: String,
    },
}

impl StoreOptions {
    /// Fills in the defaults and checks every value.
    pub fn resolve(&self) -> Result<StoreConfig, ConfigError> {
        todo!()
    }
}

/// Puts flags and environment (as clap read them) over the TOML file `config_file`, or over
/// `./clickleaf.toml` if there is one when `config_file` is `None`. Fields that `flags_and_env` serializes as null,
/// leaves out or has as an empty list count as not given.
pub fn load_options<T: Default + Serialize + DeserializeOwned>(
    flags_and_env: &T,
    config_file: Option<&Path>,
) -> Result<T, ConfigError> {
    let _ = (flags_and_env, config_file);
    todo!()
}
