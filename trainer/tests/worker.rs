//! Training runs from the queue: each makes one version, whatever becomes of its workers.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use std::time::Duration;

use registry::{NewRun, RunStatus, Stage, TrainingRequest, TrainingRun};
use support::{Home, small};
use trainer::pipeline::MODEL_NAME;

const LEASE: Duration = Duration::from_secs(2);

/// Waits for the run's end, which a worker must bring about within a minute.
async fn ended(home: &Home, id: &str) -> TrainingRun {
    for _ in 0..600 {
        let run = home.registry.queue().training_run(id).await.unwrap().unwrap();
        if run.state.has_ended() {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the training run didn't end");
}

/// Runs a worker until `work` is done.
async fn with_worker<T>(home: &Home, work: impl Future<Output = T>) -> T {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let worker = trainer::worker::run(&home.registry, "worker-a", LEASE, small(2_000, 1), shutdown);
    let work = async {
        let result = work.await;
        stop.send(()).unwrap();
        result
    };
    let (ended, result) = tokio::join!(worker, work);
    ended.unwrap();
    result
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_becomes_a_promoted_version_with_progress_on_the_way() {
    let home = Home::new().await;
    let request = TrainingRequest {
        generate_rows: Some(2_500),
        seed: Some(7),
        max_rounds: Some(5),
        max_bytes: Some(20_000),
        promote: true,
        ..TrainingRequest::default()
    };
    let queued = home.registry.queue().enqueue(request).await.unwrap();
    let run = with_worker(&home, ended(&home, &queued.training_run_id)).await;
    assert_eq!((run.error.as_deref(), run.version), (None, Some(1)));
    let version = home.registry.version(MODEL_NAME, 1).await.unwrap().unwrap();
    assert_eq!(version.stage, Stage::Production);
    assert_eq!(Some(&version.run_id), run.run_id.as_ref());
    let logged = home.registry.run(&version.run_id).await.unwrap().unwrap();
    let param = |key: &str| {
        logged
            .params
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!((param("rounds"), param("seed")), (Some("5"), Some("7")));
    assert_eq!(param("max_bytes"), Some("20000"));
    let events = home
        .registry
        .queue()
        .events_after(&queued.training_run_id, 0)
        .await
        .unwrap();
    let mut steps: Vec<String> = events
        .into_iter()
        .filter_map(|event| event.run.progress)
        .map(|p| p.step)
        .collect();
    steps.dedup();
    assert_eq!(
        steps,
        ["ingest", "process", "train", "export", "register", "promote"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_not_read_the_workers_files() {
    let home = Home::new().await;
    let path = home.folder.path().join("secret.tsv");
    std::fs::write(&path, "secret").unwrap();
    for source in [
        path.display().to_string(),
        format!("file://{}", path.display()),
        "-".to_owned(),
    ] {
        let request = TrainingRequest {
            data: vec![source.clone()],
            ..TrainingRequest::default()
        };
        let queued = home.registry.queue().enqueue(request).await.unwrap();
        let run = with_worker(&home, ended(&home, &queued.training_run_id)).await;
        assert_eq!(run.version, None, "{source}");
        assert!(
            run.error.unwrap().contains("only https:// and s3:// are read"),
            "{source}"
        );
    }
    assert_eq!(home.registry.versions(MODEL_NAME).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_workers_run_is_taken_up_again_and_makes_one_version() {
    let home = Home::new().await;
    let request = TrainingRequest {
        max_rounds: Some(5),
        ..TrainingRequest::default()
    };
    let queued = home.registry.queue().enqueue(request).await.unwrap();
    // A worker that starts a run and dies with it.
    let experiment = home
        .registry
        .get_or_create_experiment("criteo_ctr")
        .await
        .unwrap();
    let new = NewRun {
        experiment_id: experiment.experiment_id,
        user_name: "dead".into(),
        ..NewRun::default()
    };
    let dead = home.registry.create_run(new).await.unwrap();
    let (started, has_started) = tokio::sync::oneshot::channel::<()>();
    let started = std::sync::Mutex::new(Some(started));
    let handler = |job: registry::Job| {
        let (run_id, started) = (dead.run_id.clone(), started.lock().unwrap().take());
        async move {
            job.set_run_id(&run_id).await.unwrap();
            started.unwrap().send(()).unwrap();
            std::future::pending::<Result<i64, registry::JobError>>().await
        }
    };
    tokio::select! {
        ended = home.registry.queue().run_worker("doomed", LEASE, handler, std::future::pending()) => {
            panic!("the worker ended: {ended:?}")
        }
        started = has_started => started.unwrap(),
    }

    let run = with_worker(&home, ended(&home, &queued.training_run_id)).await;
    assert_eq!(
        (run.error.as_deref(), run.version, run.attempts),
        (None, Some(1), 2)
    );
    assert_eq!(home.registry.versions(MODEL_NAME).await.unwrap().len(), 1);
    assert_ne!(run.run_id.as_ref(), Some(&dead.run_id));
    let dead = home.registry.run(&dead.run_id).await.unwrap().unwrap();
    assert_eq!(dead.status, RunStatus::Failed);
}
