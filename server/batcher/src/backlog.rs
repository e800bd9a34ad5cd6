//! What waits, in order: the pure part that queues and turns share, without tasks or clocks.
//!
//! Bands of priority hold lanes of tenants, which hold items by bucket and
//! deadline. A batch takes its bucket from whoever is next and is filled with
//! items of that bucket, in the order in which they would have come.

mod band;
mod lane;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crate::cost::{CostModels, nanoseconds};
use crate::work::{Bucket, Discipline, Order, Priority, Standing, Tenant, Ticket};
use band::Band;
use lane::Key;

/// Nanoseconds that bulk work owes at most for what it was charged afterwards.
const MAX_DEBT: f64 = 1e9;

/// One waiting item.
#[derive(Debug)]
pub(crate) struct Waiting<P> {
    pub(crate) payload: P,
    pub(crate) units: u64,
    pub(crate) bucket: Bucket,
    pub(crate) since: Instant,
}

/// An item that was taken into a batch: whose it is, and which of its group's.
#[derive(Debug)]
pub(crate) struct Cut<P> {
    pub(crate) ticket: Ticket,
    pub(crate) index: usize,
    pub(crate) standing: Standing,
    pub(crate) item: Waiting<P>,
}

/// How large a batch may become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) max_items: usize,
    /// Predicted time; an item that alone takes longer makes a batch of its own.
    pub(crate) max_time: Duration,
    pub(crate) padding: Padding,
    /// Whether bulk work may be taken at all.
    pub(crate) bulk_too: bool,
}

/// What the executor makes of items of different size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Padding {
    /// Each is computed at its own size.
    #[default]
    None,
    /// All are padded to the largest, and their number to a multiple of `slots` (0 counts as 1).
    ToLargest {
        /// Numbers of items that the executor is prepared for are multiples of this.
        slots: usize,
    },
}

impl Padding {
    /// Units that the executor computes for `items` items of `sum` units together, the largest of `largest`.
    pub fn units(self, items: usize, sum: u64, largest: u64) -> u64 {
        match self {
            Self::None => sum,
            Self::ToLargest { slots } => largest.saturating_mul(items.next_multiple_of(slots.max(1)) as u64),
        }
    }
}

/// The group whose item is next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) ticket: Ticket,
    pub(crate) standing: Standing,
    /// Of its next item.
    pub(crate) bucket: Bucket,
    /// Of all its waiting items.
    pub(crate) group_units: u64,
    pub(crate) since: Instant,
}

/// A group that has waiting items.
#[derive(Debug)]
struct Member {
    standing: Standing,
    waiting: usize,
    units: u64,
}

/// The waiting items of a queue.
#[derive(Debug)]
pub(crate) struct Backlog<P> {
    order: Order,
    bands: [Band<P>; Priority::ALL.len()],
    /// Nanoseconds that bulk work is owed.
    owed_to_bulk: f64,
    groups: HashMap<Ticket, Member>,
    deadlines: BTreeSet<(Instant, Ticket)>,
    /// Waiting items.
    len: usize,
    /// Their units, by bucket.
    units: BTreeMap<Bucket, u64>,
}

impl<P> Backlog<P> {
    pub(crate) fn new(order: Order) -> Self {
        Self {
            order,
            bands: Priority::ALL.map(|_| Band::new()),
            owed_to_bulk: 0.0,
            groups: HashMap::new(),
            deadlines: BTreeSet::new(),
            len: 0,
            units: BTreeMap::new(),
        }
    }

    /// Items waiting.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Predicted time of all that waits, one batch after the other.
    pub(crate) fn predicted(&self, costs: &CostModels) -> Duration {
        let each = self.units.iter().map(|(bucket, units)| costs.of(*bucket).marginal(*units));
        each.fold(Duration::ZERO, Duration::saturating_add)
    }

    /// Puts the items of a group in line; once a group.
    pub(crate) fn push(&mut self, ticket: Ticket, standing: Standing, items: impl IntoIterator<Item = Waiting<P>>) {
        let (priority, tenant, rank) = self.place(&standing);
        let mut member = Member { standing, waiting: 0, units: 0 };
        for (index, item) in items.into_iter().enumerate() {
            self.len += 1;
            let units = self.units.entry(item.bucket).or_default();
            *units = units.saturating_add(item.units);
            member.waiting += 1;
            member.units = member.units.saturating_add(item.units);
            self.bands[priority as usize].push(tenant, (rank, ticket, index), item);
        }
        if member.waiting > 0 {
            self.deadlines.insert((standing.deadline, ticket));
            self.groups.insert(ticket, member);
        }
    }

    /// Takes out what still waits of a group; gives how many items that were.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> usize {
        let Some(member) = self.groups.remove(&ticket) else { return 0 };
        self.deadlines.remove(&(member.standing.deadline, ticket));
        let (priority, tenant, rank) = self.place(&member.standing);
        let taken = self.bands[priority as usize].take_group(tenant, rank, ticket);
        for item in &taken {
            self.forget(item.bucket, item.units);
        }
        taken.len()
    }

    /// The groups that have waiting items and a deadline at or before `now`, the earliest first.
    pub(crate) fn expired(&self, now: Instant) -> impl Iterator<Item = Ticket> {
        self.deadlines.iter().take_while(move |(deadline, _)| *deadline <= now).map(|(_, ticket)| *ticket)
    }

    /// The earliest deadline of any waiting item.
    pub(crate) fn earliest_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Whose turn it is.
    pub(crate) fn head(&self, costs: &CostModels) -> Option<Head> {
        let (_, _, (_, ticket, _), item) = self.first(None, true, costs)?;
        let member = self.groups.get(&ticket)?;
        Some(Head {
            ticket,
            standing: member.standing,
            bucket: item.bucket,
            group_units: member.units,
            since: item.since,
        })
    }

    /// Groups that have waiting items.
    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Takes the next item in line and what shares its bucket, as much as there is room for.
    pub(crate) fn cut(&mut self, room: Room, costs: &CostModels) -> Vec<Cut<P>> {
        let mut batch: Vec<Cut<P>> = Vec::new();
        let (mut bucket, mut sum, mut largest) = (None, 0u64, 0u64);
        while batch.len() < room.max_items.max(1) {
            let Some((priority, tenant, key, item)) = self.first(bucket, room.bulk_too, costs) else { break };
            let items = batch.len() + 1;
            let units = room.padding.units(items, sum.saturating_add(item.units), largest.max(item.units));
            if !batch.is_empty() {
                let costs_nothing = units <= room.padding.units(batch.len(), sum, largest);
                if !costs_nothing && costs.of(item.bucket).predict(units) > room.max_time {
                    break;
                }
            }
            let of = item.bucket;
            let Some((standing, item)) = self.serve(priority, tenant, &key, of, item.units, costs) else { break };
            bucket = Some(of);
            sum = sum.saturating_add(item.units);
            largest = largest.max(item.units);
            batch.push(Cut { ticket: key.1, index: key.2, standing, item });
        }
        batch
    }

    /// Who is next: bulk when nothing interactive waits or when it has been owed the
    /// cost of its next item; whoever fills a batch comes in the order of the bands.
    fn first(
        &self,
        bucket: Option<Bucket>,
        bulk_too: bool,
        costs: &CostModels,
    ) -> Option<(Priority, Tenant, Key, &Waiting<P>)> {
        let of = |priority: Priority| {
            self.bands[priority as usize].first(bucket).map(|(tenant, key, item)| (priority, tenant, key, item))
        };
        if !bulk_too {
            return of(Priority::Interactive);
        }
        if bucket.is_none()
            && self.owed_to_bulk > 0.0
            && let Some(bulk) = of(Priority::Bulk)
            && self.owed_to_bulk >= price(costs, bulk.3.bucket, bulk.3.units) as f64
        {
            return Some(bulk);
        }
        Priority::ALL.into_iter().find_map(of)
    }

    /// Charges a tenant for work that it was not charged for when it was served.
    pub(crate) fn charge(&mut self, standing: &Standing, cost: Duration) {
        let (priority, tenant, _) = self.place(standing);
        let cost = nanoseconds(cost);
        let weight = self.order.weight(tenant);
        self.bands[priority as usize].charge(tenant, cost, weight);
        self.owe(priority, cost);
    }

    /// Work of `priority` was served: bulk that waits is owed its part of it, or has got it. What is charged
    /// afterwards may leave a debt, which interactive work pays off; what bulk got while nothing else waited is free.
    fn owe(&mut self, priority: Priority, cost: u64) {
        let waits = |priority: Priority| !self.bands[priority as usize].is_empty();
        self.owed_to_bulk = match priority {
            Priority::Interactive => {
                let owed = self.owed_to_bulk + self.order.bulk_floor * cost as f64;
                if waits(Priority::Bulk) { owed } else { owed.min(0.0) }
            }
            Priority::Bulk if waits(Priority::Interactive) => (self.owed_to_bulk - cost as f64).max(-MAX_DEBT),
            Priority::Bulk => self.owed_to_bulk,
        };
    }

    /// Takes out an item that [`Backlog::first`] showed.
    fn serve(
        &mut self,
        priority: Priority,
        tenant: Tenant,
        key: &Key,
        bucket: Bucket,
        units: u64,
        costs: &CostModels,
    ) -> Option<(Standing, Waiting<P>)> {
        let cost = price(costs, bucket, units);
        let weight = self.order.weight(tenant);
        let item = self.bands[priority as usize].serve(tenant, bucket, key, cost, weight)?;
        self.owe(priority, cost);
        self.forget(bucket, units);
        let member = self.groups.get_mut(&key.1)?;
        let standing = member.standing;
        member.waiting -= 1;
        member.units -= units.min(member.units);
        if member.waiting == 0 {
            self.deadlines.remove(&(standing.deadline, key.1));
            self.groups.remove(&key.1);
        }
        Some((standing, item))
    }

    fn forget(&mut self, bucket: Bucket, units: u64) {
        self.len -= 1;
        if let Some(waiting) = self.units.get_mut(&bucket) {
            *waiting = waiting.saturating_sub(units);
            if *waiting == 0 {
                self.units.remove(&bucket);
            }
        }
    }

    /// The band, the lane and the rank in it that a standing means under this discipline.
    fn place(&self, standing: &Standing) -> (Priority, Tenant, Option<Instant>) {
        match self.order.discipline {
            Discipline::Deadline => (standing.priority, standing.tenant, Some(standing.deadline)),
            Discipline::Fifo { .. } => (Priority::Interactive, Tenant::default(), None),
        }
    }
}

/// What an item is charged; where its size makes no difference, what a batch costs,
/// and where nothing costs anything, its units.
fn price(costs: &CostModels, bucket: Bucket, units: u64) -> u64 {
    let model = costs.of(bucket);
    let charges = [model.marginal(units), model.predict(units)].map(nanoseconds);
    charges.into_iter().find(|charge| *charge > 0).unwrap_or(units)
}

#[cfg(test)]
mod tests;
