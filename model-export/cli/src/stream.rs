//! Work on a stream of batches in several threads, results in the order of the batches.
//!
//! Invariant: only a few batches a thread are in memory, however long the stream. Batches go to the threads in turn
//! and results are taken from them in turn, so nothing has to be sorted.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use anyhow::{Result, anyhow};

/// Batches that may wait before and behind each thread.
const WAITING: usize = 2;

/// Gives what `produce` makes to `work` in `threads` threads, and the results to `consume` in this one.
///
/// `produce` ends with `None`. The first error ends everything, after the results before it were consumed. A thread
/// that waits for input then is left behind, to end with the process.
pub(crate) fn stream<I: Send + 'static, O: Send + 'static>(
    threads: usize,
    produce: impl FnMut() -> Result<Option<I>> + Send + 'static,
    work: impl Fn(I) -> O + Send + Sync + 'static,
    mut consume: impl FnMut(O) -> Result<()>,
) -> Result<()> {
    let work = Arc::new(work);
    let (inputs, mut workers): (Vec<_>, Vec<_>) =
        (0..threads.max(1)).map(|_| start(Arc::clone(&work))).unzip();
    let producer = thread::spawn(move || feed(produce, &inputs));
    for turn in (0..workers.len()).cycle() {
        match workers[turn].results.recv() {
            Ok(result) => consume(result?)?,
            Err(_) => {
                let worker = workers.swap_remove(turn);
                worker
                    .thread
                    .join()
                    .map_err(|_| anyhow!("a thread that predicts panicked"))?;
                return producer
                    .join()
                    .map_err(|_| anyhow!("the thread that reads panicked"));
            }
        }
    }
    Ok(())
}

struct Worker<O> {
    results: Receiver<Result<O>>,
    thread: JoinHandle<()>,
}

fn start<I: Send + 'static, O: Send + 'static>(
    work: Arc<impl Fn(I) -> O + Send + Sync + 'static>,
) -> (SyncSender<Result<I>>, Worker<O>) {
    let (input, batches) = sync_channel::<Result<I>>(WAITING);
    let (output, results) = sync_channel(WAITING);
    let thread = thread::spawn(move || {
        for batch in batches {
            if output.send(batch.map(|batch| work(batch))).is_err() {
                return;
            }
        }
    });
    (input, Worker { results, thread })
}

/// Hands out batches until there are no more, one fails, or nobody takes them.
fn feed<I>(mut produce: impl FnMut() -> Result<Option<I>>, inputs: &[SyncSender<Result<I>>]) {
    for input in inputs.iter().cycle() {
        let Some(batch) = produce().transpose() else {
            return;
        };
        let failed = batch.is_err();
        if input.send(batch).is_err() || failed {
            return;
        }
    }
}

/// As many as were asked for, or as there are processors.
pub(crate) fn thread_count(threads: Option<u16>) -> usize {
    let available = || thread::available_parallelism().map_or(1, usize::from);
    threads.map_or_else(available, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: u64, fails_at: u64) -> impl FnMut() -> Result<Option<u64>> {
        let mut next = 0;
        move || {
            next += 1;
            if next == fails_at {
                return Err(anyhow!("batch {next} can't be read"));
            }
            Ok((next <= count).then_some(next))
        }
    }

    #[test]
    fn results_keep_the_order_of_their_batches() {
        for threads in [1, 2, 3, 8] {
            for count in [0, 1, 2, 7, 500] {
                let mut results = Vec::new();
                // Every third batch takes longer.
                let work = |number: u64| {
                    (0..(number % 3) * 2000).fold(number, |sum, step| std::hint::black_box(sum ^ step ^ step))
                };
                stream(threads, numbers(count, u64::MAX), work, |result| {
                    results.push(result);
                    Ok(())
                })
                .unwrap();
                assert_eq!(results, (1..=count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn an_error_comes_after_the_results_before_it() {
        for threads in [1, 3] {
            let mut results = Vec::new();
            let error = stream(
                threads,
                numbers(500, 42),
                |number| number,
                |result| {
                    results.push(result);
                    Ok(())
                },
            );
            assert_eq!(error.unwrap_err().to_string(), "batch 42 can't be read");
            assert_eq!(results, (1..42).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_consumer_that_refuses_ends_the_stream() {
        let endless = numbers(u64::MAX, u64::MAX);
        let error = stream(
            2,
            endless,
            |number| number,
            |result| {
                if result == 5 {
                    Err(anyhow!("enough"))
                } else {
                    Ok(())
                }
            },
        );
        assert_eq!(error.unwrap_err().to_string(), "enough");
    }

    #[test]
    fn a_panic_is_an_error() {
        let work = |number: u64| {
            if number == 7 {
                panic!("worker of a test")
            } else {
                number
            }
        };
        let error = stream(2, numbers(u64::MAX, u64::MAX), work, |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "a thread that predicts panicked");
        let produce = || -> Result<Option<u64>> { panic!("reader of a test") };
        assert_eq!(
            stream(2, produce, |number| number, |_| Ok(()))
                .unwrap_err()
                .to_string(),
            "the thread that reads panicked"
        );
    }
}
