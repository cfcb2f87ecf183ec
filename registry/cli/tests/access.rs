//! Tokens and the audit log from the command line.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn program(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clickleaf-registry"));
    // Nothing of the caller's environment may decide what a test sees.
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("CLICKLEAF_") || name.starts_with("AWS_"))
    {
        command.env_remove(name);
    }
    command.current_dir(folder).env("USER", "tester");
    command.args(arguments).output().unwrap()
}

/// The standard output of a call that succeeds.
fn output(folder: &Path, arguments: &[&str]) -> String {
    let output = program(folder, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Exit code and standard error of a call that fails.
fn failure(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = program(folder, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn tokens_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    output(folder, &["migrate"]);
    let create = [
        "token",
        "create",
        "--name",
        "ci",
        "--role",
        "trainer",
        "--expires-in-days",
        "30",
    ];
    let secret = output(folder, &create);
    assert!(
        secret.starts_with("cl_") && secret.trim_end().len() == 46,
        "{secret}"
    );
    let (code, message) = failure(folder, &create);
    assert!(code == Some(1) && message.contains("already exists"), "{message}");
    let made: Value = serde_json::from_str(&output(
        folder,
        &["token", "create", "--name", "boss", "--role", "admin", "--json"],
    ))
    .unwrap();
    assert!(made["secret"].as_str().unwrap().starts_with("cl_"));
    let id = made["token"]["token_id"].as_str().unwrap();

    let listed = output(folder, &["token", "list"]);
    assert!(!listed.contains("cl_"), "{listed}");
    assert!(
        listed.contains("trainer  ci  made") && listed.contains("by cli:tester"),
        "{listed}"
    );
    assert!(
        output(folder, &["token", "revoke", "ci"]).contains("is revoked"),
        "by name"
    );
    assert!(output(folder, &["token", "revoke", id]).contains(id), "by id");
    let lines = output(folder, &["token", "list", "--json"]);
    for line in lines.lines() {
        let token: Value = serde_json::from_str(line).unwrap();
        assert!(token["revoked_at_ms"].is_i64(), "{token}");
    }
    let (code, message) = failure(folder, &["token", "revoke", "ci"]);
    assert!(code == Some(1) && message.contains("no token"), "{message}");
    for wrong in [
        vec!["token", "create", "--name", "x", "--role", "root"],
        vec!["token", "create", "--name", "x"],
        vec![
            "token",
            "create",
            "--name",
            "x",
            "--role",
            "admin",
            "--expires-in-days",
            "0",
        ],
    ] {
        assert_eq!(failure(folder, &wrong).0, Some(2), "{wrong:?}");
    }
}

#[test]
fn a_forged_entry_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    output(folder, &["migrate"]);
    for name in ["one", "two", "three"] {
        output(folder, &["token", "create", "--name", name, "--role", "viewer"]);
    }
    let listed = output(folder, &["audit", "list", "--after", "1", "--json"]);
    let entries: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(entries.len(), 2);
    assert_eq!(
        (&entries[0]["who"], &entries[0]["origin"], &entries[0]["action"]),
        (&"cli:tester".into(), &"cli".into(), &"token.create".into())
    );
    let shown = output(folder, &["audit", "list", "--limit", "1"]);
    assert!(shown.contains("cli:tester from cli  token.create"), "{shown}");

    let verdict: Value = serde_json::from_str(&output(folder, &["audit", "verify", "--json"])).unwrap();
    let head = verdict["hash"].as_str().unwrap().to_owned();
    assert_eq!(
        (&verdict["entries"], &verdict["problem"]),
        (&3.into(), &Value::Null)
    );
    assert_eq!(entries[1]["hash"], head.as_str());
    let whole = output(folder, &["audit", "verify", "--expect-head", &head]);
    assert!(whole.contains("3 entries") && whole.contains(&head), "{whole}");
    // What was noted is still on record after more changes.
    output(folder, &["token", "revoke", "one"]);
    output(folder, &["audit", "verify", "--expect-head", &head]);
    let other = "ab".repeat(32);
    let (code, message) = failure(folder, &["audit", "verify", "--expect-head", &other]);
    assert!(
        code == Some(1) && message.contains("rewritten or replaced"),
        "{message}"
    );
    assert!(
        failure(folder, &["audit", "verify", "--expect-head", "x"])
            .1
            .contains("SHA-256")
    );

    // In the file itself, where no trigger is; the last program to end has put everything there.
    let file = folder.join("clickleaf-data/clickleaf.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let (told, forged) = (b"\"name\":\"two\"", b"\"name\":\"owt\"");
    let places: Vec<usize> = (0..bytes.len() - told.len())
        .filter(|at| bytes[*at..].starts_with(told))
        .collect();
    assert_eq!(places.len(), 1, "the entry is once in the file");
    bytes[places[0]..places[0] + told.len()].copy_from_slice(forged);
    std::fs::write(&file, bytes).unwrap();
    let (code, message) = failure(folder, &["audit", "verify"]);
    assert_eq!(code, Some(1));
    assert!(message.contains("entry 2 was changed"), "{message}");
    assert!(message.contains("1 entries are right"), "{message}");
}
