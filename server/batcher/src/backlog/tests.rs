//! Properties of the backlog against a plain sorted list.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// A group as the strategy draws it: band, deadline in ms, units of its items.
type Drawn = (bool, u64, Vec<u64>);

fn groups() -> impl Strategy<Value = Vec<Drawn>> {
    prop::collection::vec((any::<bool>(), 0..50u64, prop::collection::vec(1..40u64, 1..6)), 1..20)
}

fn place(start: Instant, ticket: usize, drawn: &Drawn) -> Place {
    let priority = if drawn.0 { Priority::Bulk } else { Priority::Interactive };
    Place { priority, deadline: start + Duration::from_millis(drawn.1), ticket: ticket as Ticket }
}

fn filled(start: Instant, drawn: &[Drawn]) -> Backlog<(usize, usize)> {
    let mut backlog = Backlog::new();
    for (ticket, group) in drawn.iter().enumerate() {
        let items = group.2.iter().enumerate();
        let items = items.map(|(index, &units)| Waiting { payload: (ticket, index), units, since: start });
        backlog.push(place(start, ticket, group), items);
    }
    backlog
}

/// Every item in the order it must be served: (priority, deadline, ticket, index) and its units.
fn expected(start: Instant, drawn: &[Drawn]) -> Vec<((Priority, Instant, usize, usize), u64)> {
    let mut all = Vec::new();
    for (ticket, group) in drawn.iter().enumerate() {
        let place = place(start, ticket, group);
        let items = group.2.iter().enumerate();
        all.extend(items.map(|(index, &units)| ((place.priority, place.deadline, ticket, index), units)));
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
        let mut backlog = filled(start, &drawn);
        let mut served = Vec::new();
        loop {
            let batch = backlog.cut(max_items, max_units);
            if batch.is_empty() {
                break;
            }
            let units: u64 = batch.iter().map(|cut| cut.item.units).sum();
            prop_assert!(batch.len() <= max_items);
            prop_assert!(units <= max_units || batch.len() == 1, "{units} units in {} items", batch.len());
            served.extend(batch.iter().map(|cut| (cut.item.payload, cut.item.units)));
        }
        let order: Vec<_> = expected(start, &drawn).iter().map(|((_, _, t, i), units)| ((*t, *i), *units)).collect();
        prop_assert_eq!(served, order);
        prop_assert_eq!((backlog.len(), backlog.units()), (0, 0));
    }

    #[test]
    fn a_removed_group_is_gone_and_the_sum_of_units_stays_true(drawn in groups(), cuts in 0..4usize, pick in any::<prop::sample::Index>()) {
        let start = Instant::now();
        let mut backlog = filled(start, &drawn);
        let mut taken = 0;
        for _ in 0..cuts {
            taken += backlog.cut(3, u64::MAX).len();
        }
        let gone = pick.index(drawn.len());
        let left = expected(start, &drawn).split_off(taken);
        let removed = backlog.remove(place(start, gone, &drawn[gone]));
        prop_assert_eq!(removed, left.iter().filter(|((_, _, ticket, _), _)| *ticket == gone).count());
        let rest: Vec<_> = left.iter().filter(|((_, _, ticket, _), _)| *ticket != gone).collect();
        prop_assert_eq!(backlog.units(), rest.iter().map(|(_, units)| units).sum::<u64>());
        let served: Vec<_> = backlog.cut(usize::MAX, u64::MAX).iter().map(|cut| cut.item.payload).collect();
        prop_assert_eq!(served, rest.iter().map(|((_, _, t, i), _)| (*t, *i)).collect::<Vec<_>>());
    }

    #[test]
    fn exactly_the_groups_past_their_deadline_are_expired(drawn in groups(), now in 0..60u64) {
        let start = Instant::now();
        let backlog = filled(start, &drawn);
        let mut expired: Vec<_> = backlog.expired(start + Duration::from_millis(now)).iter().map(|p| p.ticket).collect();
        expired.sort_unstable();
        let late = drawn.iter().enumerate().filter(|(_, group)| group.1 <= now).map(|(ticket, _)| ticket as Ticket);
        prop_assert_eq!(expired, late.collect::<Vec<_>>());
        let earliest = drawn.iter().map(|group| group.1).min().unwrap();
        prop_assert_eq!(backlog.earliest_deadline(), Some(start + Duration::from_millis(earliest)));
    }
}
