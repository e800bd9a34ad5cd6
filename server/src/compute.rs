//! The compute threads: a rayon pool beside the tokio runtime, which never computes.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tokio::sync::oneshot;

/// A handle on the pool; clones share it.
#[derive(Debug, Clone)]
pub struct Compute {
    pool: Arc<ThreadPool>,
}

impl Compute {
    /// Starts `threads` compute threads.
    ///
    /// # Errors
    /// When the system refuses to start a thread.
    pub fn start(threads: usize) -> Result<Self, ThreadPoolBuildError> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("compute-{i}")).build()?;
        Ok(Self { pool: Arc::new(pool) })
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
        let (sender, receiver) = oneshot::channel();
        self.pool.spawn_fifo(move || {
            if !sender.is_closed() {
                // The panic is carried on, so no broken state is observed here.
                let _ = sender.send(catch_unwind(AssertUnwindSafe(work)));
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
