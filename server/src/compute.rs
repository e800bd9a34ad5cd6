//! The compute threads: a rayon pool beside the tokio runtime, which never computes.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tokio::sync::{Semaphore, oneshot};

/// A handle on the pool; clones share it.
#[derive(Debug, Clone)]
pub struct Compute {
    pool: Arc<ThreadPool>,
    /// One permit a thread. A thread that waits for a piece of its own job takes
    /// up any job that the pool holds, whole, and its own is done only after
    /// that; so jobs wait out here, in order, until a thread is free.
    slots: Arc<Semaphore>,
}

impl Compute {
    /// Starts `threads` compute threads.
    ///
    /// # Errors
    /// When the system refuses to start a thread.
    pub fn start(threads: usize) -> Result<Self, ThreadPoolBuildError> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("compute-{i}")).build()?;
        Ok(Self { pool: Arc::new(pool), slots: Arc::new(Semaphore::new(threads)) })
    }

    /// Number of compute threads.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs `work` on the pool and waits for it without blocking the runtime.
    ///
    /// Work whose caller went away before it started is skipped. A panic of
    /// `work` continues in the caller, so that it ends one request or one batch
    /// and never a compute thread.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        // Nobody closes the semaphore, so there is a slot sooner or later.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        let (sender, receiver) = oneshot::channel();
        self.pool.spawn_fifo(move || {
            let outcome = (!sender.is_closed()).then(|| catch_unwind(AssertUnwindSafe(work)));
            // Also when the caller went away meanwhile: the slot is the thread's.
            drop(slot);
            if let Some(outcome) = outcome {
                let _ = sender.send(outcome);
            }
        });
        match receiver.await {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => resume_unwind(panic),
            // The sender is dropped unsent only after the receiver is gone.
            Err(_) => unreachable!("compute work was dropped while its caller waits"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_runs_on_a_compute_thread() {
        let compute = Compute::start(1).unwrap();
        let name = compute.run(|| std::thread::current().name().map(str::to_owned)).await;
        assert_eq!(name.as_deref(), Some("compute-0"));
    }

    #[tokio::test]
    async fn a_panic_reaches_its_caller_and_the_pool_lives_on() {
        let compute = Compute::start(1).unwrap();
        let bad = tokio::spawn({
            let compute = compute.clone();
            async move { compute.run(|| panic!("broken")).await }
        });
        assert!(bad.await.unwrap_err().is_panic());
        assert_eq!(compute.run(|| 7).await, 7);
    }

    #[tokio::test]
    async fn work_whose_caller_left_before_it_started_is_skipped() {
        let compute = Compute::start(1).unwrap();
        let (release, blocked) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let compute = compute.clone();
            async move { compute.run(move || blocked.recv()).await }
        });
        tokio::task::yield_now().await;
        let ran = Arc::new(AtomicBool::new(false));
        let left = tokio::spawn({
            let (compute, ran) = (compute.clone(), Arc::clone(&ran));
            async move { compute.run(move || ran.store(true, Ordering::SeqCst)).await }
        });
        tokio::task::yield_now().await;
        left.abort();
        assert!(left.await.unwrap_err().is_cancelled());
        release.send(()).unwrap();
        first.await.unwrap().unwrap();
        compute.run(|| ()).await;
        assert!(!ran.load(Ordering::SeqCst));
    }
}
