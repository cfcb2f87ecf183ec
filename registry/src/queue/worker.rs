//! A worker: takes runs up one at a time and keeps their leases alive.

use std::{future::Future, panic::AssertUnwindSafe, pin::pin, time::Duration};

use futures::FutureExt;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::{Job, JobError, MAX_ATTEMPTS, TrainingQueue, TrainingRun, state::End};
use crate::RegistryError;

/// So long a job that was told to stop may take to do so.
const GRACE: Duration = Duration::from_secs(30);

impl TrainingQueue {
    /// Takes up runs, one at a time, until `shutdown` resolves; a job under way is then told to stop
    /// (see [`Job::stopped`]) and waited for, up to 30 seconds. The handler's `Ok` is the version it registered.
    ///
    /// A worker that sends no heartbeat for `lease` is taken for dead, and its run is given to another.
    /// Heartbeats are sent from a task of their own, three in each lease. While the database doesn't answer the
    /// worker waits; it never gives up by itself.
    pub async fn run_worker<F, Fut>(
        self,
        worker_name: &str,
        lease: Duration,
        handler: F,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), RegistryError>
    where
        F: Fn(Job) -> Fut,
        Fut: Future<Output = Result<i64, JobError>>,
    {
        crate::limits::text("worker name", worker_name, crate::limits::MAX_NAME)?;
        if lease < Duration::from_millis(100) || lease > Duration::from_secs(24 * 3600) {
            return crate::limits::invalid("lease", "must be 100 ms to a day".to_owned());
        }
        let poll = (lease / 4).min(Duration::from_secs(1));
        let mut shutdown = pin!(shutdown.fuse());
        loop {
            // A claim isn't interrupted: it could be lost between the database and here.
            let claimed = self.claim(worker_name, lease.as_millis() as i64).await;
            match claimed {
                Ok(Some(run)) => {
                    if self.work(run, lease, &handler, shutdown.as_mut()).await {
                        return Ok(());
                    }
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "can't look for training runs"
                ),
            }
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                () = sleep(poll) => {}
            }
        }
    }

    /// Works on one run; true when the worker is to shut down.
    async fn work<F, Fut>(
        &self,
        run: TrainingRun,
        lease: Duration,
        handler: &F,
        mut shutdown: impl Future<Output = ()> + Unpin,
    ) -> bool
    where
        F: Fn(Job) -> Fut,
        Fut: Future<Output = Result<i64, JobError>>,
    {
        let (stop, mut stopped) = watch::channel(false);
        let job = Job {
            training_run_id: run.training_run_id.clone(),
            attempt: run.attempts,
            request: run.request,
            queue: self.clone(),
            stop: stopped.clone(),
        };
        let heartbeat = tokio::spawn(heartbeat(job.clone(), lease, stop.clone()));
        let _heartbeat = AbortOnDrop(heartbeat);
        tracing::info!(
            training_run_id = run.training_run_id,
            attempt = run.attempts,
            "took up a training run"
        );

        let mut shutting_down = false;
        let mut handled = pin!(AssertUnwindSafe(handler(job)).catch_unwind());
        let ended = loop {
            tokio::select! {
                ended = &mut handled => break Some(ended),
                () = &mut shutdown, if !shutting_down => {
                    shutting_down = true;
                    stop.send_replace(true);
                }
                () = told(&mut stopped) => break timeout(GRACE, &mut handled).await.ok(),
            }
        };
        // A shutdown during the grace period counts as well.
        shutting_down = shutting_down || (&mut shutdown).now_or_never().is_some();
        let end = match ended {
            Some(Ok(Ok(version))) => End::Succeeded(version),
            Some(Ok(Err(JobError::Permanent(reason)))) => End::Failed(reason),
            Some(Ok(Err(JobError::Transient(reason)))) => again(run.attempts, reason),
            Some(Err(_)) => again(run.attempts, "the worker panicked; its log says more".to_owned()),
            Some(Ok(Err(JobError::Interrupted))) | None => match run.attempts < MAX_ATTEMPTS {
                true => End::Requeued(None),
                false => again(run.attempts, "the worker was shut down".to_owned()),
            },
        };
        self.end(&run.training_run_id, run.attempts, end, lease).await;
        shutting_down
    }

    /// Records the end, trying again while the lease could still hold.
    async fn end(&self, training_run_id: &str, attempt: i64, end: End, lease: Duration) {
        let deadline = Instant::now() + lease;
        loop {
            match self.end_attempt(training_run_id, attempt, &end).await {
                Ok(()) => return,
                Err(error @ RegistryError::StaleAttempt { .. }) => {
                    tracing::warn!(training_run_id, attempt, "{error}");
                    return;
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(
                        training_run_id,
                        attempt,
                        error,
                        "can't record the end of an attempt"
                    );
                }
            }
            if Instant::now() >= deadline {
                return;
            }
            sleep(lease / 10).await;
        }
    }
}

/// Extends the lease until it is lost, and then tells the job to stop.
async fn heartbeat(job: Job, lease: Duration, stop: watch::Sender<bool>) {
    let mut held_until = Instant::now() + lease;
    loop {
        sleep(lease / 3).await;
        let asked = Instant::now();
        match job
            .queue
            .extend_lease(&job.training_run_id, job.attempt, lease.as_millis() as i64)
            .await
        {
            Ok(true) => held_until = asked + lease,
            Ok(false) => break,
            Err(error) if Instant::now() < held_until => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(training_run_id = job.training_run_id, error, "a heartbeat failed");
            }
            Err(_) => break,
        }
    }
    tracing::warn!(
        training_run_id = job.training_run_id,
        attempt = job.attempt,
        "the lease is lost"
    );
    stop.send_replace(true);
}

/// Resolves once the job was told to stop.
async fn told(stopped: &mut watch::Receiver<bool>) {
    drop(stopped.wait_for(|stopped| *stopped).await);
}

fn again(attempt: i64, reason: String) -> End {
    if attempt < MAX_ATTEMPTS {
        End::Requeued(Some(reason))
    } else {
        End::Failed(format!("{reason} (attempt {attempt} of {MAX_ATTEMPTS})"))
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
