//! The callers' side of a queue.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::lanes::Lanes;
use crate::observer::Observer;
use crate::owner::{Command, Owner};
use crate::scheduler::Limits;
use crate::work::{Executed, Group, Rejected, Served, Ticket};

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
    /// A batch is cut when `lanes` has one for it; `executor` gets its payloads and
    /// the lane. It may compute elsewhere, but must not block the runtime.
    pub fn start<L, E, F>(limits: Limits, clock: impl Clock, observer: impl Observer, lanes: L, executor: E) -> Self
    where
        L: Lanes,
        E: Fn(Vec<P>, L::Lane) -> F + Send + Sync + 'static,
        F: Future<Output = Executed<R>> + Send + 'static,
    {
        let (commands, receiver) = mpsc::unbounded_channel();
        tokio::spawn(Owner::new(limits, clock, observer, lanes, executor).run(receiver));
        Self { commands, tickets: Arc::default() }
    }

    /// Waits for the results of a group, in the order of its items.
    ///
    /// # Errors
    /// See [`Rejected`]. Dropping the future cancels the group.
    pub async fn submit(&self, group: Group<P>) -> Result<Served<R>, Rejected> {
        if group.items.is_empty() {
            return Ok(Served { results: Vec::new(), busy: Duration::ZERO });
        }
        let ticket: Ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        let Group { items, standing } = group;
        self.commands.send(Command::Submit { ticket, standing, items, reply }).map_err(|_| Rejected::Closed)?;
        let mut cancel = CancelOnDrop { commands: &self.commands, ticket: Some(ticket) };
        let answer = answer.await.map_err(|_| Rejected::Closed);
        cancel.ticket = None;
        answer?
    }
}

/// Takes a group out of the queue unless it was answered.
struct CancelOnDrop<'a, P, R> {
    commands: &'a mpsc::UnboundedSender<Command<P, R>>,
    ticket: Option<Ticket>,
}

impl<P, R> Drop for CancelOnDrop<'_, P, R> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            // A closed queue has nothing left to cancel.
            let _ = self.commands.send(Command::Cancel(ticket));
        }
    }
}
