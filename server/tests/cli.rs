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

#[tokio::test]
async fn with_an_admins_token_in_the_registry_it_listens_to_the_world_and_logs_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    assert!(server(&folder).arg("migrate").status().unwrap().success());
    let config = registry::StoreConfig::in_folder(&folder.path().join("clickleaf-data")).unwrap();
    let registry = registry::Registry::connect(&config).await.unwrap();
    let token = |name: &str, role| registry::NewApiToken {
        name: name.to_owned(),
        role,
        expires_at_ms: None,
    };
    let serve = ["serve", "--listen", "0.0.0.0:0", "--log-format", "json"];
    registry
        .create_token(token("ci", registry::Role::Trainer))
        .await
        .unwrap();
    let output = server(&folder).args(serve).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "a trainer's token isn't enough");

    let (admin, secret) = registry
        .create_token(token("boss", registry::Role::Admin))
        .await
        .unwrap();
    let mut child = server(&folder)
        .args(serve)
        .args(["--log", "info,server=trace,registry=trace,sqlx=trace"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let port = loop {
        let line = lines.next().expect("it says where it listens").unwrap();
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        if let Some(address) = event["fields"]["address"].as_str() {
            break address.rsplit_once(':').unwrap().1.to_owned();
        }
    };
    let log = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    registry::choose_tls();
    let url = format!("http://127.0.0.1:{port}/api/tokens");
    let client = reqwest::Client::new();
    // Not even a program of this machine does anything without a token.
    let models = format!("http://127.0.0.1:{port}/api/2.0/mlflow/registered-models/search");
    assert_eq!(client.get(&models).send().await.unwrap().status(), 401);
    let made = client
        .post(&url)
        .bearer_auth(secret.expose())
        .json(&serde_json::json!({"name": "new", "role": "viewer"}))
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 201);
    let made: serde_json::Value = made.json().await.unwrap();
    let new = made["secret"].as_str().unwrap();
    let read = client.get(&models).bearer_auth(new).send().await.unwrap();
    assert_eq!(read.status(), 200);
    let revoked = client
        .delete(format!("{url}/{}", admin.token_id))
        .bearer_auth(secret.expose())
        .send()
        .await
        .unwrap();
    assert_eq!(revoked.status(), 200);
    let refused = client
        .get(&url)
        .bearer_auth(secret.expose())
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 401, "also who revoked itself");

    let pid = child.id().to_string();
    assert!(Command::new("kill").arg(pid).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    let log = log.join().unwrap().join("\n");
    assert!(log.contains("made a token"), "{log}");
    for secret in [secret.expose(), new] {
        assert!(!log.contains(&secret[3..]));
    }
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
