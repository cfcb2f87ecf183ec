//! A new version comes into service under load.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api_types::PredictResponse;
use serde_json::json;

use crate::world::{World, rows};

#[tokio::test]
async fn a_version_that_another_process_promotes_is_served_within_two_seconds() {
    let world = World::new().await;
    let first = world.production().await;
    let server = world.serve_made(&first).await;
    let second = world.version().await;
    world.promote(&second).await;
    let took = server.wait_for(second.version.version).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_of_a_hundred_clients_fails_while_versions_change() {
    let world = World::new().await;
    let made = [
        world.version().await,
        world.version().await,
        world.version().await,
    ];
    world.promote(&made[0]).await;
    let server = Arc::new(world.serve_made(&made[0]).await);
    let models: Arc<HashMap<i64, _>> = Arc::new(
        made.iter()
            .map(|made| (made.version.version, made.clone()))
            .collect(),
    );
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));

    let clients: Vec<_> = (0..100)
        .map(|client| {
            let (server, models, stop, answered) =
                (server.clone(), models.clone(), stop.clone(), answered.clone());
            tokio::spawn(async move {
                let rows = rows(1_000 + client, 3);
                let body = json!({"rows": rows.iter().map(model_export::Row::to_tsv).collect::<Vec<_>>()});
                let mut seen = std::collections::BTreeSet::new();
                while !stop.load(Ordering::Relaxed) {
                    let response = server
                        .request("POST", "/predict")
                        .json(&body)
                        .send()
                        .await
                        .unwrap();
                    assert_eq!(response.status(), 200);
                    let header = response.headers()["x-model-sha256"].clone();
                    let answer: PredictResponse = response.json().await.unwrap();
                    let named = &models[&answer.model.version];
                    assert_eq!(answer.model.model_sha256, named.version.model_sha256);
                    assert_eq!(answer.model.run_id, named.version.run_id);
                    assert_eq!(header, named.version.model_sha256);
                    for (row, prediction) in rows.iter().zip(&answer.predictions) {
                        let expected = named.model.predict(row);
                        assert_eq!(prediction.margin.to_bits(), expected.margin.to_bits());
                        assert_eq!(prediction.probability.to_bits(), expected.probability.to_bits());
                    }
                    seen.insert(answer.model.version);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                seen
            })
        })
        .collect();

    // Each way in turn: by this server's own route, and by another process through the registry.
    let started = Instant::now();
    let mut turn = 0;
    while started.elapsed() < Duration::from_secs(6) {
        turn += 1;
        let next = &made[turn % made.len()];
        if turn % 2 == 0 {
            world.promote(next).await;
        } else {
            let path = format!(
                "/models/{}/versions/{}/promote",
                crate::world::MODEL,
                next.version.version
            );
            assert_eq!(server.post(&path, json!({})).await.status(), 200);
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut seen = std::collections::BTreeSet::new();
    for client in clients {
        seen.extend(client.await.unwrap());
    }
    assert_eq!(
        seen.len(),
        made.len(),
        "every version answered some request: {seen:?}"
    );
    assert!(answered.load(Ordering::Relaxed) > 500, "{answered:?}");
}

#[tokio::test]
async fn requests_in_flight_are_answered_when_the_server_stops() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let lines: Vec<_> = rows(3, 10_000).iter().map(model_export::Row::to_tsv).collect();
    let body = json!({"rows": lines}).to_string();
    let (head, tail) = body.split_at(body.len() / 2);
    let (head, tail) = (head.to_owned(), tail.to_owned());
    let stop = server.stop.clone();
    // The server is told to stop while it has half of the body.
    let slow = futures::stream::unfold(Some((head, tail)), move |parts| {
        let stop = stop.clone();
        async move {
            let (head, tail) = parts?;
            if tail.is_empty() {
                // The server has the head by now.
                tokio::time::sleep(Duration::from_millis(300)).await;
                stop.cancel();
                tokio::time::sleep(Duration::from_millis(300)).await;
                return Some((Ok::<_, std::io::Error>(head), None));
            }
            Some((Ok(head), Some((tail, String::new()))))
        }
    });
    let response = server
        .request("POST", "/predict")
        .header("content-type", "application/json")
        .body(reqwest::Body::wrap_stream(slow))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let answer: PredictResponse = response.json().await.unwrap();
    assert_eq!(answer.predictions.len(), 10_000);
    tokio::time::timeout(Duration::from_secs(5), server.task)
        .await
        .unwrap()
        .unwrap();
    assert!(
        reqwest::get(format!("{}/health", server.base)).await.is_err(),
        "it listens no more"
    );
}
