//! Queued training runs, worked on by a real worker of the registry's queue.

use std::time::Duration;

use api_types::{ErrorCode, TrainingRun, TrainingRunEvent, TrainingRunState};
use futures::StreamExt;
use registry::{Job, JobError, StepProgress};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::world::{Server, World, error};

async fn queue(server: &Server, body: serde_json::Value) -> TrainingRun {
    let response = server.post("/api/training-runs", body).await;
    assert_eq!(response.status(), 202);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let run: TrainingRun = response.json().await.unwrap();
    assert_eq!(location, format!("/api/training-runs/{}", run.training_run_id));
    run
}

/// A worker that reports three steps and hands back the version it is given, or fails.
fn worker(world: &World, outcome: Result<i64, &'static str>) -> CancellationToken {
    let (queue, stop) = (world.registry.queue(), CancellationToken::new());
    let shutdown = stop.clone().cancelled_owned();
    let handler = move |job: Job| async move {
        for done in 1..=3 {
            let message = format!("round {done}");
            let progress = StepProgress {
                step: "train".to_owned(),
                done,
                total: Some(3),
                message,
            };
            job.report(progress)
                .await
                .map_err(|error| JobError::Transient(error.to_string()))?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        outcome.map_err(|message| JobError::Permanent(message.to_owned()))
    };
    tokio::spawn(async move {
        queue
            .run_worker("test worker", Duration::from_secs(5), handler, shutdown)
            .await
            .unwrap()
    });
    stop
}

/// The events of a stream that ends, with their ids.
async fn events(server: &Server, id: &str, after: Option<i64>) -> Vec<(i64, TrainingRunEvent)> {
    let mut request = server.request("GET", &format!("/api/training-runs/{id}/events"));
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let text = tokio::time::timeout(Duration::from_secs(30), response.text())
        .await
        .expect("the stream ends")
        .unwrap();
    text.split("\n\n")
        .filter(|event| event.contains("data:"))
        .map(|event| {
            let field = |name: &str| {
                event
                    .lines()
                    .find_map(|line| line.strip_prefix(name))
                    .unwrap()
                    .trim()
            };
            (
                field("id:").parse().unwrap(),
                serde_json::from_str(field("data:")).unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_queued_run_is_worked_on_and_its_events_arrive() {
    let world = World::new().await;
    let made = world.production().await;
    let server = world.serve_made(&made).await;
    let run = queue(
        &server,
        json!({"generate_rows": 1000, "seed": 5, "engine": "gbdt", "promote": true}),
    )
    .await;
    assert_eq!(run.state, TrainingRunState::Queued);
    assert_eq!(run.request.generate_rows, Some(1000));
    let id = &run.training_run_id;

    // The worker comes when someone is listening already.
    let late_worker = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        worker(&world, Ok(made.version.version))
    };
    let (all, stop) = tokio::join!(events(&server, id, None), late_worker);
    stop.cancel();
    let sequence: Vec<_> = all.iter().map(|(id, event)| (*id, event.sequence)).collect();
    assert!(
        sequence
            .iter()
            .zip(1..)
            .all(|(found, expected)| *found == (expected, expected)),
        "{sequence:?}"
    );
    let reported: Vec<_> = all
        .iter()
        .filter_map(|(_, event)| Some(event.run.progress.as_ref()?.done))
        .collect();
    assert!(
        [1, 2, 3].iter().all(|done| reported.contains(done)),
        "{reported:?}"
    );
    let last = &all.last().unwrap().1.run;
    assert_eq!(
        (last.state, last.version),
        (TrainingRunState::Succeeded, Some(made.version.version))
    );

    let resumed = events(&server, id, Some(2)).await;
    assert_eq!(resumed, all[2..]);
    let path = format!("/api/training-runs/{id}/events");
    let nothing_left = server
        .request("GET", &path)
        .header("last-event-id", all.len())
        .send()
        .await
        .unwrap();
    assert_eq!(nothing_left.status(), 204);

    let read: TrainingRun = server.get_json(&format!("/api/training-runs/{id}")).await;
    assert_eq!(&read, last);
    let listed: Vec<TrainingRun> = server.get_json("/api/training-runs").await;
    assert_eq!(listed, [read]);
}

#[tokio::test]
async fn a_failed_run_says_why() {
    let world = World::new().await;
    let server = world.serve().await;
    let run = queue(&server, json!({"data": ["https://data.example/day_0.gz"]})).await;
    let stop = worker(&world, Err("line 7 has 12 columns"));
    let all = events(&server, &run.training_run_id, None).await;
    stop.cancel();
    let last = &all.last().unwrap().1.run;
    assert_eq!((last.state, last.version), (TrainingRunState::Failed, None));
    assert!(last.error.as_ref().unwrap().contains("line 7 has 12 columns"));
}

#[tokio::test]
async fn requests_out_of_their_domain_are_refused() {
    let world = World::new().await;
    let server = world.serve().await;
    for body in [
        json!({"data": ["file:///etc/passwd"]}),
        json!({"data": ["http://10.0.0.1/"]}),
        json!({"data": ["https://a.example/x"], "generate_rows": 5}),
        json!({"generate_rows": 0}),
        json!({"generate_rows": u64::MAX}),
        json!({"max_rounds": 0}),
        json!({"max_bytes": 0}),
        json!({"engine": "lightgbm"}),
        json!({"generate_row": 5}),
        json!({"seed": -1}),
    ] {
        error(
            server.post("/api/training-runs", body).await,
            422,
            ErrorCode::InvalidRequest,
        )
        .await;
    }
    let huge = json!({"data": vec![format!("https://{}", "x".repeat(1000)); 90]});
    error(
        server.post("/api/training-runs", huge).await,
        413,
        ErrorCode::TooLarge,
    )
    .await;
    let none: Vec<TrainingRun> = server.get_json("/api/training-runs").await;
    assert!(none.is_empty());
    for path in ["/api/training-runs/nobody", "/api/training-runs/nobody/events"] {
        error(server.get(path).await, 404, ErrorCode::NotFound).await;
    }
}

#[tokio::test]
async fn an_open_stream_does_not_keep_the_server_from_stopping() {
    let world = World::new().await;
    let server = world.serve().await;
    let run = queue(&server, json!({})).await;
    let response = server
        .get(&format!("/api/training-runs/{}/events", run.training_run_id))
        .await;
    let mut stream = response.bytes_stream();
    server.stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), async {
        while stream.next().await.is_some() {}
    })
    .await
    .unwrap();
    tokio::time::timeout(Duration::from_secs(5), server.task)
        .await
        .unwrap()
        .unwrap();
}
