//! The binary from outside: exit codes, messages, start and stop.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn server(folder: &tempfile::TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clickleaf-server"));
    // Nothing of the caller's environment may decide what a test sees.
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("CLICKLEAF_") || name.starts_with("AWS_"))
    {
        command.env_remove(name);
    }
    command.current_dir(folder.path());
    command
}

#[test]
fn listening_to_the_world_without_a_token_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let output = server(&folder)
        .args(["serve", "--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("--token-file"), "{message}");
}

#[test]
fn wrong_options_are_wrong_usage_and_name_the_option() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty"), "\n").unwrap();
    for (arguments, named) in [
        (["serve", "--listen", "here"], "--listen"),
        (["serve", "--token-file", "missing"], "--token-file"),
        (["serve", "--token-file", "empty"], "--token-file"),
        (["serve", "--verification-key", "missing"], "--verification-key"),
        (["serve", "--verification-key", "empty"], "--verification-key"),
        (["serve", "--app-dir", "missing"], "--app-dir"),
        (["serve", "--allow-origin", "everyone"], "--allow-origin"),
        (["serve", "--config", "missing"], "missing"),
    ] {
        let output = server(&folder).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn the_document_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let output = server(&folder).arg("openapi").output().unwrap();
    assert!(output.status.success());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["info"]["title"], "ClickLeaf");
}

#[tokio::test]
async fn it_migrates_serves_by_its_file_and_stops_on_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let file = "database_url = \"sqlite://own.db\"\nstore_url = \"own-store\"\nlisten = \"127.0.0.1:0\"\n";
    std::fs::write(folder.path().join("clickleaf.toml"), file).unwrap();
    for _ in 0..2 {
        let output = server(&folder).arg("migrate").output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert!(folder.path().join("own.db").is_file());

    let mut child = server(&folder)
        .args(["serve", "--log-format", "json"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().expect("it says where it listens").unwrap();
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        if let Some(address) = event["fields"]["address"].as_str() {
            break address.to_owned();
        }
    };
    // Reads on, so that the server never waits for its log.
    let log = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    registry::choose_tls();
    let live = reqwest::get(format!("http://{address}/health/live"))
        .await
        .unwrap();
    assert_eq!(live.status(), 200);
    let id = live.headers()["x-request-id"].to_str().unwrap().to_owned();

    assert!(
        Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    assert!(child.wait().unwrap().success());
    let log = log.join().unwrap().join("\n");
    assert!(log.contains(&id), "the request is in the log under its id: {log}");
}
