//! One installation in a temporary folder: keys, token, SQLite, a local store, a server, workers.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use registry::{ModelVersion, Registry, StoreOptions};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Program, free_port, wait_for};

/// The registered model that everything here is about.
pub const MODEL_NAME: &str = "criteo_ctr_model";

/// The token that the server asks for.
const TOKEN: &str = "e2e-token-7f3c91";

/// An installation; its processes end and its folder goes away when dropped.
#[derive(Debug)]
pub struct System {
    server: Option<Program>,
    port: u16,
    programs: PathBuf,
    folder: TempDir,
}

impl System {
    /// Makes keys, token and configuration. Nothing runs yet.
    pub fn create() -> Result<Self> {
        registry::choose_tls();
        let folder = tempfile::Builder::new().prefix("clickleaf-e2e-").tempdir()?;
        let system = Self {
            server: None,
            port: free_port()?,
            programs: programs_dir()?,
            folder,
        };
        let at = |name: &str| system.path(name).display().to_string();
        fs::write(system.path("token"), TOKEN)?;
        let config = format!(
            "database_url = \"sqlite://{}\"\nstore_url = {:?}\ntoken_file = {:?}\nsigning_key = {:?}\nverification_key = {:?}\n",
            at("clickleaf.db"),
            at("store"),
            at("token"),
            at("keys/signing.pem"),
            at("keys/verification.pem"),
        );
        fs::write(system.path("clickleaf.toml"), config)?;
        system.run(
            system
                .program("clickleaf-trainer")
                .args(["keygen", "--out"])
                .arg(system.path("keys")),
        )?;
        system.run(system.program("clickleaf-server").arg("migrate"))?;
        Ok(system)
    }

    /// A path in the installation's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of the programs.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// The token.
    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// The server's address, with a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The server's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// One of the programs, configured by this installation alone.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        for (variable, _) in env::vars_os() {
            let text = variable.to_string_lossy();
            if text.starts_with("AWS_") || (text.starts_with("CLICKLEAF_") && text != "CLICKLEAF_CACHE") {
                command.env_remove(&variable);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("CLICKLEAF_CONFIG", self.path("clickleaf.toml"));
        command.env("OMP_WAIT_POLICY", "passive");
        command
    }

    /// Runs a command to its end and gives its standard output.
    pub fn run(&self, command: &mut Command) -> Result<String> {
        let output = command
            .output()
            .with_context(|| format!("starting {:?}", command.get_program()))?;
        if !output.status.success() {
            bail!(
                "{command:?}: {}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Trains on generated rows and registers a version; promotes it if asked. Gives the version's number.
    pub fn train(&self, seed: u32, promote: bool) -> Result<i64> {
        let mut trainer = self.program("clickleaf-trainer");
        trainer.args([
            "run",
            "--json",
            "--generate",
            "4000",
            "--rounds",
            "15",
            "--max-depth",
            "5",
        ]);
        trainer.args(["--seed", &seed.to_string()]);
        if promote {
            trainer.arg("--promote");
        }
        let outcome: Value = serde_json::from_str(&self.run(&mut trainer)?)?;
        outcome["version"]
            .as_i64()
            .context("clickleaf-trainer run --json named no version")
    }

    /// Starts the server with the page and waits until it predicts. Always the same port, so that a page finds it again.
    pub async fn start_server(&mut self, page: &Path) -> Result<()> {
        let mut command = self.program("clickleaf-server");
        command
            .args([
                "serve",
                "--listen",
                &format!("127.0.0.1:{}", self.port),
                "--app-dir",
            ])
            .arg(page);
        let mut server = Program::start(&mut command, &self.path("server.log"))?;
        let ready = format!("{}health/ready", self.url());
        wait_for("the server is ready", async || {
            server.check()?;
            let answer = reqwest::get(&ready).await;
            Ok(answer
                .is_ok_and(|answer| answer.status().is_success())
                .then_some(()))
        })
        .await?;
        self.server = Some(server);
        Ok(())
    }

    /// Kills the server; fails unless nothing answers any more.
    pub async fn kill_server(&mut self) -> Result<()> {
        self.server.take().context("no server runs")?.kill()?;
        ensure!(
            reqwest::get(self.url()).await.is_err(),
            "something still answers at {}",
            self.url()
        );
        Ok(())
    }

    /// Starts a worker whose lease is short, so that a dead one is soon noticed.
    pub fn start_worker(&self, name: &str) -> Result<Program> {
        let mut command = self.program("clickleaf-trainer");
        command.args(["worker", "--lease-seconds", "3", "--name", name]);
        Program::start(&mut command, &self.path(&format!("{name}.log")))
    }

    /// Promotes a version through the API.
    pub async fn promote(&self, version: i64) -> Result<()> {
        let url = format!("{}models/{MODEL_NAME}/versions/{version}/promote", self.url());
        let body = serde_json::json!({"reason": "a test"});
        let client = reqwest::Client::new();
        let answer = client
            .post(url)
            .bearer_auth(TOKEN)
            .json(&body)
            .timeout(Duration::from_secs(30))
            .send()
            .await?;
        ensure!(
            answer.status().is_success(),
            "promote: {} {}",
            answer.status(),
            answer.text().await?
        );
        Ok(())
    }

    /// The registry, past all servers.
    pub async fn registry(&self) -> Result<Registry> {
        let options = StoreOptions {
            database_url: Some(format!("sqlite://{}", self.path("clickleaf.db").display()).into()),
            store_url: Some(self.path("store").display().to_string()),
            ..Default::default()
        };
        Ok(Registry::connect(&options.resolve()?).await?)
    }

    /// The registry's row of the version in Production.
    pub async fn production(&self) -> Result<ModelVersion> {
        let version = self.registry().await?.production(MODEL_NAME).await?;
        version.context("no version is in Production")
    }

    /// A version's model directory on this disk.
    pub fn model_dir(&self, version: &ModelVersion) -> Result<PathBuf> {
        let uri = &version.artifact_uri;
        let path = uri
            .strip_prefix("file://")
            .with_context(|| format!("{uri} is not a local folder"))?;
        Ok(PathBuf::from(path))
    }
}

fn programs_dir() -> Result<PathBuf> {
    if let Some(dir) = env::var_os("CLICKLEAF_BIN_DIR") {
        return Ok(PathBuf::from(dir));
    }
    // target/debug/deps/test-0123 lies below them.
    let test = env::current_exe()?;
    let dir = test
        .parent()
        .and_then(Path::parent)
        .context("the test lies in no target folder")?;
    Ok(dir.to_owned())
}
