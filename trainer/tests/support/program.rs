//! The program as a script starts it, with a registry in the folder it runs in.

use std::path::Path;
use std::process::{Command, Output};

use super::{database_url, store_url};

pub(crate) fn trainer(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clickleaf-trainer"));
    command
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("USER", "tester")
        .env("CLICKLEAF_DATABASE_URL", database_url(home))
        .env("CLICKLEAF_STORE_URL", store_url(home));
    command
}

pub(crate) fn run(home: &Path, arguments: &[&str]) -> Output {
    trainer(home, arguments).output().unwrap()
}

pub(crate) fn ok(home: &Path, arguments: &[&str]) -> String {
    let output = run(home, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn refused(home: &Path, arguments: &[&str], code: i32) -> String {
    let output = run(home, arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert_eq!(output.stdout, b"", "{arguments:?}");
    stderr
}
