//! Turns: a bounded number of places that callers hold for a while, given out in the scheduler's order.
//!
//! What a semaphore is to callers who are all alike, this is to callers with
//! bands, tenants and deadlines.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::backlog::{Backlog, Padding, Room, Waiting};
use crate::cost::CostModels;
use crate::work::{Order, Priority, Standing, Ticket};

/// How many turns there are at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnLimits {
    /// Turns at the same time, at least 1.
    pub max: usize,
    /// How many of them bulk work may have, so that something interactive finds one soon.
    pub max_bulk: usize,
    /// Who is next.
    pub order: Order,
}

/// Gives out turns; clones share them.
#[derive(Debug, Clone)]
pub struct Turns {
    commands: mpsc::UnboundedSender<Command>,
    tickets: Arc<AtomicU64>,
}

/// A turn; dropping it lets the next in line have one.
#[derive(Debug)]
pub struct Turn {
    commands: mpsc::UnboundedSender<Command>,
    priority: Priority,
}

#[derive(Debug)]
enum Command {
    Take { ticket: Ticket, standing: Standing, cost: Duration, since: Instant, reply: oneshot::Sender<Turn> },
    Cancel(Ticket),
    Done(Priority),
    Charge(Standing, Duration),
}

impl Turns {
    /// Starts giving out turns on the current tokio runtime.
    pub fn start(limits: TurnLimits) -> Self {
        let (commands, receiver) = mpsc::unbounded_channel();
        tokio::spawn(Owner::new(limits, commands.downgrade()).run(receiver));
        Self { commands, tickets: Arc::default() }
    }

    /// Waits for a turn that will take about `cost`; dropping the future leaves the line.
    /// `None` when the runtime shuts down.
    pub async fn take(&self, now: Instant, standing: Standing, cost: Duration) -> Option<Turn> {
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let (reply, turn) = oneshot::channel();
        self.commands.send(Command::Take { ticket, standing, cost, since: now, reply }).ok()?;
        let mut leave = LeaveOnDrop { commands: &self.commands, ticket: Some(ticket) };
        let turn = turn.await.ok();
        leave.ticket = None;
        turn
    }

    /// Charges work that stands there `cost` more than it said in advance.
    pub fn charge(&self, standing: Standing, cost: Duration) {
        // Without the task nobody is in line.
        let _ = self.commands.send(Command::Charge(standing, cost));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Done(self.priority));
    }
}

/// Leaves the line unless a turn came.
struct LeaveOnDrop<'a> {
    commands: &'a mpsc::UnboundedSender<Command>,
    ticket: Option<Ticket>,
}

impl Drop for LeaveOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let _ = self.commands.send(Command::Cancel(ticket));
        }
    }
}

/// The state; lives in one task.
struct Owner {
    limits: TurnLimits,
    /// What callers say that they cost is believed, in microseconds.
    costs: CostModels,
    backlog: Backlog<(Priority, oneshot::Sender<Turn>)>,
    commands: mpsc::WeakUnboundedSender<Command>,
    taken: usize,
    taken_by_bulk: usize,
}

impl Owner {
    fn new(limits: TurnLimits, commands: mpsc::WeakUnboundedSender<Command>) -> Self {
        Self {
            costs: CostModels::starting_at(Duration::from_micros(1)),
            backlog: Backlog::new(limits.order.clone()),
            limits,
            commands,
            taken: 0,
            taken_by_bulk: 0,
        }
    }

    async fn run(mut self, mut receiver: mpsc::UnboundedReceiver<Command>) {
        while let Some(command) = receiver.recv().await {
            self.obey(command);
            // All that has come counts before a turn is given.
            while let Ok(command) = receiver.try_recv() {
                self.obey(command);
            }
            self.give();
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Take { ticket, standing, cost, since, reply } => {
                let units = u64::try_from(cost.as_micros()).unwrap_or(u64::MAX);
                let item = Waiting { payload: (standing.priority, reply), units, bucket: 0, since };
                self.backlog.push(ticket, standing, [item]);
            }
            Command::Cancel(ticket) => {
                self.backlog.remove(ticket);
            }
            Command::Charge(standing, cost) => self.backlog.charge(&standing, cost),
            Command::Done(priority) => {
                self.taken -= 1;
                self.taken_by_bulk -= usize::from(priority == Priority::Bulk);
            }
        }
    }

    fn give(&mut self) {
        while self.taken < self.limits.max.max(1) {
            let bulk_too = self.taken_by_bulk < self.limits.max_bulk.max(1);
            let room = Room { max_items: 1, max_time: Duration::MAX, padding: Padding::None, bulk_too };
            let Some(cut) = self.backlog.cut(room, &self.costs).pop() else { return };
            let Some(commands) = self.commands.upgrade() else { return };
            let (priority, reply) = cut.item.payload;
            self.taken += 1;
            self.taken_by_bulk += usize::from(priority == Priority::Bulk);
            // A caller that just left gives the turn back by dropping it.
            let _ = reply.send(Turn { commands, priority });
        }
    }
}
