//! Drives a scheduler through a plan of arrivals on a clock of its own, and writes down all that happens.

#![allow(clippy::unwrap_used, unreachable_pub)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use slipstream_batcher::{
    BatchId, DropReason, Item, Limits, Member, Order, Padding, Priority, Scheduler, Standing, Step, Tenant, Ticket,
};

pub const MS: Duration = Duration::from_millis(1);

/// A group that arrives. Times in ms.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub at: u64,
    pub tenant: u16,
    pub bulk: bool,
    /// After its arrival.
    pub deadline: u64,
    /// Units and bucket of each item.
    pub items: Vec<(u64, u32)>,
    /// After how long its caller leaves, if it does.
    pub leaves: Option<u64>,
}

/// What happened to the items of a group, at a time in ms since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Refused(Ticket),
    Started { batch: BatchId, items: Vec<(Ticket, usize)>, bucket: u32 },
    Ended(BatchId),
    Dropped { ticket: Ticket, items: usize, reason: DropReason },
    Left { ticket: Ticket, items: usize },
}

/// A run: everything in order, and what is left in the end.
#[derive(Debug)]
pub struct Run {
    pub log: Vec<(u64, Event)>,
    /// Moments at which something waited though a lane was free.
    pub idle_while_waiting: Vec<u64>,
    pub left_over: (usize, Duration),
    pub longest_batch: u64,
}

pub fn limits(lanes: usize) -> Limits {
    Limits {
        max_waiting: 2_000 * MS,
        max_batch: 30 * MS,
        max_batch_items: 8,
        max_running: lanes,
        max_urgent: 0,
        padding: Padding::None,
        order: Order::default(),
        initial_time_per_unit: MS,
    }
}

enum Due {
    Arrive(usize),
    Leave(Ticket),
    End(BatchId),
    Wake,
}

/// Runs `arrivals`, of which a unit takes `per_unit` in truth.
pub fn drive(limits: Limits, arrivals: &[Arrival], per_unit: Duration) -> Run {
    #[allow(clippy::disallowed_methods, reason = "any moment will do")]
    let start = Instant::now();
    let lanes = limits.max_running;
    let mut scheduler: Scheduler<(Ticket, usize, u64, u32)> = Scheduler::new(limits);
    let mut due: BTreeMap<(u64, u64), Due> = BTreeMap::new();
    let mut number = 0;
    let mut schedule = |due: &mut BTreeMap<(u64, u64), Due>, at: u64, what: Due| {
        number += 1;
        due.insert((at, number), what);
    };
    for (index, arrival) in arrivals.iter().enumerate() {
        schedule(&mut due, arrival.at, Due::Arrive(index));
    }
    let mut run =
        Run { log: Vec::new(), idle_while_waiting: Vec::new(), left_over: (0, Duration::ZERO), longest_batch: 0 };
    let mut running: BTreeMap<BatchId, Duration> = BTreeMap::new();
    while let Some((&(at, _), _)) = due.first_key_value() {
        let now = start + MS * at as u32;
        while let Some(entry) = due.first_entry().filter(|entry| entry.key().0 == at) {
            match entry.remove() {
                Due::Arrive(index) => {
                    let Arrival { tenant, bulk, deadline, items, leaves, .. } = &arrivals[index];
                    let ticket = index as Ticket;
                    let priority = if *bulk { Priority::Bulk } else { Priority::Interactive };
                    let standing =
                        Standing { priority, tenant: Tenant(*tenant), deadline: now + MS * *deadline as u32 };
                    let item = |(place, &(units, bucket)): (usize, &(u64, u32))| Item {
                        payload: (ticket, place, units, bucket),
                        units,
                        bucket,
                    };
                    let items = items.iter().enumerate().map(item).collect();
                    match scheduler.submit(now, ticket, standing, items) {
                        Ok(()) => {
                            if let Some(after) = leaves {
                                schedule(&mut due, at + after, Due::Leave(ticket));
                            }
                        }
                        Err(_) => run.log.push((at, Event::Refused(ticket))),
                    }
                }
                Due::Leave(ticket) => {
                    let items = scheduler.cancel(ticket);
                    run.log.push((at, Event::Left { ticket, items }));
                }
                Due::End(batch) => {
                    let busy = running.remove(&batch).unwrap();
                    let members: Vec<Member> = scheduler.finish(batch, Some(busy));
                    assert!(!members.is_empty());
                    run.log.push((at, Event::Ended(batch)));
                }
                Due::Wake => {}
            }
        }
        loop {
            match scheduler.next(now) {
                Step::Ready { .. } => {
                    let Some(batch) = scheduler.cut(now) else { break };
                    let units: u64 = batch.payloads.iter().map(|payload| payload.2).sum();
                    let took = (per_unit * units as u32).max(MS);
                    let ends = at + took.as_millis() as u64;
                    running.insert(batch.id, took);
                    run.longest_batch = run.longest_batch.max(took.as_millis() as u64);
                    schedule(&mut due, ends, Due::End(batch.id));
                    let items = batch.payloads.iter().map(|payload| (payload.0, payload.1)).collect();
                    run.log.push((at, Event::Started { batch: batch.id, items, bucket: batch.observed.bucket }));
                }
                Step::Drop { ticket, items, reason } => run.log.push((at, Event::Dropped { ticket, items, reason })),
                Step::Wait(alarm) => {
                    if let Some(alarm) = alarm {
                        let at_alarm = alarm.saturating_duration_since(start).as_millis() as u64;
                        schedule(&mut due, at_alarm.max(at + 1), Due::Wake);
                    }
                    break;
                }
            }
        }
        if running.len() < lanes && scheduler.depth().items > 0 {
            run.idle_while_waiting.push(at);
        }
    }
    run.left_over = (scheduler.depth().items, scheduler.depth().predicted);
    run
}

/// Plans with bursts, several tenants, bulk, short and long deadlines, and callers that leave.
pub fn plans() -> impl Strategy<Value = Vec<Arrival>> {
    let items = prop::collection::vec((1..12u64, 0..3u32), 1..7);
    let leaves = prop::option::weighted(0.25, 1..120u64);
    let arrival = (0..400u64, 0..3u16, prop::bool::weighted(0.3), 5..500u64, items, leaves);
    prop::collection::vec(arrival, 1..60).prop_map(|drawn| {
        let arrival =
            |(at, tenant, bulk, deadline, items, leaves)| Arrival { at, tenant, bulk, deadline, items, leaves };
        drawn.into_iter().map(arrival).collect()
    })
}
