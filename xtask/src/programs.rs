//! The product's programs, built for release, and the demo's folder that they work in.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::services::random_hex;
use crate::{process, workspace};

/// Builds `clickleaf-server`, `clickleaf-trainer` and `clickleaf-export` for release.
pub fn build() -> Result<()> {
    // Always the same packages, so that features resolve alike and nothing is compiled twice.
    let packages = ["-p", "server", "-p", "trainer", "-p", "clickleaf-export"];
    process::run(
        workspace::cargo()
            .args(["build", "--release", "--locked"])
            .args(packages),
    )
}

/// A folder with everything that one installation has: configuration, token, keys, database, store, logs.
#[derive(Clone, Debug)]
pub struct Installation {
    folder: PathBuf,
    programs: PathBuf,
}

impl Installation {
    /// The installation in `folder`, which is created if it isn't there.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let folder = folder
            .canonicalize()
            .with_context(|| format!("opening {}", folder.display()))?;
        Ok(Self {
            folder,
            programs: workspace::target_dir().join("release"),
        })
    }

    /// The same installation with the programs of another folder.
    pub fn with_programs(self, folder: &Path) -> Self {
        Self {
            programs: folder.to_owned(),
            ..self
        }
    }

    /// One of the programs, configured by the installation's file alone.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        for (variable, _) in env::vars_os() {
            let text = variable.to_string_lossy();
            let ours = text.starts_with("CLICKLEAF_")
                && text != "CLICKLEAF_CACHE"
                && !text.starts_with("CLICKLEAF_LOG");
            if ours || text.starts_with("AWS_") {
                command.env_remove(&variable);
            }
        }
        command
            .current_dir(&self.folder)
            .env("CLICKLEAF_CONFIG", self.config())
            .env("OMP_WAIT_POLICY", "passive");
        command
    }

    /// Makes configuration, token and keys, each only if it isn't there. Says what it made. The database is a file and
    /// the store a folder.
    pub fn prepare(&self) -> Result<()> {
        let text = |name: &str| self.folder.join(name).display().to_string();
        self.prepare_on(&[
            ("database_url", format!("sqlite://{}", text("clickleaf.db"))),
            ("store_url", text("store")),
        ])
    }

    /// The same with these settings of database and store.
    pub fn prepare_on(&self, backend: &[(&str, String)]) -> Result<()> {
        fs::create_dir_all(self.folder.join("logs"))?;
        if self.create("token", &format!("{}\n", random_hex(24)?))? {
            eprintln!("a random token in {}", self.token().display());
        }
        if !self.signing_key().exists() {
            process::run(
                self.program("clickleaf-trainer")
                    .args(["keygen", "--out"])
                    .arg(self.folder.join("keys")),
            )?;
            eprintln!("a key pair in {}", self.folder.join("keys").display());
        }
        let text = |path: PathBuf| path.display().to_string();
        let mut settings = toml::Table::new();
        let files = [
            ("token_file", text(self.token())),
            ("signing_key", text(self.signing_key())),
            ("verification_key", text(self.verification_key())),
        ];
        for (key, value) in backend.iter().chain(&files) {
            settings.insert((*key).to_owned(), toml::Value::String(value.clone()));
        }
        if self.create("clickleaf.toml", &toml::to_string(&settings)?)? {
            eprintln!("a configuration in {}", self.config().display());
        }
        Ok(())
    }

    /// Fails unless [`Installation::prepare`] has run here.
    pub fn require(&self) -> Result<()> {
        let config = self.config();
        ensure!(
            config.exists(),
            "there is no {}; `cargo xtask demo -- --no-serve` makes one",
            config.display()
        );
        Ok(())
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.join("clickleaf.toml")
    }

    /// The file with the bearer token.
    pub fn token(&self) -> PathBuf {
        self.folder.join("token")
    }

    /// The public key.
    pub fn verification_key(&self) -> PathBuf {
        self.folder.join("keys").join("verification.pem")
    }

    /// A program's log file.
    pub fn log(&self, name: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{name}.log"))
    }

    fn signing_key(&self) -> PathBuf {
        self.folder.join("keys").join("signing.pem")
    }

    /// Creates a file that only its owner reads; false if it is there already.
    fn create(&self, name: &str, text: &str) -> Result<bool> {
        let path = self.folder.join(name);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
        {
            Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
        .with_context(|| format!("writing {}", path.display()))
    }
}
