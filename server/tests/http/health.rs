//! Health, readiness, metrics, and what happens when registry or store are gone.

use api_types::{ErrorCode, HealthStatus, Manifest, PredictResponse};
use serde_json::json;

use crate::world::{World, error, key_file, rows};

#[tokio::test]
async fn without_a_model_the_server_lives_but_is_not_ready() {
    let world = World::new().await;
    let server = world.serve().await;
    let health = server.wait_for_health(|health| health.registry.reachable).await;
    assert_eq!(
        (health.status, health.live, health.ready),
        (HealthStatus::NotReady, true, false)
    );
    assert_eq!(server.get("/health/live").await.status(), 200);
    error(server.get("/health/ready").await, 503, ErrorCode::Unavailable).await;
    error(server.get("/model_info").await, 503, ErrorCode::Unavailable).await;
    let unavailable = server.post("/predict", json!({"row": {}})).await;
    assert_eq!(unavailable.headers()["retry-after"], "1");
    error(unavailable, 503, ErrorCode::Unavailable).await;
    let manifest: Manifest = server.get_json("/manifest.json").await;
    assert!(manifest.production.is_none() && manifest.versions.is_empty());
}

#[tokio::test]
async fn with_a_model_the_server_is_ready() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let health = server
        .wait_for_health(|health| health.status == HealthStatus::Ok)
        .await;
    assert_eq!(health.model_sha256, Some(made.version.model_sha256));
    assert!(health.registry.last_success_ms.is_some());
    assert_eq!(server.get("/health/ready").await.status(), 200);
}

#[tokio::test]
async fn the_last_good_model_predicts_on_while_the_store_is_gone() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let (store, gone) = (
        world.folder.path().join("store"),
        world.folder.path().join("gone"),
    );
    std::fs::rename(&store, &gone).unwrap();
    let health = server
        .wait_for_health(|health| health.status == HealthStatus::Degraded)
        .await;
    assert!(health.ready && health.registry.message.is_some(), "{health:?}");
    assert_eq!(server.get("/health/ready").await.status(), 200);

    let row = &rows(8, 1)[0];
    let answer: PredictResponse = server
        .post("/predict", json!({"row": row.to_tsv()}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        answer.predictions[0].margin.to_bits(),
        made.model.predict(row).margin.to_bits()
    );
    let file = server
        .get(&format!("/model-files/{}.leaf", made.version.model_sha256))
        .await;
    assert!(file.bytes().await.unwrap() == made.bytes.as_slice());

    // What needs the store can't come into service, and what is in service stays.
    std::fs::rename(&gone, &store).unwrap();
    server
        .wait_for_health(|health| health.status == HealthStatus::Ok)
        .await;
    let next = world.production().await;
    server.wait_for(next.version.version).await;
}

#[tokio::test]
async fn the_last_good_model_predicts_on_while_the_registry_is_gone() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    // Open connections hold the files, so moving them away isn't enough: their bytes go.
    let files: Vec<_> = ["registry.db", "registry.db-wal", "registry.db-shm"]
        .map(|name| world.folder.path().join(name))
        .into_iter()
        .filter(|file| file.exists())
        .collect();
    for file in &files {
        let garbage = vec![0xa5; std::fs::metadata(file).unwrap().len() as usize];
        use std::io::Write;
        std::fs::OpenOptions::new()
            .write(true)
            .open(file)
            .unwrap()
            .write_all(&garbage)
            .unwrap();
    }
    let health = server
        .wait_for_health(|health| health.status == HealthStatus::Degraded)
        .await;
    assert!(!health.registry.reachable && health.registry.last_success_ms.is_some());
    let message = health.registry.message.unwrap();
    assert!(
        !message.contains("sqlite") && !message.contains("registry.db"),
        "{message}"
    );

    error(server.get("/models").await, 503, ErrorCode::Unavailable).await;
    let row = &rows(8, 1)[0];
    let answer: PredictResponse = server
        .post("/predict", json!({"row": row.to_tsv()}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(answer.model.version, made.version.version);
    let manifest: Manifest = server.get_json("/manifest.json").await;
    assert_eq!(manifest.production.unwrap().version.version, made.version.version);
}

#[tokio::test]
async fn a_tampered_file_is_refused_and_the_last_good_model_stays() {
    let world = World::new().await;
    let good = world.production().await;
    let server = world.serve_made(&good).await;
    let bad = world.version().await;
    let file = world.stored_file(&bad);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();

    let refused = server
        .post(
            &format!("/models/{}/versions/2/promote", crate::world::MODEL),
            json!({}),
        )
        .await;
    let refused = error(refused, 409, ErrorCode::Conflict).await;
    assert!(refused.message.contains("SHA-256"), "{}", refused.message);

    // Another process promotes it all the same.
    world.promote(&bad).await;
    let health = server
        .wait_for_health(|health| health.status == HealthStatus::Degraded)
        .await;
    assert_eq!(health.model_version, Some(good.version.version));
    assert!(health.registry.message.unwrap().contains("version 2 is refused"));
    let metrics = server.get("/metrics").await.text().await.unwrap();
    assert!(
        !metrics.contains("clickleaf_model_reload_failures_total 0"),
        "{metrics}"
    );

    world.promote(&good).await;
    server
        .wait_for_health(|health| health.status == HealthStatus::Ok)
        .await;
}

#[tokio::test]
async fn a_file_of_another_run_is_refused() {
    let world = World::new().await;
    let stranger = world
        .version_with(true, |provenance| model_export::Provenance {
            run_id: "0".repeat(32),
            ..provenance.clone()
        })
        .await;
    world.promote(&stranger).await;
    let server = world.serve().await;
    let health = server
        .wait_for_health(|health| health.registry.reachable && health.registry.message.is_some())
        .await;
    assert_eq!(health.status, HealthStatus::NotReady);
    assert!(health.registry.message.unwrap().contains("another run"));
}

#[tokio::test]
async fn with_a_key_only_its_signatures_are_taken() {
    let world = World::new().await;
    let signed = world.production().await;
    let server = world
        .serve_with(|options| options.verification_key = Some(key_file(&world, 7)))
        .await;
    server.wait_for(signed.version.version).await;

    let unsigned = world.version_with(false, Clone::clone).await;
    world.promote(&unsigned).await;
    let health = server
        .wait_for_health(|health| health.status == HealthStatus::Degraded)
        .await;
    assert_eq!(health.model_version, Some(signed.version.version));
    assert!(health.registry.message.unwrap().contains("isn't signed"));

    world.promote(&signed).await;
    let stranger = world
        .serve_with(|options| options.verification_key = Some(key_file(&world, 8)))
        .await;
    let health = stranger
        .wait_for_health(|health| health.registry.reachable && health.registry.message.is_some())
        .await;
    assert_eq!(health.status, HealthStatus::NotReady);
    assert!(health.registry.message.unwrap().contains("signature is invalid"));

    // Without a key the unsigned version is served.
    world.promote(&unsigned).await;
    world.serve_made(&unsigned).await;
}

#[tokio::test]
async fn a_restart_without_a_registry_serves_the_cached_version() {
    let world = World::new().await;
    let made = world.production().await;
    let cache = world.folder.path().join("cache");
    let server = world
        .serve_with(|options| options.cache_dir = Some(cache.clone()))
        .await;
    server.wait_for(made.version.version).await;
    server.stop.cancel();
    server.task.await.unwrap();

    // A database without tables answers nothing.
    let empty = format!("sqlite://{}", world.folder.path().join("empty.db").display());
    let restart = || {
        world.serve_with(|options| {
            options.cache_dir = Some(cache.clone());
            options.store.database_url = Some(empty.as_str().into());
        })
    };
    let server = restart().await;
    server.wait_for(made.version.version).await;
    let health = server
        .wait_for_health(|health| health.status == HealthStatus::Degraded)
        .await;
    assert!(!health.registry.reachable);
    let row = &rows(9, 1)[0];
    let answer: PredictResponse = server
        .post("/predict", json!({"row": row.to_tsv()}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        answer.predictions[0].margin.to_bits(),
        made.model.predict(row).margin.to_bits()
    );

    // A cached file is checked like any other.
    let file = cache.join(format!("{}.leaf", made.version.model_sha256));
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let server = restart().await;
    let health = server
        .wait_for_health(|health| health.registry.message.is_some())
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    let later: api_types::Health = server.get_json("/health").await;
    assert_eq!(
        (health.status, later.status),
        (HealthStatus::NotReady, HealthStatus::NotReady)
    );
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let lines: Vec<_> = rows(4, 25).iter().map(model_export::Row::to_tsv).collect();
    server.post("/predict", json!({"rows": lines})).await;
    server.post("/predict", json!({"row": {"I1": "x"}})).await;
    server.get("/some/unknown/path").await;
    let text = server.get("/metrics").await.text().await.unwrap();
    let (sha256, run_id) = (&made.version.model_sha256, &made.version.run_id);
    for line in [
        "clickleaf_rows_predicted_total{version=\"1\"} 25".to_owned(),
        "clickleaf_prediction_probability_count{version=\"1\"} 25".to_owned(),
        "clickleaf_errors_total{route=\"/predict\",status=\"422\"} 1".to_owned(),
        "clickleaf_errors_total{route=\"static\",status=\"404\"} 1".to_owned(),
        "clickleaf_request_duration_seconds_count{route=\"/predict\",method=\"POST\",status=\"200\"} 1"
            .to_owned(),
        format!(
            "clickleaf_model_info{{model=\"criteo_ctr_model\",version=\"1\",sha256=\"{sha256}\",run_id=\"{run_id}\"}} 1"
        ),
        "clickleaf_registry_up 1".to_owned(),
        "clickleaf_model_reload_failures_total 0".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("unknown/path"));
}
