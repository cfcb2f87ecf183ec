//! PostgreSQL in a cluster of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, geteuid};

use super::{free_port, random_hex};
use crate::process::{self, Service};
use crate::tools;

/// How long a start may take, after the cluster has recovered from what happened to it.
const STARTED_WITHIN: Duration = Duration::from_secs(60);

/// A cluster, and how to start it again.
#[derive(Debug)]
pub(super) struct Cluster {
    service: Option<Service>,
    programs: PathBuf,
    user: Option<User>,
    home: PathBuf,
    log: PathBuf,
    port: u16,
}

/// Starts a cluster under `folder` and gives its URL.
pub(super) fn start(folder: &Path) -> Result<(Cluster, String)> {
    let programs =
        tools::postgres_bin_dir().context("no initdb; on Debian or Ubuntu: apt-get install postgresql")?;
    let home = folder.join("postgres");
    fs::create_dir(&home)?;
    let password = random_hex(16)?;
    let password_file = home.join("password");
    fs::write(&password_file, &password)?;

    // The server refuses to run as root.
    let user = match geteuid().is_root() {
        true => Some(User::from_name("postgres")?.context("running as root, but there is no user postgres")?),
        false => None,
    };
    if let Some(user) = &user {
        fs::set_permissions(folder, Permissions::from_mode(0o711))?;
        for path in [&home, &password_file] {
            chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
    }
    let mut cluster = Cluster {
        service: None,
        programs,
        user,
        home,
        log: folder.join("postgres.log"),
        port: free_port()?,
    };
    let mut initdb = cluster.program("initdb");
    initdb.args([
        "--username=clickleaf",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    initdb
        .arg("--pwfile")
        .arg(&password_file)
        .arg("--pgdata")
        .arg(cluster.data());
    process::output(&mut initdb)?;
    cluster.run()?;
    let port = cluster.port;
    Ok((
        cluster,
        format!("postgres://clickleaf:{password}@127.0.0.1:{port}/postgres"),
    ))
}

impl Cluster {
    /// Kills the server, leaves it dead for a moment, and starts it again on the same port and data.
    pub(super) fn kill_and_start(&mut self, dead_for: Duration) -> Result<()> {
        if let Some(service) = self.service.take() {
            service.kill()?;
        }
        thread::sleep(dead_for);
        self.run()
    }

    /// Makes a database, over a connection to the one that `url` names.
    pub(super) fn create(&self, url: &str, name: &str) -> Result<()> {
        let statement = format!("CREATE DATABASE {name}");
        let mut psql = self.program("psql");
        process::output(psql.args(["--no-psqlrc", "--quiet", "--command", &statement, url])).map(|_| ())
    }

    /// Fails when the server has died.
    pub(super) fn check(&mut self) -> Result<()> {
        match &mut self.service {
            Some(service) => service.check(),
            None => bail!("PostgreSQL was not started"),
        }
    }

    /// Starts the server. One that was killed leaves processes which go away by themselves; until then a start fails.
    fn run(&mut self) -> Result<()> {
        let deadline = Instant::now() + STARTED_WITHIN;
        loop {
            let mut service = Service::start("PostgreSQL", &mut self.server(), &self.log)?;
            match service.wait_until(STARTED_WITHIN, || self.ready()) {
                Ok(()) => {
                    self.service = Some(service);
                    return Ok(());
                }
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    fn server(&self) -> Command {
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data()).arg("-k").arg(&self.home);
        postgres
            .args(["-h", "127.0.0.1", "-p"])
            .arg(self.port.to_string());
        for setting in ["fsync=off", "max_connections=200", "shared_buffers=64MB"] {
            postgres.args(["-c", setting]);
        }
        postgres
    }

    fn ready(&self) -> bool {
        let mut ask = self.program("pg_isready");
        ask.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        ask.stdout(Stdio::null()).stderr(Stdio::null());
        ask.status().is_ok_and(|status| status.success())
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(&self.home).env_remove("LD_LIBRARY_PATH");
        if let Some(user) = &self.user {
            command
                .uid(user.uid.as_raw())
                .gid(user.gid.as_raw())
                .env("HOME", &self.home);
        }
        command
    }
}
