//! Garage, an S3 server of one node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use super::{BUCKETS, free_port, random_hex};
use crate::process::{self, Service};
use crate::tools::{self, Tool};

const REGION: &str = "garage";

/// Starts a node under `folder`, with a key that owns all buckets, and gives the variables to reach it by.
pub(super) fn start(folder: &Path) -> Result<(Service, Vec<(&'static str, String)>)> {
    let program = tools::ensure(Tool::Garage)?.join("garage");
    let home = folder.join("garage");
    fs::create_dir(&home)?;
    let config = home.join("garage.toml");
    let api_port = free_port()?;
    fs::write(&config, configuration(&home, api_port)?)?;
    let garage = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .arg("-c")
            .arg(&config)
            .args(arguments)
            .env("RUST_LOG", "garage=warn");
        command
    };

    let mut service = Service::start("Garage", &mut garage(&["server"]), &folder.join("garage.log"))?;
    service.wait_until(Duration::from_secs(60), || {
        let mut status = garage(&["status"]);
        status.stdout(Stdio::null()).stderr(Stdio::null());
        status.status().is_ok_and(|status| status.success())
    })?;
    let node = process::output(&mut garage(&["node", "id", "-q"]))?;
    let node = node.split('@').next().context("garage gave no node id")?.trim();
    process::output(&mut garage(&["layout", "assign", "-z", "dc1", "-c", "1G", node]))?;
    process::output(&mut garage(&["layout", "apply", "--version", "1"]))?;
    let key = format!("GK{}", random_hex(12)?);
    let secret = random_hex(32)?;
    process::output(&mut garage(&[
        "key", "import", "--yes", "-n", "tests", &key, &secret,
    ]))?;
    for bucket in BUCKETS {
        process::output(&mut garage(&["bucket", "create", bucket]))?;
        process::output(&mut garage(&[
            "bucket", "allow", "--read", "--write", "--owner", bucket, "--key", &key,
        ]))?;
    }
    let environment = vec![
        (
            "CLICKLEAF_TEST_S3_ENDPOINT",
            format!("http://127.0.0.1:{api_port}"),
        ),
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_REGION", REGION.to_owned()),
    ];
    Ok((service, environment))
}

fn configuration(home: &Path, api_port: u16) -> Result<String> {
    let path = |name: &str| -> PathBuf { home.join(name) };
    let rpc_port = free_port()?;
    Ok(format!(
        "metadata_dir = {meta:?}\n\
         data_dir = {data:?}\n\
         db_engine = \"sqlite\"\n\
         replication_factor = 1\n\
         rpc_bind_addr = \"127.0.0.1:{rpc_port}\"\n\
         rpc_public_addr = \"127.0.0.1:{rpc_port}\"\n\
         rpc_secret = \"{secret}\"\n\
         [s3_api]\n\
         s3_region = \"{REGION}\"\n\
         api_bind_addr = \"127.0.0.1:{api_port}\"\n\
         root_domain = \".s3.localhost\"\n",
        meta = path("meta"),
        data = path("data"),
        secret = random_hex(32)?,
    ))
}
