use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use registry::{
    Engine, Job, JobError, Registry, RegistryError, StepProgress, TrainingRequest, TrainingRun,
    TrainingRunState,
};
use tokio::{sync::mpsc, task::JoinHandle, time::sleep};

use crate::backend::Backend;

const LEASE: Duration = Duration::from_secs(2);

/// A worker in a task of its own; aborting the task is what kill -9 is to a process.
fn worker<F, Fut>(registry: &Registry, name: &str, handler: F) -> JoinHandle<()>
where
    F: Fn(Job) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<i64, JobError>> + Send + 'static,
{
    let (queue, name) = (registry.queue(), name.to_owned());
    tokio::spawn(async move {
        queue
            .run_worker(&name, LEASE, handler, std::future::pending())
            .await
            .unwrap()
    })
}

async fn ended(registry: &Registry, id: &str) -> TrainingRun {
    for _ in 0..600 {
        let run = registry.queue().training_run(id).await.unwrap().unwrap();
        if run.state.has_ended() {
            return run;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("the run didn't end within 30 s");
}

fn progress(done: u64) -> StepProgress {
    StepProgress {
        step: "train".into(),
        done,
        total: Some(3),
        message: format!("round {done}"),
    }
}

pub(crate) async fn a_run_is_done_once_by_one_of_several_workers(backend: &Backend) {
    let registry = &backend.registry;
    assert!(registry.queue().training_runs(10).await.unwrap().is_empty());
    assert_eq!(registry.queue().training_run("absent").await.unwrap(), None);
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let workers: Vec<_> = (0..5)
        .map(|i| {
            let seen = seen.clone();
            worker(registry, &format!("worker-{i}"), move |job: Job| {
                let seen = seen.clone();
                async move {
                    seen.lock().unwrap().push(job.training_run_id);
                    sleep(Duration::from_millis(200)).await;
                    Ok(7)
                }
            })
        })
        .collect();
    let request = TrainingRequest {
        data: vec!["s3://criteo-data/day_0".into()],
        seed: Some(u64::MAX),
        engine: Some(Engine::Gbdt),
        promote: true,
        ..TrainingRequest::default()
    };
    let mut ids = Vec::new();
    for _ in 0..6 {
        let run = registry.queue().enqueue(request.clone()).await.unwrap();
        assert_eq!(
            (run.state, run.attempts, &run.request),
            (TrainingRunState::Queued, 0, &request)
        );
        ids.push(run.training_run_id);
    }
    for id in &ids {
        let run = ended(registry, id).await;
        assert_eq!(
            (run.state, run.attempts, run.version),
            (TrainingRunState::Succeeded, 1, Some(7))
        );
    }
    workers.iter().for_each(|worker| worker.abort());
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    ids.sort();
    assert_eq!(seen, ids, "each run was handled exactly once");
    assert_eq!(registry.queue().training_runs(4).await.unwrap().len(), 4);
}

pub(crate) async fn progress_events_are_in_order(backend: &Backend) {
    let registry = &backend.registry;
    let run = registry
        .queue()
        .enqueue(TrainingRequest::default())
        .await
        .unwrap();
    let working = worker(registry, "worker", |job: Job| async move {
        job.set_run_id("the run").await.unwrap();
        for done in 1..=3 {
            job.report(progress(done)).await.unwrap();
        }
        Ok(1)
    });
    let run = ended(registry, &run.training_run_id).await;
    working.abort();
    let events = registry
        .queue()
        .events_after(&run.training_run_id, 0)
        .await
        .unwrap();
    let sequences: Vec<i64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5, 6, 7]);
    let states: Vec<_> = events
        .iter()
        .map(|event| (event.run.state, event.run.progress.clone()))
        .collect();
    use TrainingRunState::{Queued, Running, Succeeded};
    assert_eq!(states[0], (Queued, None));
    assert_eq!(states[1], (Running, None));
    assert_eq!(states[3], (Running, Some(progress(1))));
    assert_eq!(states[5], (Running, Some(progress(3))));
    assert_eq!(states[6], (Succeeded, Some(progress(3))));
    assert_eq!(events[2].run.run_id.as_deref(), Some("the run"));
    assert_eq!(events[6].run, run, "the last event is the state that is read");
    assert_eq!(
        registry
            .queue()
            .events_after(&run.training_run_id, 5)
            .await
            .unwrap(),
        events[5..]
    );
    assert!(
        registry
            .queue()
            .events_after("absent", 0)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(crate) async fn a_dead_workers_run_is_taken_up_again(backend: &Backend) {
    let registry = &backend.registry;
    let queued = registry
        .queue()
        .enqueue(TrainingRequest::default())
        .await
        .unwrap();
    let (jobs, mut taken) = mpsc::unbounded_channel();
    let first = worker(registry, "first", move |job: Job| {
        jobs.send(job.clone()).unwrap();
        async move {
            job.report(progress(1)).await.unwrap();
            std::future::pending().await
        }
    });
    let stale = taken.recv().await.unwrap();
    sleep(LEASE * 2).await;
    let held = registry
        .queue()
        .training_run(&queued.training_run_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (held.state, held.attempts),
        (TrainingRunState::Running, 1),
        "heartbeats keep the lease"
    );
    assert!(!stale.is_stopped());

    first.abort();
    let second = worker(registry, "second", |job: Job| async move {
        assert_eq!(job.attempt, 2);
        sleep(LEASE * 2).await;
        Ok(5)
    });
    let killed = std::time::Instant::now();
    loop {
        let run = registry
            .queue()
            .training_run(&queued.training_run_id)
            .await
            .unwrap()
            .unwrap();
        if run.attempts == 2 {
            assert_eq!((run.state, run.progress), (TrainingRunState::Running, None));
            break;
        }
        assert!(killed.elapsed() < LEASE * 10, "not taken up again");
        sleep(Duration::from_millis(50)).await;
    }
    let refused = stale.report(progress(2)).await;
    assert!(
        matches!(refused, Err(RegistryError::StaleAttempt { attempt: 1, .. })),
        "{refused:?}"
    );
    assert!(matches!(
        stale.set_run_id("x").await,
        Err(RegistryError::StaleAttempt { .. })
    ));
    assert!(stale.is_stopped(), "its worker is gone");
    let run = ended(registry, &queued.training_run_id).await;
    assert_eq!(
        (run.state, run.attempts, run.version),
        (TrainingRunState::Succeeded, 2, Some(5))
    );
    assert_eq!(run.run_id, None);
    second.abort();
}

pub(crate) async fn a_stale_attempt_cannot_end_the_run(backend: &Backend) {
    let registry = &backend.registry;
    let queued = registry
        .queue()
        .enqueue(TrainingRequest::default())
        .await
        .unwrap();
    let newest = Arc::new(AtomicI64::new(0));
    let attempts = newest.clone();
    // Both workers end the run; the first only after the second took it.
    let handler = move |job: Job| {
        let newest = attempts.clone();
        async move {
            newest.fetch_max(job.attempt, Ordering::SeqCst);
            while job.attempt == 1 && newest.load(Ordering::SeqCst) == 1 {
                sleep(Duration::from_millis(10)).await;
            }
            if job.attempt == 2 {
                sleep(LEASE).await;
            }
            Ok(100 + job.attempt)
        }
    };
    let first = worker(registry, "first", handler.clone());
    while newest.load(Ordering::SeqCst) == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    let second = worker(registry, "second", handler);
    // As if the first worker had been asleep for longer than its lease.
    let pool = backend.pool().await;
    sqlx::query("update training_runs set lease_until_ms = 1")
        .execute(&pool)
        .await
        .unwrap();
    let run = ended(registry, &queued.training_run_id).await;
    assert_eq!(
        (run.state, run.version, run.attempts),
        (TrainingRunState::Succeeded, Some(102), 2)
    );
    first.abort();
    second.abort();
}

pub(crate) async fn permanent_and_transient_errors(backend: &Backend) {
    let registry = &backend.registry;
    let permanent = TrainingRequest {
        seed: Some(1),
        ..TrainingRequest::default()
    };
    let panicking = TrainingRequest {
        seed: Some(2),
        ..TrainingRequest::default()
    };
    let mut ids = Vec::new();
    for request in [permanent, panicking, TrainingRequest::default()] {
        ids.push(registry.queue().enqueue(request).await.unwrap().training_run_id);
    }
    let working = worker(registry, "worker", |job: Job| async move {
        match (job.request.seed, job.attempt) {
            (Some(1), _) => Err(JobError::Permanent("row 7 is bad".into())),
            (Some(_), 1) => panic!("for the test"),
            (Some(_), _) => Ok(9),
            (None, _) => Err(JobError::Transient("the store is away".into())),
        }
    });
    let run = ended(registry, &ids[0]).await;
    assert_eq!(
        (run.state, run.attempts, run.error.as_deref()),
        (TrainingRunState::Failed, 1, Some("row 7 is bad"))
    );
    let run = ended(registry, &ids[1]).await;
    assert_eq!(
        (run.state, run.attempts, run.version, run.error),
        (TrainingRunState::Succeeded, 2, Some(9), None)
    );
    let run = ended(registry, &ids[2]).await;
    assert_eq!((run.state, run.attempts), (TrainingRunState::Failed, 3));
    assert!(run.error.unwrap().starts_with("the store is away"));
    working.abort();
}

pub(crate) async fn dead_workers_use_up_the_attempts(backend: &Backend) {
    let registry = &backend.registry;
    let id = registry
        .queue()
        .enqueue(TrainingRequest::default())
        .await
        .unwrap()
        .training_run_id;
    for attempt in 1..=3 {
        let (jobs, mut taken) = mpsc::unbounded_channel();
        let doomed = worker(registry, "doomed", move |job: Job| {
            jobs.send(job).unwrap();
            std::future::pending()
        });
        assert_eq!(taken.recv().await.unwrap().attempt, attempt);
        doomed.abort();
    }
    let last = worker(registry, "last", |_| async { Ok(1) });
    let run = ended(registry, &id).await;
    assert_eq!(
        (run.state, run.attempts, run.version),
        (TrainingRunState::Failed, 3, None)
    );
    assert!(run.error.unwrap().contains("3 attempts"));
    let events = registry.queue().events_after(&id, 0).await.unwrap();
    assert_eq!(events.last().unwrap().run.state, TrainingRunState::Failed);
    last.abort();
}

pub(crate) async fn shutdown_gives_the_run_back(backend: &Backend) {
    let registry = &backend.registry;
    let id = registry
        .queue()
        .enqueue(TrainingRequest::default())
        .await
        .unwrap()
        .training_run_id;
    let (jobs, mut taken) = mpsc::unbounded_channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let queue = registry.queue();
    let working = tokio::spawn(async move {
        let handler = |job: Job| {
            jobs.send(()).unwrap();
            async move {
                job.stopped().await;
                assert!(job.is_stopped());
                Err(JobError::Interrupted)
            }
        };
        queue
            .run_worker("worker", Duration::from_secs(60), handler, async {
                stopped.await.unwrap()
            })
            .await
    });
    taken.recv().await.unwrap();
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), working)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let run = registry.queue().training_run(&id).await.unwrap().unwrap();
    assert_eq!(
        (run.state, run.attempts),
        (TrainingRunState::Queued, 1),
        "at once, not after the lease"
    );
}
