//! What was typed, and what it means.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use axum::http::{HeaderValue, Uri};
use model_export::signature::{SignatureError, verify};
use registry::{Secret, StoreConfig, StoreOptions};
use serde::{Deserialize, Serialize};

use crate::state::Settings;

/// Options of `clickleaf-server serve`, as flags, environment and configuration file give them.
#[derive(clap::Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServeOptions {
    /// Database and store.
    #[command(flatten)]
    #[serde(flatten)]
    pub store: StoreOptions,
    /// Address to listen on; one that others can reach needs a token, here or in the registry
    /// [default: 127.0.0.1:8080]
    #[arg(
        long,
        env = "CLICKLEAF_LISTEN",
        value_name = "ADDRESS:PORT",
        help_heading = "Server"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// Folder of the built page; without it only the API is served
    #[arg(
        long,
        env = "CLICKLEAF_APP_DIR",
        value_name = "FOLDER",
        help_heading = "Server"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_dir: Option<PathBuf>,
    /// Token of an admin, beside those in the registry; rather use --token-file or the environment, for other
    /// users of this machine can read flags
    #[arg(
        long,
        env = "CLICKLEAF_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        help_heading = "Server"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// File with the token of an admin
    #[arg(
        long,
        env = "CLICKLEAF_TOKEN_FILE",
        value_name = "FILE",
        help_heading = "Server"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Ask for a viewer's token before telling what the registry holds; pages, files and predictions stay open
    #[arg(
        long,
        env = "CLICKLEAF_REQUIRE_TOKEN_TO_READ",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Server"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_token_to_read: Option<bool>,
    /// Public key (PEM) that versions must be signed with; without it unsigned versions are served too
    #[arg(
        long,
        env = "CLICKLEAF_VERIFICATION_KEY",
        value_name = "FILE",
        help_heading = "Server"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification_key: Option<PathBuf>,
    /// Registered model to serve [default: criteo_ctr_model]
    #[arg(long, env = "CLICKLEAF_MODEL", value_name = "NAME", help_heading = "Server")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Origin whose pages may call this server from a browser, such as `https://ads.example`; may be repeated
    #[arg(
        long,
        env = "CLICKLEAF_ALLOW_ORIGIN",
        value_delimiter = ',',
        value_name = "ORIGIN",
        help_heading = "Server"
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_origin: Vec<String>,
    /// Folder that keeps the last good version, for a start while the registry is down
    #[arg(
        long,
        env = "CLICKLEAF_CACHE_DIR",
        value_name = "FOLDER",
        help_heading = "Server"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_dir: Option<PathBuf>,
}

/// The same, checked and with every file read.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// Database and store.
    pub store: StoreConfig,
    /// Where to listen.
    pub listen: SocketAddr,
    /// What handlers need.
    pub settings: Settings,
    /// The public key, as PEM.
    pub verification_key: Option<String>,
    /// The registered model.
    pub model: String,
    /// Where the last good version is kept.
    pub cache_dir: Option<PathBuf>,
}

impl ServeOptions {
    /// Fills in the defaults, reads the files and checks every value. Errors are the caller's to correct.
    pub fn resolve(&self) -> anyhow::Result<ServeConfig> {
        let listen = self.listen.as_deref().unwrap_or("127.0.0.1:8080");
        let listen = listen.replace("localhost:", "127.0.0.1:");
        let listen: SocketAddr = listen
            .parse()
            .map_err(|_| anyhow!("--listen {listen:?} isn't an address and port, such as 0.0.0.0:8080"))?;
        let token = self.read_token()?;
        if let Some(folder) = &self.app_dir
            && !folder.join("index.html").is_file()
        {
            bail!(
                "--app-dir {}: there is no index.html in it; build the page first",
                folder.display()
            );
        }
        let verification_key = self.verification_key.as_deref().map(read_key).transpose()?;
        let allow_origins = self
            .allow_origin
            .iter()
            .map(|origin| parse_origin(origin))
            .collect::<Result<_, _>>()?;
        Ok(ServeConfig {
            store: self.store.resolve()?,
            listen,
            settings: Settings {
                token,
                open_on_loopback: listen.ip().is_loopback(),
                token_to_read: self.require_token_to_read.unwrap_or(false),
                allow_origins,
                app_dir: self.app_dir.clone(),
            },
            verification_key,
            model: self
                .model
                .clone()
                .unwrap_or_else(|| "criteo_ctr_model".to_owned()),
            cache_dir: self.cache_dir.clone(),
        })
    }

    fn read_token(&self) -> anyhow::Result<Option<String>> {
        let (token, name) = match (&self.token, &self.token_file) {
            (Some(token), None) => (token.expose().to_owned(), "--token"),
            (None, Some(file)) => (read(file, "--token-file")?, "--token-file"),
            (Some(_), Some(_)) => bail!("--token and --token-file (or their variables) exclude each other"),
            (None, None) => return Ok(None),
        };
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            bail!("{name}: a token is one or more printable ASCII characters without spaces");
        }
        Ok(Some(token.to_owned()))
    }
}

fn read(file: &Path, option: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{option}: can't read {}", file.display()))
}

fn read_key(file: &Path) -> anyhow::Result<String> {
    let pem = read(file, "--verification-key")?;
    // An unusable key is told now and not with every version.
    if let Err(error @ SignatureError::PublicKey) = verify("", &pem) {
        return Err(anyhow!(error)).with_context(|| format!("--verification-key {}", file.display()));
    }
    Ok(pem)
}

fn parse_origin(origin: &str) -> anyhow::Result<HeaderValue> {
    let wrong = || anyhow!("--allow-origin {origin:?} isn't an origin, such as https://ads.example");
    let uri: Uri = origin.parse().map_err(|_| wrong())?;
    let has_only_origin = uri.scheme().is_some() && uri.authority().is_some() && !origin.ends_with('/');
    if !has_only_origin || uri.path() != "/" || uri.query().is_some() {
        return Err(wrong());
    }
    HeaderValue::from_str(origin).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_may_be_open() {
        for (listen, is_open) in [
            ("127.0.0.1:0", true),
            ("[::1]:0", true),
            ("localhost:8080", true),
            ("0.0.0.0:0", false),
            ("[::]:0", false),
            ("10.0.0.1:80", false),
        ] {
            let options = ServeOptions {
                listen: Some(listen.to_owned()),
                ..Default::default()
            };
            let settings = options.resolve().unwrap().settings;
            assert_eq!(settings.open_on_loopback, is_open, "{listen}");
            assert!(settings.token.is_none() && !settings.token_to_read);
        }
        let guarded = ServeOptions {
            token: Some("s3cret".into()),
            require_token_to_read: Some(true),
            ..Default::default()
        };
        let settings = guarded.resolve().unwrap().settings;
        assert_eq!(settings.token.as_deref(), Some("s3cret"));
        assert!(settings.token_to_read);
    }

    #[test]
    fn tokens_and_origins_are_checked() {
        for token in ["", " \n", "two words", "naïve"] {
            let options = ServeOptions {
                token: Some(token.into()),
                ..Default::default()
            };
            assert!(options.resolve().is_err(), "{token:?}");
        }
        for (origin, good) in [
            ("https://ads.example", true),
            ("http://localhost:8081", true),
            ("ads.example", false),
            ("https://ads.example/", false),
            ("https://ads.example/page", false),
            ("*", false),
        ] {
            let options = ServeOptions {
                allow_origin: vec![origin.to_owned()],
                ..Default::default()
            };
            assert_eq!(options.resolve().is_ok(), good, "{origin:?}");
        }
    }
}
