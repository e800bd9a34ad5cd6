//! The decisions of a queue, pure: what is taken, what goes next, what is dropped, what was learnt.
//!
//! Time comes in as an argument and nothing waits in here, so that the task of
//! a [`Queue`](crate::Queue), tests and benches drive the same code.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::backlog::{Backlog, Cut, Head, Padding, Room, Waiting};
use crate::cost::CostModels;
use crate::observer::{Batch as Observed, Depth, DropReason};
use crate::work::{Bucket, Discipline, Item, Order, Standing, Ticket};

/// How much a queue holds, how large its batches are and in which order they go.
#[derive(Debug, Clone, PartialEq)]
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
    /// Batches that may run beyond those when an item would miss its deadline by
    /// waiting for one of them to end; they cost the others time.
    pub max_urgent: usize,
    /// How the executor treats items of different size.
    pub padding: Padding,
    /// In which order what waits goes.
    pub order: Order,
    /// Time of one unit of work before the first batch has been measured.
    pub initial_time_per_unit: Duration,
}

/// Names a batch; unique within a queue.
pub type BatchId = u64;

/// A batch that starts.
#[derive(Debug)]
pub struct Batch<P> {
    /// Its name.
    pub id: BatchId,
    /// What the executor gets.
    pub payloads: Vec<P>,
    /// What it looks like from outside.
    pub observed: Observed,
    /// How long each of its items waited.
    pub waited: Vec<Duration>,
}

/// An item of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its group.
    pub ticket: Ticket,
    /// Its place in the group.
    pub index: usize,
    /// Its size.
    pub units: u64,
    /// Where its group stands.
    pub standing: Standing,
}

/// What is to be done now.
#[derive(Debug)]
pub enum Step {
    /// [`Scheduler::cut`] a batch as soon as there is a lane for work that stands there, and ask again.
    Ready {
        /// Where what is next stands.
        standing: Standing,
        /// When to ask again, if there is no lane before.
        alarm: Option<Instant>,
    },
    /// Answer this group's caller, since what waited of it is dropped; ask again.
    Drop {
        /// The group.
        ticket: Ticket,
        /// Items that were dropped.
        items: usize,
        /// Why.
        reason: DropReason,
    },
    /// Nothing, until something changes or this moment comes.
    Wait(Option<Instant>),
}

/// A batch in the executor.
#[derive(Debug)]
struct Running {
    members: Vec<Member>,
    bucket: Bucket,
    units: u64,
    ends: Instant,
}

/// The state of a queue.
#[derive(Debug)]
pub struct Scheduler<P> {
    limits: Limits,
    costs: CostModels,
    backlog: Backlog<P>,
    running: BTreeMap<BatchId, Running>,
    batches: BatchId,
}

impl<P> Scheduler<P> {
    /// An empty queue.
    pub fn new(limits: Limits) -> Self {
        Self {
            costs: CostModels::starting_at(limits.initial_time_per_unit),
            backlog: Backlog::new(limits.order.clone()),
            limits,
            running: BTreeMap::new(),
            batches: 0,
        }
    }

    /// Takes a group, whole.
    ///
    /// # Errors
    /// When it does not fit: the predicted time until it does.
    pub fn submit(
        &mut self,
        now: Instant,
        ticket: Ticket,
        standing: Standing,
        items: Vec<Item<P>>,
    ) -> Result<(), Duration> {
        let own = items.iter().map(|item| self.costs.of(item.bucket).marginal(item.units));
        let work = own.fold(self.backlog.predicted(&self.costs), Duration::saturating_add);
        let waiting = work / self.lanes();
        if self.backlog.len() > 0 && waiting > self.limits.max_waiting {
            return Err(waiting - self.limits.max_waiting);
        }
        let wait =
            |item: Item<P>| Waiting { payload: item.payload, units: item.units, bucket: item.bucket, since: now };
        self.backlog.push(ticket, standing, items.into_iter().map(wait));
        Ok(())
    }

    /// Takes out what waits of a group; gives how many items that were. Those in the executor end.
    pub fn cancel(&mut self, ticket: Ticket) -> usize {
        self.backlog.remove(ticket)
    }

    /// What is to be done at `now`.
    pub fn next(&mut self, now: Instant) -> Step {
        let deadlines_count = self.limits.order.discipline == Discipline::Deadline;
        let expired = self.backlog.expired(now).next();
        if deadlines_count && let Some(ticket) = expired {
            return self.drop_group(ticket, DropReason::Expired);
        }
        let Some(head) = self.backlog.head(&self.costs) else { return Step::Wait(None) };
        if deadlines_count && self.is_hopeless(&head, now) {
            return self.drop_group(head.ticket, DropReason::Hopeless);
        }
        let alarm = deadlines_count.then(|| self.backlog.earliest_deadline()).flatten();
        match self.release(&head) {
            Some(moment) if moment <= now => Step::Ready { standing: head.standing, alarm },
            moment => Step::Wait(moment.into_iter().chain(alarm).min()),
        }
    }

    /// Cuts the batch that is ready at `now`: whoever is next, and what shares its bucket.
    pub fn cut(&mut self, now: Instant) -> Option<Batch<P>> {
        let head = self.backlog.head(&self.costs)?;
        let batch = self.backlog.cut(self.room(head.bucket), &self.costs);
        Some(self.start(now, head.bucket, batch))
    }

    /// Takes note that a batch ended, after `busy` of compute time unless it failed; gives its items.
    pub fn finish(&mut self, batch: BatchId, busy: Option<Duration>) -> Vec<Member> {
        let Some(running) = self.running.remove(&batch) else { return Vec::new() };
        if let Some(busy) = busy {
            self.costs.learn(running.bucket, running.units, busy);
        }
        running.members
    }

    /// What waits.
    pub fn depth(&self) -> Depth {
        Depth { items: self.backlog.len(), predicted: self.backlog.predicted(&self.costs) / self.lanes() }
    }

    fn lanes(&self) -> u32 {
        u32::try_from(self.limits.max_running.max(1)).unwrap_or(u32::MAX)
    }

    /// Whether a group cannot be done in time even if all lanes turn to it as
    /// soon as one is free. An idle executor tries all the same: nobody is kept
    /// waiting, and a prediction that is too high would otherwise never be put right.
    fn is_hopeless(&self, head: &Head, now: Instant) -> bool {
        let cost = self.costs.of(head.bucket);
        let contested = !self.running.is_empty() || self.backlog.groups() > 1;
        let all_taken = self.running.len() >= self.limits.max_running.max(1) + self.limits.max_urgent;
        let free = if all_taken { self.next_end().map_or(now, |end| end.max(now)) } else { now };
        let takes = cost.predict(head.group_units) / self.lanes();
        contested && cost.is_known() && free.checked_add(takes).is_none_or(|end| end > head.standing.deadline)
    }

    /// When the first of the running batches should end.
    fn next_end(&self) -> Option<Instant> {
        self.running.values().map(|running| running.ends).min()
    }

    /// When the next batch may start, as far as it can be said without another one ending.
    fn release(&self, head: &Head) -> Option<Instant> {
        let max_running = self.limits.max_running.max(1);
        if self.running.len() < max_running {
            return Some(match self.limits.order.discipline {
                Discipline::Fifo { window } if self.backlog.len() < self.limits.max_batch_items => head.since + window,
                Discipline::Fifo { .. } | Discipline::Deadline => head.since,
            });
        }
        if self.running.len() >= max_running + self.limits.max_urgent {
            return None;
        }
        // Its slack: what it can wait before it has to start.
        let latest = head.standing.deadline.checked_sub(self.costs.of(head.bucket).high(head.group_units))?;
        (latest < self.next_end()?).then_some(latest)
    }

    /// Room for a batch: what waits is shared by the lanes that are free, so that they end together.
    fn room(&self, bucket: Bucket) -> Room {
        let free = self.lanes().saturating_sub(u32::try_from(self.running.len()).unwrap_or(u32::MAX)).max(1);
        let fixed = self.costs.of(bucket).predict(0);
        let share = fixed.saturating_add(self.backlog.predicted(&self.costs) / free);
        let max_time = if free > 1 { share.min(self.limits.max_batch) } else { self.limits.max_batch };
        Room { max_items: self.limits.max_batch_items, max_time, padding: self.limits.padding, bulk_too: true }
    }

    fn start(&mut self, now: Instant, bucket: Bucket, batch: Vec<Cut<P>>) -> Batch<P> {
        let id = self.batches;
        self.batches += 1;
        let filled = batch.iter().fold(0u64, |sum, cut| sum.saturating_add(cut.item.units));
        let largest = batch.iter().map(|cut| cut.item.units).max().unwrap_or(0);
        let units = self.limits.padding.units(batch.len(), filled, largest);
        let predicted = self.costs.of(bucket).predict(units);
        let member = |cut: &Cut<P>| {
            let Cut { ticket, index, standing, item } = cut;
            Member { ticket: *ticket, index: *index, units: item.units, standing: *standing }
        };
        let members: Vec<Member> = batch.iter().map(member).collect();
        let waited = batch.iter().map(|cut| now.saturating_duration_since(cut.item.since)).collect();
        let observed = Observed { bucket, items: batch.len(), units, filled, predicted };
        let ends = now.checked_add(predicted).unwrap_or(now);
        self.running.insert(id, Running { members, bucket, units, ends });
        Batch { id, payloads: batch.into_iter().map(|cut| cut.item.payload).collect(), observed, waited }
    }

    fn drop_group(&mut self, ticket: Ticket, reason: DropReason) -> Step {
        Step::Drop { ticket, items: self.backlog.remove(ticket), reason }
    }
}
