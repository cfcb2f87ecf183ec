//! The program as somebody at a terminal uses it, over SQLite and a folder.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;
use std::process::{Command, Output};

/// The program on the installation in `folder`.
fn clickleaf_registry(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clickleaf-registry"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CLICKLEAF_") || name.starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn text(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

#[test]
fn doctor_says_what_is_wrong_and_fails_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let output = clickleaf_registry(folder.path(), &["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(
        said.contains("FAIL  database: ")
            && said.contains("To mend it: check database_url; clickleaf-registry migrate"),
        "{said}"
    );
    assert!(said.ends_with("2 of 2 checks failed\n"), "{said}");

    let output = clickleaf_registry(folder.path(), &["migrate"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = clickleaf_registry(folder.path(), &["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let checks: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(checks["ok"], true);
    let checks = checks["checks"].as_array().unwrap();
    assert!(checks.len() > 15);
    assert!(
        checks.iter().all(|check| check["outcome"] == "pass"),
        "{checks:#?}"
    );
}

#[test]
fn wrong_settings_are_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in [
        &["doctor", "--database-url", "mysql://h/d"][..],
        &["migrate", "--artifacts-bucket", "A"],
        &["doctor", "--config", "no-such.toml"],
        &["treat"],
    ] {
        let output = clickleaf_registry(folder.path(), wrong);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{wrong:?}: {}",
            text(&output.stderr)
        );
    }
}
