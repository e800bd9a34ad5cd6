//! The callers' side of a queue: the handle, its items, limits and refusals.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::backlog::{Place, Ticket};
use crate::clock::Clock;
use crate::observer::Observer;
use crate::owner::{Command, Owner};

/// Which band a group stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// Somebody waits for the answer.
    #[default]
    Interactive,
    /// Goes when nothing interactive waits.
    Bulk,
}

impl Priority {
    /// All bands, first served first.
    pub(crate) const ALL: [Self; 2] = [Self::Interactive, Self::Bulk];
}

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<P> {
    /// What the executor gets.
    pub payload: P,
    /// How much work it is, in a unit that compute time is proportional to.
    pub units: u64,
}

/// Items that are admitted, cancelled and answered together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<P> {
    /// The work; a group without items is answered at once.
    pub items: Vec<Item<P>>,
    /// The band it stands in.
    pub priority: Priority,
    /// When the answer is worth nothing any more.
    pub deadline: Instant,
}

/// How much a queue holds and how large its batches are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Predicted compute time that may wait. A group that is larger than this
    /// is still taken by an empty queue, or it could never be served.
    pub max_waiting: Duration,
    /// Predicted compute time of a batch. A larger item goes alone.
    pub max_batch: Duration,
    /// Items in a batch, at least 1.
    pub max_batch_items: usize,
    /// Batches that run at the same time, at least 1.
    pub max_running: usize,
    /// Time of one unit of work before the first batch has been measured.
    pub initial_time_per_unit: Duration,
}

/// What the executor made of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed<R> {
    /// One result for each payload, in the same order.
    pub results: Vec<R>,
    /// Time spent on it, without waiting for a thread or a device: predictions
    /// that learnt from waiting would shrink batches, and smaller batches wait more.
    pub busy: Duration,
}

/// Why a group was not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The queue is full.
    #[error("the queue is full, retry in {retry_after:?}")]
    Overloaded {
        /// Predicted time until there is room for the group.
        retry_after: Duration,
    },
    /// The deadline passed before all items were executed.
    #[error("the deadline passed while the work was waiting")]
    DeadlineExceeded,
    /// The executor panicked or gave the wrong number of results.
    #[error("the executor failed: {0}")]
    Failed(String),
    /// The queue's task is gone, because the runtime shuts down.
    #[error("the queue is closed")]
    Closed,
}

/// A handle on a queue; clones share the queue, which ends with the last one.
#[derive(Debug)]
pub struct Queue<P, R> {
    // Unbounded by count: every command belongs to a caller that waits for its
    // answer (or just went away), and what waits is bounded by cost.
    commands: mpsc::UnboundedSender<Command<P, R>>,
    tickets: Arc<AtomicU64>,
}

impl<P, R> Clone for Queue<P, R> {
    fn clone(&self) -> Self {
        Self { commands: self.commands.clone(), tickets: Arc::clone(&self.tickets) }
    }
}

impl<P: Send + 'static, R: Send + 'static> Queue<P, R> {
    /// Starts a queue on the current tokio runtime.
    ///
    /// `executor` gets the payloads of a batch. It may compute elsewhere, but
    /// must not block the runtime.
    pub fn start<E, F>(limits: Limits, clock: impl Clock, observer: impl Observer, executor: E) -> Self
    where
        E: Fn(Vec<P>) -> F + Send + Sync + 'static,
        F: Future<Output = Executed<R>> + Send + 'static,
    {
        let (commands, receiver) = mpsc::unbounded_channel();
        tokio::spawn(Owner::new(limits, clock, observer, executor).run(receiver));
        Self { commands, tickets: Arc::default() }
    }

    /// Waits for the results of a group, in the order of its items.
    ///
    /// # Errors
    /// See [`Rejected`]. Dropping the future cancels the group.
    pub async fn submit(&self, group: Group<P>) -> Result<Vec<R>, Rejected> {
        if group.items.is_empty() {
            return Ok(Vec::new());
        }
        let ticket: Ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let place = Place { priority: group.priority, deadline: group.deadline, ticket };
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Submit { place, items: group.items, reply }).map_err(|_| Rejected::Closed)?;
        let mut cancel = CancelOnDrop { commands: &self.commands, place: Some(place) };
        let answer = answer.await.map_err(|_| Rejected::Closed);
        cancel.place = None;
        answer?
    }
}

/// Takes a group out of the queue unless it was answered.
struct CancelOnDrop<'a, P, R> {
    commands: &'a mpsc::UnboundedSender<Command<P, R>>,
    place: Option<Place>,
}

impl<P, R> Drop for CancelOnDrop<'_, P, R> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            // A closed queue has nothing left to cancel.
            let _ = self.commands.send(Command::Cancel(place));
        }
    }
}
