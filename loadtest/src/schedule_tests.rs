#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::plan::{Leavers, Pace};

fn stream(rate_per_s: f64, seed: u64) -> Stream {
    Stream { tenants: vec![0, 1], rate_per_s, pace: Pace::Poisson, mix: Mix::Any, leavers: None, seed }
}

fn phase(name: &'static str, length_s: u64, streams: Vec<Stream>) -> PhasePlan {
    PhasePlan { name, length: Duration::from_secs(length_s), after_rest: false, leavers_leave: false, streams }
}

fn plan(phases: Vec<PhasePlan>) -> Plan {
    Plan { phases, headline: 0, base: None, recovery: None }
}

fn catalogue() -> Catalogue {
    Catalogue { ordinary: vec![3, 1, 0], huge: vec![2] }
}

proptest! {
    #[test]
    fn a_schedule_is_in_order_and_every_request_is_in_its_phase(
        seed: u64, rates in prop::collection::vec((0.0..80.0f64, 0..6u64), 1..5),
    ) {
        let phases = rates.iter().enumerate().map(|(n, (rate, length))| {
            phase("p", *length, vec![stream(*rate, n as u64), stream(rate / 3.0, 100 + n as u64)])
        });
        let schedule = Schedule::draw(&plan(phases.collect()), &catalogue(), seed, 10_000).unwrap();
        prop_assert!(schedule.arrivals.is_sorted_by_key(|a| a.at));
        for arrival in &schedule.arrivals {
            let (start, end) = schedule.phases[arrival.phase].span;
            prop_assert!((start..end).contains(&arrival.at));
            prop_assert!(catalogue().ordinary.contains(&arrival.image) && !arrival.huge);
        }
    }

    #[test]
    fn no_schedule_is_longer_than_allowed(seed: u64, max in 0..300usize) {
        let plan = plan(vec![phase("p", 3, vec![stream(50.0, 1), stream(20.0, 2)])]);
        match Schedule::draw(&plan, &catalogue(), seed, max) {
            Ok(schedule) => prop_assert!(schedule.arrivals.len() <= max),
            Err(error) => prop_assert!(error.to_string().contains(&max.to_string())),
        }
    }
}

#[test]
fn streams_of_one_seed_arrive_alike_and_leave_alike() {
    let after = (Duration::from_millis(100), Duration::from_millis(1_000));
    let overload = Stream { leavers: Some(Leavers { share: 0.3, after }), ..stream(60.0, 5) };
    let again = PhasePlan { after_rest: true, leavers_leave: true, ..phase("leave", 20, vec![overload.clone()]) };
    let plan = plan(vec![phase("stay", 20, vec![overload]), again]);
    let schedule = Schedule::draw(&plan, &catalogue(), 1, 10_000).unwrap();
    let of = |index: usize| {
        let start = schedule.phases[index].span.0;
        let phase = schedule.arrivals.iter().filter(move |a| a.phase == index);
        phase.map(move |a| (a.at - start, a.image, a.patience)).collect::<Vec<_>>()
    };
    assert_eq!(of(0), of(1));
    let patience: Vec<Duration> = of(0).into_iter().filter_map(|(_, _, patience)| patience).collect();
    let share = patience.len() as f64 / of(0).len() as f64;
    assert!((share - 0.3).abs() < 0.06, "{share}");
    assert!(patience.iter().all(|p| (after.0..=after.1).contains(p)));
    assert_eq!((schedule.segments(), schedule.span(1)), (2, (Duration::from_secs(20), Duration::from_secs(40))));
}

#[test]
fn every_tenth_request_is_huge_and_typical_images_take_turns() {
    let of = |mix| {
        let stream = Stream { mix, pace: Pace::Even, ..stream(20.0, 1) };
        let schedule = Schedule::draw(&plan(vec![phase("p", 1, vec![stream])]), &catalogue(), 1, 100).unwrap();
        schedule.arrivals.iter().map(|a| (a.image, a.huge)).collect::<Vec<_>>()
    };
    let huge: Vec<usize> =
        of(Mix::EveryTenthHuge).iter().enumerate().filter(|(_, (_, h))| *h).map(|(n, _)| n).collect();
    assert_eq!(huge, [9, 19]);
    assert_eq!(of(Mix::EveryTenthHuge)[9].0, 2);
    assert_eq!(of(Mix::Typical(2)).iter().take(4).map(|(image, _)| *image).collect::<Vec<_>>(), [3, 1, 3, 1]);
}
