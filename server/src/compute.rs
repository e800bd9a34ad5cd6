//! The compute threads: a rayon pool beside the tokio runtime, which never computes.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use slipstream_batcher::{Priority, Standing, Tenant, Turn, Turns};
use tokio::sync::oneshot;

use crate::scheduling::Scheduling;

/// A handle on the pool; clones share it.
#[derive(Debug, Clone)]
pub struct Compute {
    pool: Arc<ThreadPool>,
    /// One turn a thread, and one more. A thread that waits for a piece of its own
    /// job takes up any job that the pool holds, whole, and its own is done only
    /// after that; so jobs wait out here, most urgent first, until they are next.
    turns: Turns,
}

/// What a job gave, and what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran<T> {
    /// The result.
    pub value: T,
    /// Time until a thread was free.
    pub waited: Duration,
    /// Time on the thread.
    pub busy: Duration,
}

impl Compute {
    /// Starts `threads` compute threads, on the current tokio runtime.
    ///
    /// # Errors
    /// When the system refuses to start a thread.
    pub fn start(threads: usize, scheduling: &Scheduling) -> Result<Self, ThreadPoolBuildError> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("compute-{i}")).build()?;
        let turns = Turns::start(scheduling.threads(threads));
        Ok(Self { pool: Arc::new(pool), turns })
    }

    /// Number of compute threads.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The line before the threads, for queues that cut their batches when a thread is free.
    pub fn lanes(&self) -> Turns {
        self.turns.clone()
    }

    /// Runs `work` on the pool when it is most urgent, and waits for it without
    /// blocking the runtime.
    ///
    /// Work whose caller went away before it started is skipped. A panic of
    /// `work` continues in the caller, so that it ends one request or one batch
    /// and never a compute thread.
    pub async fn run<T: Send + 'static>(
        &self,
        standing: Standing,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Ran<T> {
        let asked = Instant::now();
        // Without the runtime there is no turn, nor anybody who waits for the result.
        let turn = self.turns.take(asked, standing, Duration::ZERO).await;
        let waited = asked.elapsed();
        let (value, busy) = self.run_on(turn, work).await;
        self.turns.charge(standing, busy);
        Ran { value, waited, busy }
    }

    /// Waits for `work` that another process computes, when it is most urgent: it has a thread's turn, so that as
    /// much is computed at once as without it.
    pub async fn outside<T>(&self, standing: Standing, work: impl Future<Output = T>) -> Ran<T> {
        let asked = Instant::now();
        let _turn = self.turns.take(asked, standing, Duration::ZERO).await;
        let waited = asked.elapsed();
        let value = work.await;
        let busy = asked.elapsed().saturating_sub(waited);
        self.turns.charge(standing, busy);
        Ran { value, waited, busy }
    }

    /// Runs `work` in a turn that it has; gives how long that took.
    pub async fn run_on<T: Send + 'static>(
        &self,
        turn: Option<Turn>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> (T, Duration) {
        let (sender, receiver) = oneshot::channel();
        self.pool.spawn_fifo(move || {
            let started = Instant::now();
            let outcome = (!sender.is_closed()).then(|| catch_unwind(AssertUnwindSafe(work)));
            let busy = started.elapsed();
            // Also when the caller went away meanwhile: the turn is the thread's.
            drop(turn);
            if let Some(outcome) = outcome {
                let _ = sender.send((outcome, busy));
            }
        });
        match receiver.await {
            Ok((Ok(value), busy)) => (value, busy),
            Ok((Err(panic), _)) => resume_unwind(panic),
            // The sender is dropped unsent only after the receiver is gone.
            Err(_) => unreachable!("compute work was dropped while its caller waits"),
        }
    }
}

/// Where work stands that no request waits for: behind none, in front of none for long.
pub fn unhurried(priority: Priority) -> Standing {
    /// Further than any folder of receipts reaches.
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    Standing { priority, tenant: Tenant::default(), deadline: Instant::now() + YEAR }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Mutex, mpsc};

    use super::*;

    fn one_thread() -> Compute {
        Compute::start(1, &Scheduling { bulk_floor: 0.0, ..Scheduling::unbounded() }).unwrap()
    }

    fn standing() -> Standing {
        unhurried(Priority::Interactive)
    }

    /// Keeps the only thread busy until the sender is dropped.
    async fn block(compute: &Compute) -> (mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
        let (release, blocked) = mpsc::channel::<()>();
        let (started, running) = oneshot::channel();
        let compute = compute.clone();
        let task = tokio::spawn(async move {
            let work = move || {
                let _ = started.send(());
                let _ = blocked.recv();
            };
            compute.run(standing(), work).await;
        });
        running.await.unwrap();
        (release, task)
    }

    #[tokio::test]
    async fn work_runs_on_a_compute_thread() {
        let compute = one_thread();
        let name = compute.run(standing(), || std::thread::current().name().map(str::to_owned)).await.value;
        assert_eq!(name.as_deref(), Some("compute-0"));
    }

    #[tokio::test]
    async fn a_panic_reaches_its_caller_and_the_pool_lives_on() {
        let compute = one_thread();
        let bad = tokio::spawn({
            let compute = compute.clone();
            async move { compute.run(standing(), || panic!("broken")).await.value }
        });
        assert!(bad.await.unwrap_err().is_panic());
        assert_eq!(compute.run(standing(), || 7).await.value, 7);
    }

    #[tokio::test]
    async fn work_whose_caller_left_before_it_started_is_skipped() {
        let compute = one_thread();
        let (release, first) = block(&compute).await;
        let ran = Arc::new(AtomicBool::new(false));
        let left = tokio::spawn({
            let (compute, ran) = (compute.clone(), Arc::clone(&ran));
            async move { compute.run(standing(), move || ran.store(true, Ordering::SeqCst)).await }
        });
        tokio::task::yield_now().await;
        left.abort();
        assert!(left.await.unwrap_err().is_cancelled());
        drop(release);
        first.await.unwrap();
        compute.run(standing(), || ()).await;
        assert!(!ran.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn what_is_most_urgent_goes_first() {
        let compute = one_thread();
        let (release, first) = block(&compute).await;
        // Stands ready behind the first, so that the others are in line.
        let second = tokio::spawn({
            let compute = compute.clone();
            async move { compute.run(standing(), || ()).await }
        });
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let order = Arc::new(Mutex::new(Vec::new()));
        let start = |name: &'static str, standing: Standing| {
            let (compute, order) = (compute.clone(), Arc::clone(&order));
            tokio::spawn(async move { compute.run(standing, move || order.lock().unwrap().push(name)).await })
        };
        let soon = Standing { deadline: Instant::now() + Duration::from_secs(9), ..standing() };
        let tasks = [
            start("bulk", Standing { priority: Priority::Bulk, ..soon }),
            start("later", standing()),
            start("soon", soon),
        ];
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        drop(release);
        first.await.unwrap();
        second.await.unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["soon", "later", "bulk"]);
    }
}
