//! Where database and store are: what was typed ([`StoreOptions`]) becomes what it means ([`StoreConfig`]) once.

use std::path::{Path, PathBuf};

use figment::{
    Figment,
    providers::{Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

const DEFAULT_FILE: &str = "clickleaf.toml";
const DEFAULT_FOLDER: &str = "clickleaf-data";

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
    /// Where the database is.
    pub database: DatabaseLocation,
    /// Most connections at once.
    pub database_connections: u32,
    /// Where the buckets are.
    pub store: StoreLocation,
    /// Bucket of training data.
    pub data_bucket: String,
    /// Bucket of logs.
    pub logs_bucket: String,
    /// Bucket of what runs make.
    pub artifacts_bucket: String,
}

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseLocation {
    /// An SQLite file; absolute.
    Sqlite(PathBuf),
    /// A Postgres URL, with its password.
    Postgres(Secret),
}

/// Where the buckets are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLocation {
    /// Folders in this folder; absolute.
    Folder(PathBuf),
    /// Buckets of S3 or MinIO.
    S3(S3Config),
}

/// How to reach S3. What is `None` comes from the usual AWS environment, such as a web identity token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Config {
    /// Another endpoint than AWS's; `http://` is allowed.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The access key.
    pub access_key_id: Option<Secret>,
    /// The secret key.
    pub secret_access_key: Option<Secret>,
    /// The session token.
    pub session_token: Option<Secret>,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The configuration file can't be read or understood.
    #[error("configuration file {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// An option has a value it can't have.
    #[error("option {option}: {reason}")]
    Option {
        /// The option's name in the configuration file.
        option: &'static str,
        /// What is wrong with it; never the value of a secret.
        reason: String,
    },
}

impl StoreOptions {
    /// Fills in the defaults and checks every value. Relative paths start at the working directory.
    pub fn resolve(&self) -> Result<StoreConfig, ConfigError> {
        let database_connections = self.database_connections.unwrap_or(8);
        if !(1..=1000).contains(&database_connections) {
            return wrong("database_connections", "must be 1 to 1000");
        }
        let bucket = |option, given: &Option<String>, default: &str| {
            let name = given.clone().unwrap_or_else(|| default.to_owned());
            let plain = name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
            if plain && (3..=63).contains(&name.len()) && !name.starts_with('.') && !name.contains("..") {
                return Ok(name);
            }
            wrong(
                option,
                "must be a bucket name: 3 to 63 lower-case letters, digits, `-` and `.`",
            )
        };
        Ok(StoreConfig {
            database: self.database()?,
            database_connections,
            store: self.store()?,
            data_bucket: bucket("data_bucket", &self.data_bucket, "criteo-data")?,
            logs_bucket: bucket("logs_bucket", &self.logs_bucket, "criteo-logs")?,
            artifacts_bucket: bucket("artifacts_bucket", &self.artifacts_bucket, "mlflow-artifacts")?,
        })
    }

    fn database(&self) -> Result<DatabaseLocation, ConfigError> {
        let Some(url) = &self.database_url else {
            return Ok(DatabaseLocation::Sqlite(absolute(
                "database_url",
                &format!("{DEFAULT_FOLDER}/clickleaf.db"),
            )?));
        };
        let url = url.expose();
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(DatabaseLocation::Postgres(Secret::new(url)));
        }
        match url
            .strip_prefix("sqlite://")
            .or_else(|| url.strip_prefix("sqlite:"))
        {
            Some(path) if path.contains(['?', '#']) || path == ":memory:" || path.is_empty() => wrong(
                "database_url",
                "an SQLite URL is sqlite://PATH, a file's path without parameters",
            ),
            Some(path) => Ok(DatabaseLocation::Sqlite(absolute("database_url", path)?)),
            None => wrong("database_url", "must start with sqlite:// or postgres://"),
        }
    }

    fn store(&self) -> Result<StoreLocation, ConfigError> {
        let url = self.store_url.as_deref().unwrap_or("clickleaf-data/store");
        if url == "s3://" || url == "s3:" {
            if let Some(endpoint) = &self.s3_endpoint
                && !(endpoint.starts_with("http://") || endpoint.starts_with("https://"))
            {
                return wrong("s3_endpoint", "must start with http:// or https://");
            }
            if self.s3_access_key_id.is_some() != self.s3_secret_access_key.is_some() {
                return wrong("s3_secret_access_key", "access key and secret key go together");
            }
            return Ok(StoreLocation::S3(S3Config {
                endpoint: self.s3_endpoint.clone(),
                region: self.s3_region.clone(),
                access_key_id: self.s3_access_key_id.clone(),
                secret_access_key: self.s3_secret_access_key.clone(),
                session_token: self.s3_session_token.clone(),
            }));
        }
        let path = url.strip_prefix("file://").unwrap_or(url);
        if path.contains("://") || path.is_empty() {
            return wrong(
                "store_url",
                "must be a folder, or s3:// (the buckets have options of their own)",
            );
        }
        Ok(StoreLocation::Folder(absolute("store_url", path)?))
    }
}

impl StoreConfig {
    /// Everything in one folder: an SQLite file and the buckets as folders.
    pub fn in_folder(folder: &Path) -> Result<StoreConfig, ConfigError> {
        let options = StoreOptions {
            database_url: Some(Secret::new(format!(
                "sqlite://{}",
                folder.join("clickleaf.db").display()
            ))),
            store_url: Some(folder.join("store").display().to_string()),
            ..StoreOptions::default()
        };
        options.resolve()
    }
}

impl DatabaseLocation {
    /// The URL for the driver, with the password.
    pub(crate) fn url(&self) -> String {
        match self {
            DatabaseLocation::Sqlite(path) => {
                let mut url = String::from("sqlite://");
                for byte in path.display().to_string().bytes() {
                    match byte {
                        b'/' | b'-' | b'_' | b'.' | b'~' => url.push(char::from(byte)),
                        byte if byte.is_ascii_alphanumeric() => url.push(char::from(byte)),
                        byte => url.push_str(&format!("%{byte:02X}")),
                    }
                }
                url + "?mode=rwc"
            }
            DatabaseLocation::Postgres(url) => url.expose().to_owned(),
        }
    }
}

/// Puts flags and environment (as clap read them) over the TOML file `config_file`, or, when that is `None`, over
/// `./clickleaf.toml` if there is one.
///
/// What `flags_and_env` serializes as null, leaves out or has as an empty list counts as not given; so every
/// field that a file may set is an `Option` or a list.
pub fn load_options<T: Default + Serialize + DeserializeOwned>(
    flags_and_env: &T,
    config_file: Option<&Path>,
) -> Result<T, ConfigError> {
    let path = config_file.unwrap_or(Path::new(DEFAULT_FILE));
    let failed = |reason: String| ConfigError::File {
        path: path.to_owned(),
        reason,
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && config_file.is_none() => String::new(),
        Err(error) => return Err(failed(error.to_string())),
    };
    let given = serde_json::to_value(flags_and_env).map_err(|error| failed(error.to_string()))?;
    Figment::new()
        .merge(Serialized::defaults(without_absent(
            serde_json::to_value(T::default()).unwrap_or_default(),
        )))
        .merge(Toml::string(&text))
        .merge(Serialized::defaults(without_absent(given)))
        .extract()
        .map_err(|error| failed(error.to_string()))
}

fn without_absent(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !(value.is_null() || value.as_array().is_some_and(Vec::is_empty)))
            .map(|(key, value)| (key, without_absent(value)))
            .collect(),
        value => value,
    }
}

fn absolute(option: &'static str, path: &str) -> Result<PathBuf, ConfigError> {
    std::path::absolute(path).map_err(|error| ConfigError::Option {
        option,
        reason: error.to_string(),
    })
}

fn wrong<T>(option: &'static str, reason: &str) -> Result<T, ConfigError> {
    Err(ConfigError::Option {
        option,
        reason: reason.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(change: impl FnOnce(&mut StoreOptions)) -> Result<StoreConfig, ConfigError> {
        let mut options = StoreOptions::default();
        change(&mut options);
        options.resolve()
    }

    #[test]
    fn defaults_are_one_folder() {
        let config = resolved(|_| ()).unwrap();
        let here = std::env::current_dir().unwrap();
        assert_eq!(
            config.database,
            DatabaseLocation::Sqlite(here.join("clickleaf-data/clickleaf.db"))
        );
        assert_eq!(
            config.store,
            StoreLocation::Folder(here.join("clickleaf-data/store"))
        );
        assert_eq!(config.artifacts_bucket, "mlflow-artifacts");
    }

    #[test]
    fn wrong_values_name_the_option() {
        let message = |change: fn(&mut StoreOptions)| resolved(change).unwrap_err().to_string();
        assert!(
            message(|o| o.database_url = Some("mysql://u:hunter2@h/d".into()))
                .starts_with("option database_url")
        );
        assert!(!message(|o| o.database_url = Some("mysql://u:hunter2@h/d".into())).contains("hunter2"));
        assert!(message(|o| o.store_url = Some("gs://x".into())).starts_with("option store_url"));
        assert!(message(|o| o.data_bucket = Some("Not a bucket".into())).starts_with("option data_bucket"));
        assert!(message(|o| o.database_connections = Some(0)).starts_with("option database_connections"));
        let endpoint = |o: &mut StoreOptions| {
            o.store_url = Some("s3://".into());
            o.s3_endpoint = Some("minio:9000".into());
        };
        assert!(
            resolved(endpoint)
                .unwrap_err()
                .to_string()
                .starts_with("option s3_endpoint")
        );
    }

    #[test]
    fn secrets_are_never_shown() {
        let options = StoreOptions {
            database_url: Some("postgres://u:hunter2@h/d".into()),
            store_url: Some("s3://".into()),
            s3_access_key_id: Some("hunter2".into()),
            s3_secret_access_key: Some("hunter2".into()),
            s3_session_token: Some("hunter2".into()),
            ..StoreOptions::default()
        };
        assert!(!format!("{options:?} {:?}", options.resolve().unwrap()).contains("hunter2"));
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        std::fs::write(&file, "store_url = \"from-file\"\ndata_bucket = \"file-data\"\n").unwrap();
        let flags = StoreOptions {
            store_url: Some("from-flag".into()),
            ..StoreOptions::default()
        };
        let options = load_options(&flags, Some(&file)).unwrap();
        assert_eq!(options.store_url.as_deref(), Some("from-flag"));
        assert_eq!(options.data_bucket.as_deref(), Some("file-data"));
        assert_eq!(options.logs_bucket, None);

        std::fs::write(&file, "store_url = 7\n").unwrap();
        let error = load_options(&StoreOptions::default(), Some(&file))
            .unwrap_err()
            .to_string();
        assert!(error.contains("c.toml") && error.contains("store_url"), "{error}");
        assert!(load_options(&flags, Some(&folder.path().join("absent.toml"))).is_err());
    }

    #[test]
    fn odd_paths_become_urls() {
        let location = DatabaseLocation::Sqlite(PathBuf::from("/tmp/a b?#%.db"));
        assert_eq!(location.url(), "sqlite:///tmp/a%20b%3F%23%25.db?mode=rwc");
    }
}
