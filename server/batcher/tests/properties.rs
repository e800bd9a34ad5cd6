//! What holds for every plan of arrivals, on a virtual clock.

#![allow(clippy::unwrap_used)]

mod drive;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use drive::{Arrival, Event, MS, Run, drive, limits, plans};
use proptest::prelude::*;
use slipstream_batcher::{DropReason, Limits, Order, Ticket};

/// What became of everything.
#[derive(Default)]
struct Fates {
    /// When each item started.
    started: BTreeMap<(Ticket, usize), Vec<u64>>,
    /// When what was left of a group was dropped or left, and how many items that were.
    gone: BTreeMap<Ticket, (u64, usize)>,
    refused: BTreeSet<Ticket>,
}

fn fates(run: &Run) -> Fates {
    let Fates { mut started, mut gone, mut refused } = Fates::default();
    for (at, event) in &run.log {
        match event {
            Event::Started { items, .. } => {
                for item in items {
                    started.entry(*item).or_default().push(*at);
                }
            }
            Event::Dropped { ticket, items, .. } => {
                gone.insert(*ticket, (*at, *items));
            }
            Event::Left { ticket, items } if *items > 0 => {
                gone.insert(*ticket, (*at, *items));
            }
            Event::Left { .. } | Event::Ended(_) => {}
            Event::Refused(ticket) => {
                refused.insert(*ticket);
            }
        }
    }
    Fates { started, gone, refused }
}

proptest! {
    #[test]
    fn no_item_is_lost_or_served_twice(plan in plans(), lanes in 1..4usize, speed in 300..2_500u64) {
        let run = drive(limits(lanes), &plan, Duration::from_micros(speed));
        let Fates { started, gone, refused } = fates(&run);
        for (ticket, arrival) in plan.iter().enumerate() {
            let ticket = ticket as Ticket;
            let served: Vec<usize> = (0..arrival.items.len())
                .map(|index| started.get(&(ticket, index)).map_or(0, Vec::len)).collect();
            prop_assert!(served.iter().all(|times| *times <= 1), "{ticket}: {served:?}");
            let without: usize = served.iter().filter(|times| **times == 0).count();
            let accounted = if refused.contains(&ticket) { arrival.items.len() } else { gone.get(&ticket).map_or(0, |(_, items)| *items) };
            prop_assert_eq!(without, accounted, "{}: {:?}", ticket, served);
        }
    }

    #[test]
    fn nothing_waits_while_a_lane_is_free(plan in plans(), lanes in 1..4usize, speed in 300..2_500u64) {
        let run = drive(limits(lanes), &plan, Duration::from_micros(speed));
        prop_assert!(run.idle_while_waiting.is_empty(), "{:?}", run.idle_while_waiting);
    }

    #[test]
    fn nothing_starves(plan in plans(), lanes in 1..4usize, speed in 300..2_500u64) {
        let run = drive(limits(lanes), &plan, Duration::from_micros(speed));
        let Fates { started, gone, .. } = fates(&run);
        let latest = |ticket: &Ticket| plan[*ticket as usize].at + plan[*ticket as usize].deadline + run.longest_batch;
        for ((ticket, index), at) in &started {
            prop_assert!(at[0] <= latest(ticket), "item {index} of {ticket} started at {} ms", at[0]);
        }
        for (ticket, (at, _)) in &gone {
            prop_assert!(*at <= latest(ticket), "{ticket} was dropped at {at} ms");
        }
    }

    #[test]
    fn work_of_callers_that_left_is_in_no_later_batch(plan in plans(), lanes in 1..4usize) {
        let run = drive(limits(lanes), &plan, MS);
        let Fates { started, .. } = fates(&run);
        for ((ticket, _), at) in &started {
            let arrival = &plan[*ticket as usize];
            prop_assert!(arrival.leaves.is_none_or(|leaves| at[0] < arrival.at + leaves));
        }
    }

    #[test]
    fn batches_keep_their_bounds(plan in plans(), lanes in 1..4usize) {
        let run = drive(limits(lanes), &plan, MS);
        let mut running = 0usize;
        for (_, event) in &run.log {
            match event {
                Event::Started { items, bucket, .. } => {
                    running += 1;
                    prop_assert!(items.len() <= 8);
                    prop_assert!(items.iter().all(|(ticket, index)| plan[*ticket as usize].items[*index].1 == *bucket));
                }
                Event::Ended(_) => running -= 1,
                _ => {}
            }
            prop_assert!(running <= lanes);
        }
    }

    #[test]
    fn counters_return_to_zero(plan in plans(), lanes in 1..4usize, speed in 300..2_500u64) {
        let run = drive(limits(lanes), &plan, Duration::from_micros(speed));
        prop_assert_eq!(run.left_over, (0, Duration::ZERO));
    }

    #[test]
    fn the_same_arrivals_make_the_same_schedule(plan in plans(), lanes in 1..4usize) {
        let (first, second) = (drive(limits(lanes), &plan, MS), drive(limits(lanes), &plan, MS));
        prop_assert_eq!(first.log, second.log);
    }

    #[test]
    fn under_a_flood_every_tenant_gets_its_share_within_a_tenth(
        weights in prop::collection::vec(1..6u32, 2..4), lanes in 1..4usize, large in 2..12u64,
    ) {
        // All have work all the time: the first ten times as much, and in larger items.
        let mut plan = Vec::new();
        for at in 0..1_500u64 {
            for tenant in 0..weights.len() as u16 {
                let items = if tenant == 0 { vec![(large, 0); 10] } else { vec![(2, 0); 2 * lanes] };
                plan.push(Arrival { at: at * 2, tenant, bulk: false, deadline: 100_000, items, leaves: None });
            }
        }
        let order = Order { weights: weights.iter().map(|weight| f64::from(*weight)).collect(), ..Order::default() };
        let unbounded = Limits { max_waiting: Duration::MAX, order, ..limits(lanes) };
        let run = drive(unbounded, &plan, MS);
        let mut served = vec![0u64; weights.len()];
        // While everybody has work, and long enough that one item more or less does not count.
        for (at, event) in &run.log {
            if let Event::Started { items, .. } = event && (300..3_000).contains(at) {
                for (ticket, index) in items {
                    let arrival = &plan[*ticket as usize];
                    served[usize::from(arrival.tenant)] += arrival.items[*index].0;
                }
            }
        }
        let (all, total) = (served.iter().sum::<u64>() as f64, f64::from(weights.iter().sum::<u32>()));
        for (units, weight) in served.iter().zip(&weights) {
            let (share, due) = (*units as f64 / all, f64::from(*weight) / total);
            prop_assert!((share / due - 1.0).abs() < 0.1, "{served:?} for {weights:?}");
        }
    }
}

#[test]
fn what_cannot_be_in_time_is_dropped_for_what_can() {
    // Twice as much as one lane can do, all within 100 ms: half of it is done in time, and next to nothing too late.
    let plan: Vec<Arrival> = (0..100)
        .map(|i| Arrival { at: i * 10, tenant: 0, bulk: false, deadline: 100, items: vec![(20, 0)], leaves: None })
        .collect();
    let run = drive(limits(1), &plan, MS);
    let mut in_time = 0;
    let mut ends = BTreeMap::new();
    for (at, event) in &run.log {
        if let Event::Ended(batch) = event {
            ends.insert(*batch, *at);
        }
    }
    let mut late = 0;
    for (_, event) in &run.log {
        if let Event::Started { batch, items, .. } = event {
            for (ticket, _) in items {
                let arrival = &plan[*ticket as usize];
                if ends[batch] <= arrival.at + arrival.deadline { in_time += 1 } else { late += 1 }
            }
        }
    }
    assert!(in_time >= 45, "{in_time} in time, {late} late");
    assert!(late <= 3, "{in_time} in time, {late} late");
    let hopeless =
        run.log.iter().filter(|(_, e)| matches!(e, Event::Dropped { reason: DropReason::Hopeless, .. })).count();
    assert!(hopeless > 30, "{hopeless}");
}
