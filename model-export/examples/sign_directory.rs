//! Signs every file of a flat directory: `sign_directory DIR KEY.pem` writes `DIR/model.sig`, which
//! `model_signing verify key DIR --signature DIR/model.sig --public_key KEY.pub` accepts.
#![allow(
    clippy::disallowed_methods,
    reason = "the library does no IO; whoever calls it does"
)]

use std::error::Error;
use std::path::PathBuf;

use model_export::sha256_hex;
use model_export::signature::{Resource, sign};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [directory, key] = &arguments[..] else {
        return Err("usage: sign_directory DIR KEY.pem".into());
    };
    let mut resources = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if path.is_file() && name != "model.sig" {
            resources.push(Resource {
                name,
                sha256: sha256_hex(&std::fs::read(&path)?),
            });
        }
    }
    let name = directory
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let bundle = sign(&name, &resources, &std::fs::read_to_string(key)?)?;
    std::fs::write(directory.join("model.sig"), bundle)?;
    Ok(())
}
