//! Time as the scheduler sees it: injected, so that tests and simulations own it.

use std::future::Future;
use std::time::Instant;

/// A source of time and of alarms.
pub trait Clock: Send + Sync + 'static {
    /// The present moment; never goes backwards.
    fn now(&self) -> Instant;

    /// Completes once [`Clock::now`] has reached `moment`.
    fn sleep_until(&self, moment: Instant) -> impl Future<Output = ()> + Send;
}

/// The clock of the tokio runtime, which its tests can pause and advance.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    async fn sleep_until(&self, moment: Instant) {
        tokio::time::sleep_until(moment.into()).await;
    }
}
