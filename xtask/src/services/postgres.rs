//! PostgreSQL in a cluster of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::unistd::{User, geteuid};

use super::{free_port, random_hex};
use crate::process::{self, Service};
use crate::tools;

/// Starts a cluster under `folder` and gives its URL.
pub(super) fn start(folder: &Path) -> Result<(Service, String)> {
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
    let program = |name: &str| {
        let mut command = Command::new(programs.join(name));
        command.current_dir(&home).env_remove("LD_LIBRARY_PATH");
        if let Some(user) = &user {
            command
                .uid(user.uid.as_raw())
                .gid(user.gid.as_raw())
                .env("HOME", &home);
        }
        command
    };

    let data = home.join("data");
    let mut initdb = program("initdb");
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
        .arg(&data);
    process::output(&mut initdb)?;

    let port = free_port()?;
    let mut postgres = program("postgres");
    postgres
        .arg("-D")
        .arg(&data)
        .arg("-k")
        .arg(&home)
        .args(["-h", "127.0.0.1", "-p"])
        .arg(port.to_string());
    for setting in ["fsync=off", "max_connections=200", "shared_buffers=64MB"] {
        postgres.args(["-c", setting]);
    }
    let mut service = Service::start("PostgreSQL", &mut postgres, &folder.join("postgres.log"))?;
    let ready = || {
        let mut ask = program("pg_isready");
        ask.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
        ask.stdout(Stdio::null()).stderr(Stdio::null());
        ask.status().is_ok_and(|status| status.success())
    };
    service.wait_until(Duration::from_secs(60), ready)?;
    Ok((
        service,
        format!("postgres://clickleaf:{password}@127.0.0.1:{port}/postgres"),
    ))
}
