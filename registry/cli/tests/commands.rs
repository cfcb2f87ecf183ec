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

/// A migrated installation with one object that nothing refers to.
fn installation() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let output = clickleaf_registry(folder.path(), &["migrate"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let place = folder
        .path()
        .join("clickleaf-data/store/mlflow-artifacts/7/left-over");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("model.ubj"), "bytes").unwrap();
    folder
}

#[test]
fn gc_removes_nothing_unless_told_to_and_nothing_that_is_young() {
    let folder = installation();
    let object = folder
        .path()
        .join("clickleaf-data/store/mlflow-artifacts/7/left-over/model.ubj");
    let gc = |arguments: &[&str]| {
        let output = clickleaf_registry(folder.path(), &[&["gc"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    assert!(gc(&["--delete"]).contains("1 are too young to tell, 0 are not referred to"));
    let said = gc(&["--older-than", "0s"]);
    assert!(
        said.starts_with("unreferenced\t5\t7/left-over/model.ubj\n") && said.contains("nothing was removed"),
        "{said}"
    );
    assert!(object.exists());
    assert!(gc(&["--older-than", "0s", "--folder", "8", "--delete"]).contains("0 objects were removed"));
    let said: serde_json::Value =
        serde_json::from_str(&gc(&["--older-than", "0s", "--delete", "--json"])).unwrap();
    assert_eq!(said["removed"], serde_json::json!(["7/left-over/model.ubj"]));
    assert!(!object.exists());
    let wrong = clickleaf_registry(folder.path(), &["gc", "--older-than", "yesterday"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn a_registry_goes_into_a_file_and_out_again() {
    let (old, new) = (installation(), tempfile::tempdir().unwrap());
    let archive = old.path().join("registry.tar.zst");
    let archive = archive.to_str().unwrap();
    let output = clickleaf_registry(old.path(), &["export", archive]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("exported 0 objects (0 bytes), "));
    let again = clickleaf_registry(old.path(), &["export", archive]);
    assert_eq!(again.status.code(), Some(1), "an archive is never written over");

    let output = clickleaf_registry(new.path(), &["import", archive]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut bytes = std::fs::read(archive).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(archive, bytes).unwrap();
    let output = clickleaf_registry(new.path(), &["import", archive]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("error: can't import the archive: "));

    for wrong in [
        &["export"][..],
        &["import"],
        &["export", "a", "--mlflow", "b"],
        &["export", "a", "--artifact-root", "s3://b"],
        &["import", "a", "--mlflow", "http://127.0.0.1:9"],
    ] {
        let output = clickleaf_registry(new.path(), wrong);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{wrong:?}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn a_registry_goes_into_a_folder_for_mlflow() {
    let folder = installation();
    let output = clickleaf_registry(folder.path(), &["export", "--mlflow", "leaving"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(folder.path().join("leaving/mlflow.db").exists());
    assert!(folder.path().join("leaving/mlartifacts").is_dir());
    let again = clickleaf_registry(folder.path(), &["export", "--mlflow", "leaving"]);
    assert_eq!(again.status.code(), Some(1));
    for (wrong, said) in [
        ("ftp://h", "must start with http:// or https://"),
        ("not a url", "error: can't import from the server"),
    ] {
        let output = clickleaf_registry(folder.path(), &["import", "--mlflow", wrong]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
}
