//! Properties of the backlog against a plain sorted list, and of its rules one by one.

#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "any moment will do")]

use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// A group as the strategy draws it: band, deadline in ms, units of its items.
type Drawn = (bool, u64, Vec<u64>);

fn groups() -> impl Strategy<Value = Vec<Drawn>> {
    prop::collection::vec((any::<bool>(), 0..50u64, prop::collection::vec(1..40u64, 1..6)), 1..20)
}

/// No share for bulk, so that the order is that of a sorted list.
fn strict() -> Order {
    Order { bulk_floor: 0.0, ..Order::default() }
}

fn costs() -> CostModels {
    CostModels::starting_at(Duration::from_nanos(1))
}

fn room(max_items: usize, max_units: u64) -> Room {
    Room { max_items, max_time: Duration::from_nanos(max_units), padding: Padding::None, bulk_too: true }
}

fn standing(start: Instant, tenant: u16, drawn: &Drawn) -> Standing {
    let priority = if drawn.0 { Priority::Bulk } else { Priority::Interactive };
    Standing { priority, tenant: Tenant(tenant), deadline: start + Duration::from_millis(drawn.1) }
}

fn items<P>(start: Instant, bucket: Bucket, items: impl IntoIterator<Item = (P, u64)>) -> Vec<Waiting<P>> {
    items.into_iter().map(|(payload, units)| Waiting { payload, units, bucket, since: start }).collect()
}

fn filled(start: Instant, drawn: &[Drawn], order: Order) -> Backlog<(usize, usize)> {
    let mut backlog = Backlog::new(order);
    for (ticket, group) in drawn.iter().enumerate() {
        let members = group.2.iter().enumerate().map(|(index, &units)| ((ticket, index), units));
        backlog.push(ticket as Ticket, standing(start, 0, group), items(start, 0, members));
    }
    backlog
}

/// Every item in the order it must be served: (priority, deadline, ticket, index) and its units.
fn expected(drawn: &[Drawn]) -> Vec<((bool, u64, usize, usize), u64)> {
    let mut all = Vec::new();
    for (ticket, group) in drawn.iter().enumerate() {
        all.extend(group.2.iter().enumerate().map(|(index, &units)| ((group.0, group.1, ticket, index), units)));
    }
    all.sort_by_key(|(key, _)| *key);
    all
}

proptest! {
    #[test]
    fn batches_are_cut_in_order_within_limits_and_hold_every_item_once(
        drawn in groups(), max_items in 1..8usize, max_units in 1..80u64,
    ) {
        let start = Instant::now();
        let mut backlog = filled(start, &drawn, strict());
        let mut served = Vec::new();
        loop {
            let batch = backlog.cut(room(max_items, max_units), &costs());
            if batch.is_empty() {
                break;
            }
            let units: u64 = batch.iter().map(|cut| cut.item.units).sum();
            prop_assert!(batch.len() <= max_items);
            prop_assert!(units <= max_units || batch.len() == 1, "{units} units in {} items", batch.len());
            served.extend(batch.iter().map(|cut| (cut.item.payload, cut.item.units)));
        }
        let order: Vec<_> = expected(&drawn).iter().map(|((.., ticket, index), units)| ((*ticket, *index), *units)).collect();
        prop_assert_eq!(served, order);
        prop_assert_eq!((backlog.len(), backlog.predicted(&costs()), backlog.groups()), (0, Duration::ZERO, 0));
        prop_assert_eq!(backlog.earliest_deadline(), None);
    }

    #[test]
    fn a_removed_group_is_gone_and_the_sum_of_units_stays_true(
        drawn in groups(), cuts in 0..4usize, pick in any::<prop::sample::Index>(),
    ) {
        let start = Instant::now();
        let mut backlog = filled(start, &drawn, strict());
        let mut taken = 0;
        for _ in 0..cuts {
            taken += backlog.cut(room(3, u64::MAX), &costs()).len();
        }
        let gone = pick.index(drawn.len());
        let left = expected(&drawn).split_off(taken);
        let removed = backlog.remove(gone as Ticket);
        prop_assert_eq!(removed, left.iter().filter(|((.., ticket, _), _)| *ticket == gone).count());
        let rest: Vec<_> = left.iter().filter(|((.., ticket, _), _)| *ticket != gone).collect();
        let units: u64 = rest.iter().map(|(_, units)| units).sum();
        prop_assert_eq!(backlog.predicted(&costs()), Duration::from_nanos(units));
        let served: Vec<_> = backlog.cut(room(usize::MAX, u64::MAX), &costs()).iter().map(|cut| cut.item.payload).collect();
        prop_assert_eq!(served, rest.iter().map(|((.., t, i), _)| (*t, *i)).collect::<Vec<_>>());
    }

    #[test]
    fn exactly_the_groups_past_their_deadline_are_expired(drawn in groups(), now in 0..60u64) {
        let start = Instant::now();
        let backlog = filled(start, &drawn, strict());
        let mut expired: Vec<_> = backlog.expired(start + Duration::from_millis(now)).collect();
        expired.sort_unstable();
        let late = drawn.iter().enumerate().filter(|(_, group)| group.1 <= now).map(|(ticket, _)| ticket as Ticket);
        prop_assert_eq!(expired, late.collect::<Vec<_>>());
        let earliest = drawn.iter().map(|group| group.1).min().unwrap();
        prop_assert_eq!(backlog.earliest_deadline(), Some(start + Duration::from_millis(earliest)));
    }

    #[test]
    fn first_come_first_served_sees_neither_bands_nor_tenants_nor_deadlines(drawn in groups()) {
        let start = Instant::now();
        let fifo = Order { discipline: Discipline::Fifo { window: Duration::ZERO }, ..strict() };
        let mut backlog = Backlog::new(fifo);
        for (ticket, group) in drawn.iter().enumerate() {
            let members = group.2.iter().map(|&units| (ticket, units));
            backlog.push(ticket as Ticket, standing(start, ticket as u16 % 3, group), items(start, 0, members));
        }
        let served: Vec<_> = backlog.cut(room(usize::MAX, u64::MAX), &costs()).iter().map(|cut| cut.item.payload).collect();
        let order: Vec<_> = drawn.iter().enumerate().flat_map(|(ticket, group)| vec![ticket; group.2.len()]).collect();
        prop_assert_eq!(served, order);
    }
}

const LATER: Drawn = (false, 90, Vec::new());
const SOON: Drawn = (false, 10, Vec::new());
const BULK: Drawn = (true, 10, Vec::new());

#[test]
fn a_batch_holds_one_bucket_and_is_filled_in_the_order_of_the_bands() {
    let start = Instant::now();
    let mut backlog = Backlog::new(Order::default());
    backlog.push(0, standing(start, 0, &LATER), items(start, 1, [("later", 1)]));
    backlog.push(1, standing(start, 0, &SOON), items(start, 1, [("soon", 1)]));
    backlog.push(2, standing(start, 0, &(false, 50, Vec::new())), items(start, 2, [("other shape", 1)]));
    backlog.push(3, standing(start, 0, &BULK), items(start, 1, [("bulk", 1)]));
    let mut served =
        || -> Vec<&str> { backlog.cut(room(9, 99), &costs()).iter().map(|cut| cut.item.payload).collect() };
    assert_eq!(served(), ["soon", "later", "bulk"]);
    assert_eq!(served(), ["other shape"]);
}

#[test]
fn padding_is_counted_and_slots_that_cost_nothing_are_filled() {
    assert_eq!(Padding::None.units(3, 10, 5), 10);
    assert_eq!(Padding::ToLargest { slots: 1 }.units(3, 10, 5), 15);
    assert_eq!(Padding::ToLargest { slots: 4 }.units(3, 10, 5), 20);
    let start = Instant::now();
    let mut backlog = Backlog::new(Order::default());
    backlog.push(0, standing(start, 0, &SOON), items(start, 0, [(0, 10), (1, 10), (2, 10)]));
    backlog.push(1, standing(start, 0, &BULK), items(start, 0, [(3, 10), (4, 10)]));
    // The third item makes a batch of four slots; the fourth slot is free, a fifth is not.
    let padding = Padding::ToLargest { slots: 4 };
    let batch = backlog.cut(Room { padding, ..room(9, 40) }, &costs());
    assert_eq!(batch.iter().map(|cut| cut.item.payload).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn tenants_are_served_in_proportion_to_their_weights() {
    let start = Instant::now();
    let mut backlog = Backlog::new(Order { weights: vec![3.0, 1.0], ..Order::default() });
    // The one with the smaller share has the earlier deadlines and more work.
    backlog.push(0, standing(start, 0, &LATER), items(start, 0, (0..400).map(|_| (0, 5))));
    backlog.push(1, standing(start, 1, &SOON), items(start, 0, (0..4_000).map(|_| (1, 1))));
    let mut work = [0u64; 2];
    for _ in 0..100 {
        for cut in backlog.cut(room(1, 99), &costs()) {
            work[cut.item.payload] += cut.item.units;
        }
    }
    let share = work[0] as f64 / (work[0] + work[1]) as f64;
    assert!((share - 0.75).abs() < 0.05, "{work:?}");
}

#[test]
fn who_comes_back_after_a_pause_has_not_saved_up_a_claim() {
    let start = Instant::now();
    let mut backlog = Backlog::new(Order::default());
    backlog.push(0, standing(start, 0, &LATER), items(start, 0, (0..500).map(|_| (0, 1))));
    backlog.push(1, standing(start, 1, &LATER), items(start, 0, [(1, 1)]));
    for _ in 0..300 {
        backlog.cut(room(1, 9), &costs());
    }
    backlog.push(2, standing(start, 1, &LATER), items(start, 0, (0..500).map(|_| (1, 1))));
    let next: Vec<usize> =
        (0..20).flat_map(|_| backlog.cut(room(1, 9), &costs())).map(|cut| cut.item.payload).collect();
    assert!((9..=11).contains(&next.iter().sum::<usize>()), "{next:?}");
}

#[test]
fn bulk_gets_its_floor_while_interactive_work_floods() {
    let start = Instant::now();
    let mut backlog = Backlog::new(Order { bulk_floor: 0.1, ..Order::default() });
    backlog.push(0, standing(start, 0, &SOON), items(start, 0, (0..1_000).map(|_| (0, 1))));
    backlog.push(1, standing(start, 0, &BULK), items(start, 0, (0..1_000).map(|_| (1, 1))));
    let served: usize = (0..440).flat_map(|_| backlog.cut(room(1, 9), &costs())).map(|cut| cut.item.payload).sum();
    assert!((38..=42).contains(&served), "{served} of 440");
    // Nothing bulk when it is not let in.
    let batch = backlog.cut(Room { bulk_too: false, ..room(2_000, u64::MAX) }, &costs());
    assert!(batch.iter().all(|cut| cut.item.payload == 0));
}
