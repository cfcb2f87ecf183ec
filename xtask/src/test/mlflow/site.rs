//! An installation with a server, and a model that the trainer registered in it.

use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{self, Service};
use crate::programs::Installation;
use crate::services::{Services, free_port};
use crate::workspace;

/// Rows that the trainer trains on, of 3000.
pub(super) const TRAINED_ON: u32 = 1500;

/// Database and store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backend {
    /// The embedded ones.
    SqliteAndFiles,
    /// Servers of their own.
    PostgresAndS3,
}

/// A running server; it ends and its folder goes away when dropped.
#[derive(Debug)]
pub(super) struct Site {
    server: Option<Service>,
    installation: Installation,
    url: String,
    token: String,
    folder: TempDir,
}

/// What the trainer used and what was predicted from it, as paths.
#[derive(Debug)]
pub(super) struct Trained {
    /// The rows as the booster takes them.
    pub(super) encoded: String,
    /// A margin a line, from the rows and the compact model.
    pub(super) margins: String,
}

impl fmt::Display for Backend {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::SqliteAndFiles => "SQLite and files",
            Self::PostgresAndS3 => "PostgreSQL and S3",
        })
    }
}

impl Site {
    /// Makes the installation and starts its server.
    pub(super) fn start(backend: Backend, services: &Services) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("clickleaf-mlflow-").tempdir()?;
        let installation =
            Installation::in_folder(folder.path())?.with_programs(&workspace::target_dir().join("debug"));
        match backend {
            Backend::SqliteAndFiles => installation.prepare()?,
            Backend::PostgresAndS3 => installation.prepare_on(&[
                (
                    "database_url",
                    services.variable("CLICKLEAF_TEST_POSTGRES_URL")?.to_owned(),
                ),
                ("store_url", "s3://".to_owned()),
                (
                    "s3_endpoint",
                    services.variable("CLICKLEAF_TEST_S3_ENDPOINT")?.to_owned(),
                ),
                ("s3_region", services.variable("AWS_REGION")?.to_owned()),
                (
                    "s3_access_key_id",
                    services.variable("AWS_ACCESS_KEY_ID")?.to_owned(),
                ),
                (
                    "s3_secret_access_key",
                    services.variable("AWS_SECRET_ACCESS_KEY")?.to_owned(),
                ),
            ])?,
        }
        process::run(installation.program("clickleaf-server").arg("migrate"))?;
        let token = fs::read_to_string(installation.token()).context("reading the token")?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut site = Self {
            server: None,
            url: format!("http://{address}"),
            token: token.trim().to_owned(),
            installation,
            folder,
        };
        let mut serve = site.installation.program("clickleaf-server");
        serve.args(["serve", "--listen", &address]);
        let mut server = Service::start("clickleaf-server", &mut serve, &site.installation.log("server"))?;
        let health = format!("{}/health/live", site.url);
        server.wait_until(Duration::from_secs(30), || ureq::get(&health).call().is_ok())?;
        site.server = Some(server);
        Ok(site)
    }

    /// Where the server is, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The server's token.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// A folder for files.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Fails when the server has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        self.server.as_mut().context("no server")?.check()
    }

    /// Tests the installation, and exports it for MLflow into a folder, whose path it gives.
    pub(super) fn exported(&self) -> Result<String> {
        process::output(self.installation.program("clickleaf-registry").arg("doctor"))?;
        let folder = self.folder.path().join("leaving");
        let mut export = self.installation.program("clickleaf-registry");
        process::run(export.args(["export", "--mlflow"]).arg(&folder))?;
        Ok(folder.display().to_string())
    }

    /// Takes everything from an MLflow server, at the second try: the first one is killed.
    pub(super) fn imported(&self, server: &str) -> Result<()> {
        let import = || {
            let mut command = self.installation.program("clickleaf-registry");
            command.args(["import", "--mlflow", server]);
            command
        };
        let log = self.installation.log("import");
        let killed = Service::start("clickleaf-registry", &mut import(), &log)?;
        std::thread::sleep(Duration::from_millis(1500));
        // It may have ended by then, which is as well.
        let _ = killed.kill();
        process::run(&mut import())?;
        process::output(self.installation.program("clickleaf-registry").arg("doctor")).map(|_| ())
    }

    /// Trains on generated rows, promotes, and predicts these rows from the compact model that the server gives out.
    pub(super) fn trained(&mut self) -> Result<Trained> {
        let path = |name: &str| self.folder.path().join(name);
        let work = path("work");
        let rows = path("rows.tsv");
        let mut generate = self.installation.program("clickleaf-trainer");
        generate.args(["generate", "--rows", "3000", "--seed", "5", "--out"]);
        process::run(generate.arg(&rows))?;
        let mut train = self.installation.program("clickleaf-trainer");
        train.args([
            "run",
            "--no-refit",
            "--promote",
            "--json",
            "--rounds",
            "12",
            "--max-depth",
            "5",
            "--stop-from",
            &(TRAINED_ON + 1).to_string(),
            "--test-from",
            "2001",
            "--data",
        ]);
        let outcome = process::answer(train.arg(&rows).arg("--work-dir").arg(&work))?;
        let outcome: Value = serde_json::from_str(&outcome).context("reading the trainer's answer")?;

        let model = path("model.leaf");
        let digest = outcome["model_sha256"]
            .as_str()
            .context("the trainer named no model")?;
        let url = format!("{}/model-files/{digest}.leaf", self.url);
        let mut bytes = None;
        let server = self.server.as_mut().context("no server")?;
        server.wait_until(Duration::from_secs(60), || {
            let answer = ureq::get(&url).call();
            bytes = answer
                .ok()
                .and_then(|mut answer| answer.body_mut().read_to_vec().ok());
            bytes.is_some()
        })?;
        fs::write(&model, bytes.unwrap_or_default())?;
        let margins = path("margins.tsv");
        let mut predict = self.installation.program("clickleaf-export");
        predict
            .arg("predict")
            .arg(&model)
            .arg("--input")
            .arg(&rows)
            .args(["--values", "margins"]);
        fs::write(&margins, process::output(&mut predict)?)?;
        let encoded = work.join("encoded.f32");
        let floats = File::open(&encoded).context("the trainer left no encoded rows")?;
        ensure!(floats.metadata()?.len() > 0, "the encoded rows are empty");
        let text = |path: &Path| path.display().to_string();
        Ok(Trained {
            encoded: text(&encoded),
            margins: text(&margins),
        })
    }
}
