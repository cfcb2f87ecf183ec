//! Evaluation reports: of runs, and of two versions side by side.

use api_types::ErrorCode;
use registry::Bucket;
use report::{Identity, Importance, LearningCurves, Report, SliceGroup};

use crate::world::{MODEL, Made, World, error};

/// A real report of made-up predictions, which `skill` says how good they are.
fn report(made: &Made, skill: f64) -> Report {
    let predictions: Vec<(f64, bool)> = (0..500)
        .map(|row| {
            let (score, noise) = (f64::from(row * 37 % 101) / 101.0, f64::from(row * 53 % 97) / 97.0);
            (score, noise < skill * score + (1.0 - skill) * 0.4)
        })
        .collect();
    let position = SliceGroup::by_position("position", "By number.", &predictions, 1, 4).unwrap();
    let identity = Identity {
        run_id: made.version.run_id.clone(),
        run_name: made.version.run_name.clone(),
        first_test_row: 1,
        ..Identity::default()
    };
    Report::new(
        identity,
        &predictions,
        vec![position],
        Importance::default(),
        LearningCurves::default(),
    )
    .unwrap()
}

/// Puts a file where a run's report has it.
async fn store(world: &World, made: &Made, file: &str, bytes: Vec<u8>) {
    let artifacts = world.registry.artifacts();
    let root = made.version.artifact_uri.strip_suffix("/model").unwrap();
    let (_, key) = artifacts.locate(root).unwrap();
    let key = format!("{key}/report/{file}");
    artifacts
        .put(Bucket::Artifacts, &key, bytes.into())
        .await
        .unwrap();
}

async fn store_report(world: &World, made: &Made, report: &Report) {
    store(world, made, "report.json", report.to_json()).await;
    store(world, made, "report.html", report::page(report).unwrap().into()).await;
}

#[tokio::test]
async fn the_report_of_a_run_is_a_page_that_runs_nothing() {
    let world = World::new().await;
    let made = world.version().await;
    let report = report(&made, 0.8);
    store_report(&world, &made, &report).await;
    let server = world.serve().await;
    let response = server.get(&format!("/runs/{}/report", made.version.run_id)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    let mut parts: Vec<&str> = policy.split("; ").collect();
    parts.sort_unstable();
    assert_eq!(
        parts,
        [
            "base-uri 'none'",
            "default-src 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "sandbox",
            "style-src 'unsafe-inline'"
        ]
    );
    assert_eq!(response.text().await.unwrap(), report::page(&report).unwrap());

    let response = server
        .get(&format!("/runs/{}/report.json", made.version.run_id))
        .await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    let read = Report::from_json(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(read, report);
}

#[tokio::test]
async fn two_versions_are_compared_on_one_page() {
    let world = World::new().await;
    let (first, second) = (world.version().await, world.version().await);
    let (a, b) = (report(&first, 0.5), report(&second, 0.9));
    store_report(&world, &first, &a).await;
    store_report(&world, &second, &b).await;
    let server = world.serve().await;
    let response = server.get(&format!("/models/{MODEL}/compare?a=2&b=1")).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("content-security-policy"));
    let html = response.text().await.unwrap();
    let line = format!(
        "<th scope=\"row\">AUC (ROC)</th><td>{:.5}</td><td>{:.5}</td><td>−{:.5}</td>",
        b.metrics.auc,
        a.metrics.auc,
        b.metrics.auc - a.metrics.auc
    );
    assert!(html.contains(&line), "{line}");
    assert!(html.contains("Version 2") && html.contains("Version 1"));
    assert!(html.contains(&first.version.run_name) && html.contains(&second.version.run_name));
}

#[tokio::test]
async fn what_has_no_report_is_404() {
    let world = World::new().await;
    let made = world.version().await;
    let other = world.version().await;
    store_report(&world, &made, &report(&made, 0.5)).await;
    let server = world.serve().await;
    let nobody = "f".repeat(32);
    let run = &other.version.run_id;
    for (path, says) in [
        (format!("/runs/{nobody}/report"), "no such run"),
        (format!("/runs/{nobody}/report.json"), "no such run"),
        (format!("/runs/{run}/report"), "no evaluation report"),
        (format!("/runs/{run}/report.json"), "no evaluation report"),
        (
            format!("/models/{MODEL}/compare?a=1&b=2"),
            "version 2 has no evaluation report",
        ),
        (
            format!("/models/{MODEL}/compare?a=2&b=1"),
            "version 2 has no evaluation report",
        ),
        (format!("/models/{MODEL}/compare?a=1&b=7"), "no version 7"),
        ("/models/nobody/compare?a=1&b=1".to_owned(), "no version 1"),
    ] {
        let body = error(server.get(&path).await, 404, ErrorCode::NotFound).await;
        assert!(body.message.contains(says), "{path}: {}", body.message);
    }
    for query in ["", "?a=1", "?a=1&b=two"] {
        let path = format!("/models/{MODEL}/compare{query}");
        error(server.get(&path).await, 400, ErrorCode::InvalidRequest).await;
    }
}

#[tokio::test]
async fn what_is_not_a_report_is_not_drawn() {
    let world = World::new().await;
    let (good, bad) = (world.version().await, world.version().await);
    store_report(&world, &good, &report(&good, 0.5)).await;
    let server = world.serve().await;
    let mut wild = report(&bad, 0.5);
    wild.metrics.logloss = 1e300;
    let newer = String::from_utf8(report(&bad, 0.5).to_json()).unwrap();
    let newer = newer.replacen("\"format\":1", "\"format\":99", 1);
    for bytes in [b"not JSON".to_vec(), wild.to_json(), newer.into_bytes()] {
        store(&world, &bad, "report.json", bytes).await;
        let response = server.get(&format!("/models/{MODEL}/compare?a=1&b=2")).await;
        let body = error(response, 409, ErrorCode::Conflict).await;
        assert!(body.message.contains("version 2"), "{}", body.message);
    }
    store(&world, &bad, "report.html", vec![b' '; (8 << 20) + 1]).await;
    let response = server.get(&format!("/runs/{}/report", bad.version.run_id)).await;
    error(response, 409, ErrorCode::Conflict).await;
}
