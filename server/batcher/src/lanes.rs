//! Where batches run: a queue asks for a lane before it cuts a batch, so that what
//! is in the batch is decided when it starts and not when it began to wait.

use std::future::{Future, ready};
use std::time::{Duration, Instant};

use crate::turns::{Turn, Turns};
use crate::work::Standing;

/// Lanes that batches of one or more queues run on.
pub trait Lanes: Send + Sync + 'static {
    /// A lane, held while a batch runs.
    type Lane: Send + 'static;

    /// Waits for a lane for work that stands there; dropping the future leaves
    /// the line. `None` when the runtime shuts down.
    fn take(&self, now: Instant, standing: Standing) -> impl Future<Output = Option<Self::Lane>> + Send + 'static;

    /// Work that stands there had a lane for `busy`: its tenant comes later next time.
    fn charge(&self, standing: Standing, busy: Duration);
}

/// Lanes that nobody else uses: the queue's own limits are all there is.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnLanes;

impl Lanes for OwnLanes {
    type Lane = ();

    fn take(&self, _: Instant, _: Standing) -> impl Future<Output = Option<()>> + Send + 'static {
        ready(Some(()))
    }

    fn charge(&self, _: Standing, _: Duration) {}
}

impl Lanes for Turns {
    type Lane = Turn;

    fn take(&self, now: Instant, standing: Standing) -> impl Future<Output = Option<Turn>> + Send + 'static {
        let turns = self.clone();
        // Nothing in advance: what it took is charged afterwards.
        async move { turns.take(now, standing, Duration::ZERO).await }
    }

    fn charge(&self, standing: Standing, busy: Duration) {
        Turns::charge(self, standing, busy);
    }
}
