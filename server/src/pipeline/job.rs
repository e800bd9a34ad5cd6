//! What a receipt keeps from admission to answer: its models, where it stands, and what it has taken so far.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use slipstream_batcher::{Bucket, Group, Item, Outcome, Permit, Priority, Progress, Standing};

use tracing::Span;

use super::duplicates::Asked;
use super::{ReadError, Stage};
use crate::compute::{Compute, Ran, unhurried};
use crate::registry::Serving;
use crate::registry::serving::ModelQueue;
use crate::telemetry::metrics;

/// Charged to a receipt that came through no door.
const SOME_COST: Duration = Duration::from_millis(100);

/// A receipt on its way.
pub struct Job {
    /// The request's id.
    pub id: String,
    /// The set of models that reads it, all stages of it.
    pub serving: Arc<Serving>,
    /// Whether somebody waits, whose it is, and when the answer is worth nothing any more.
    pub standing: Standing,
    /// What the caller wants to know about duplicates.
    pub(super) asked: Option<Asked>,
    permit: Option<Permit>,
    /// Nanoseconds of compute time so far, on all threads together.
    busy: AtomicU64,
}

impl Job {
    /// A receipt that was let in at the door.
    pub fn admitted(id: String, serving: Arc<Serving>, permit: Permit) -> Self {
        let standing = permit.standing();
        Self { permit: Some(permit), ..Self::standing(id, serving, standing) }
    }

    /// A receipt that nobody has to let in.
    pub fn standing(id: String, serving: Arc<Serving>, standing: Standing) -> Self {
        Self { id, serving, standing, asked: None, permit: None, busy: AtomicU64::new(0) }
    }

    /// A receipt that nobody waits for.
    pub fn unhurried(id: String, serving: Arc<Serving>, priority: Priority) -> Self {
        Self::standing(id, serving, unhurried(priority))
    }

    /// The same receipt, whose caller asked about duplicates.
    #[must_use]
    pub fn asking(self, asked: Option<Asked>) -> Self {
        Self { asked, ..self }
    }

    /// Compute time that it is expected to take.
    pub fn cost(&self) -> Duration {
        self.permit.as_ref().map_or(SOME_COST, Permit::cost)
    }

    /// Compute time that it took so far, on all threads together.
    pub fn busy(&self) -> Duration {
        Duration::from_nanos(self.busy.load(Ordering::Relaxed))
    }

    /// Leaves the server with this outcome.
    pub fn leave(self, outcome: Outcome) {
        if let Some(permit) = self.permit {
            permit.leave(outcome);
        }
    }

    /// Runs a stage's own work on a compute thread.
    pub async fn compute<T: Send + 'static>(
        &self,
        compute: &Compute,
        stage: Stage,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let Ran { value, waited, busy } = compute.run(self.standing, work).await;
        self.spend(busy);
        metrics::computed(stage.name(), waited, busy);
        value
    }

    /// Waits for a stage's own work that another process computes, in the place of a compute thread.
    pub async fn outside<T>(&self, compute: &Compute, stage: Stage, work: impl Future<Output = T>) -> T {
        let Ran { value, waited, busy } = compute.outside(self.standing, work).await;
        self.spend(busy);
        metrics::computed(stage.name(), waited, busy);
        value
    }

    /// Has a model compute `items`, which are taken whole or not at all; answers in their order.
    ///
    /// # Errors
    /// When the queue is full, the deadline cannot be kept or the model fails.
    pub async fn ask<P, R>(&self, model: &ModelQueue<P, R>, items: Vec<Item<P>>) -> Result<Vec<R>, ReadError>
    where
        P: Send + 'static,
        R: Send + 'static,
    {
        let served = model.queue.submit(Group { items, standing: self.standing }).await?;
        self.spend(served.busy * u32::try_from(model.threads).unwrap_or(u32::MAX));
        served.results.into_iter().collect::<Result<_, _>>().map_err(ReadError::Model)
    }

    /// Says that the upload is there.
    ///
    /// # Errors
    /// When it took so long that there is no time left for the rest.
    pub async fn received(&self) -> Result<(), ReadError> {
        match &self.permit {
            Some(permit) => Ok(permit.received().await?),
            None => Ok(()),
        }
    }

    /// Says that the receipt has come to `checkpoint`, with `units` to go.
    ///
    /// # Errors
    /// When there is more to do than there is room for: it ends here, whole.
    pub async fn progress(&self, checkpoint: Checkpoint, units: u64) -> Result<(), ReadError> {
        let Some(permit) = &self.permit else { return Ok(()) };
        let progress = Progress { checkpoint: checkpoint as Bucket, units, busy: self.busy() };
        Ok(permit.progress(progress).await?)
    }

    /// Counts compute time of the stage whose span this is called in.
    fn spend(&self, busy: Duration) {
        self.busy.fetch_add(busy.as_nanos() as u64, Ordering::Relaxed);
        Span::current().record("compute_ms", busy.as_secs_f64() * 1e3);
    }
}

/// Where more is known of what is left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkpoint {
    /// The page is decoded; units: its pixels.
    Decoded,
    /// Its lines are found; units: their pixels of width.
    Found,
    /// Its lines are read; units: their characters.
    Read,
}
