//! The rules of admission one by one, and that nothing is left behind.

#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "any moment will do")]

use proptest::prelude::*;

use super::*;
use crate::work::Tenant;

const MS: Duration = Duration::from_millis(1);

/// Two lanes; a request is thought to take 100 ms, so that ten are a wait of half a second.
fn limits() -> AdmissionLimits {
    AdmissionLimits {
        lanes: 2,
        max_wait: 500 * MS,
        target_wait: 100 * MS,
        bulk_share: 0.5,
        max_requests: 1_000,
        max_bytes: 1_000_000,
        order: Order::default(),
        initial_cost: 100 * MS,
    }
}

fn claim(now: Instant, tenant: u16, deadline: Duration) -> Claim {
    let standing = Standing { priority: Priority::Interactive, tenant: Tenant(tenant), deadline: now + deadline };
    Claim { standing, bucket: 0, bytes: 1 }
}

fn bulk(now: Instant) -> Claim {
    let mut claim = claim(now, 0, Duration::from_secs(30));
    claim.standing.priority = Priority::Bulk;
    claim
}

/// Lets a request in whose upload is there at once.
fn enter(admission: &mut Admission, now: Instant, claim: Claim) -> Result<Ticket, Refusal> {
    let ticket = admission.enter(now, claim)?.ticket;
    admission.received(now, ticket).map(|()| ticket)
}

/// How many of `count` such claims are let in, and why the last one was not.
fn let_in(admission: &mut Admission, now: Instant, claim: Claim, count: usize) -> (usize, Option<Reason>) {
    let answers: Vec<_> = (0..count).map(|_| enter(admission, now, claim)).collect();
    (answers.iter().flatten().count(), answers.last().unwrap().err().map(|refusal| refusal.reason))
}

#[test]
fn work_is_let_in_up_to_the_limit_and_the_rest_is_told_when_to_come() {
    let now = Instant::now();
    let mut admission = Admission::new(limits());
    let patient = claim(now, 0, Duration::from_secs(30));
    assert_eq!(let_in(&mut admission, now, patient, 12), (10, Some(Reason::Limit)));
    let refusal = admission.enter(now, patient).unwrap_err();
    assert!((500 * MS..1_500 * MS).contains(&refusal.retry_after), "{:?}", refusal.retry_after);
    assert_eq!(admission.load().in_flight, 1_000 * MS);
}

#[test]
fn a_deadline_that_cannot_be_kept_is_refused_and_an_earlier_one_goes_first() {
    let now = Instant::now();
    let mut admission = Admission::new(limits());
    let (count, reason) = let_in(&mut admission, now, claim(now, 0, 240 * MS), 12);
    assert_eq!((count, reason), (4, Some(Reason::Deadline)));
    // It passes the four that have more time.
    assert!(admission.enter(now, claim(now, 0, 90 * MS)).is_ok());
    assert_eq!(admission.enter(now, claim(now, 0, 40 * MS)).unwrap_err().reason, Reason::Hopeless);
}

#[test]
fn an_empty_server_tries_everything() {
    let now = Instant::now();
    let mut admission = Admission::new(limits());
    assert!(admission.enter(now, claim(now, 0, MS)).is_ok());
}

#[test]
fn bulk_leaves_room_for_interactive_work() {
    let now = Instant::now();
    let mut admission = Admission::new(limits());
    assert_eq!(let_in(&mut admission, now, bulk(now), 9), (5, Some(Reason::Limit)));
    let patient = claim(now, 0, Duration::from_secs(30));
    assert_eq!(let_in(&mut admission, now, patient, 9), (5, Some(Reason::Limit)));
}

#[test]
fn a_flood_does_not_shut_another_tenant_out() {
    let now = Instant::now();
    let mut admission =
        Admission::new(AdmissionLimits { order: Order { weights: vec![1.0, 3.0], ..Order::default() }, ..limits() });
    let (flood, guest) = (claim(now, 0, Duration::from_secs(30)), claim(now, 1, 800 * MS));
    assert_eq!(let_in(&mut admission, now, flood, 20).0, 10);
    // Three quarters of the limit are the guest's, deadlines kept: the flood does not go before it.
    assert_eq!(let_in(&mut admission, now, guest, 20).0, 8);
    assert_eq!(let_in(&mut admission, now, flood, 2), (0, Some(Reason::Share)));
    // Gone for more than a second and nothing in flight: alone again.
    let later = now + Duration::from_secs(3);
    for ticket in 0..18 {
        admission.leave(later, ticket, Outcome::Abandoned);
    }
    assert_eq!(let_in(&mut admission, later, claim(later, 0, Duration::from_secs(30)), 20), (10, Some(Reason::Limit)));
}

#[test]
fn requests_and_bytes_are_bounded_too() {
    let now = Instant::now();
    let patient = claim(now, 0, Duration::from_secs(30));
    let mut few = Admission::new(AdmissionLimits { max_requests: 3, ..limits() });
    assert_eq!(let_in(&mut few, now, patient, 5), (3, Some(Reason::Requests)));
    let mut small = Admission::new(AdmissionLimits { max_bytes: 3, ..limits() });
    assert_eq!(let_in(&mut small, now, patient, 5), (3, Some(Reason::Bytes)));
    let fifo = Order { discipline: Discipline::Fifo { window: Duration::ZERO }, ..Order::default() };
    let mut fifo = Admission::new(AdmissionLimits { order: fifo, max_requests: 30, ..limits() });
    assert_eq!(let_in(&mut fifo, now, claim(now, 0, MS), 40), (30, Some(Reason::Requests)));
}

#[test]
fn a_request_that_turns_out_larger_than_there_is_room_for_ends_whole() {
    let now = Instant::now();
    let mut admission = Admission::new(AdmissionLimits { max_wait: 1_500 * MS, ..limits() });
    let soon = claim(now, 0, 300 * MS);
    let lines = |units| Progress { checkpoint: 0, units, busy: 20 * MS };
    let first = enter(&mut admission, now, soon).unwrap();
    assert_eq!(admission.progress(now, first, lines(900)), Ok(()), "nothing is known of lines yet");
    assert_eq!(admission.load().in_flight, 80 * MS);
    // A line takes 1 ms.
    admission.leave(now, first, Outcome::Done { busy: 920 * MS });
    let first = enter(&mut admission, now, soon).unwrap();
    assert_eq!(admission.progress(now, first, lines(2_000)), Ok(()), "alone, it may try");
    assert_eq!(admission.progress(now, first, lines(50)), Ok(()));
    assert_eq!(admission.load().in_flight, 50 * MS);
    let second = enter(&mut admission, now, claim(now, 0, 800 * MS)).unwrap();
    assert_eq!(admission.progress(now, second, lines(1_000)), Ok(()));
    assert_eq!(admission.progress(now, second, lines(1_590)).unwrap_err().reason, Reason::Deadline);
    assert_eq!(admission.progress(now, second, lines(1_700)).unwrap_err().reason, Reason::Hopeless);
    admission.leave(now, second, Outcome::Abandoned);
    let patient = enter(&mut admission, now, claim(now, 0, Duration::from_secs(30))).unwrap();
    assert_eq!(admission.progress(now, patient, lines(7_000)).unwrap_err().reason, Reason::Limit);
}

#[test]
fn costs_and_the_stretch_of_answers_are_learnt() {
    let mut now = Instant::now();
    let mut admission = Admission::new(limits());
    // Requests take 40 ms of compute time, but 100 ms until they are answered.
    for _ in 0..100 {
        let ticket = enter(&mut admission, now, claim(now, 0, 400 * MS)).unwrap();
        now += 100 * MS;
        let settled = admission.leave(now, ticket, Outcome::Done { busy: 40 * MS }).unwrap();
        assert_eq!(settled.took, 100 * MS);
    }
    // 20 ms would be the answer's time on two lanes; it is known to be five times that.
    let (count, reason) = let_in(&mut admission, now, claim(now, 0, 310 * MS), 12);
    assert_eq!((count, reason), (3, Some(Reason::Deadline)));
}

#[test]
fn late_answers_lower_the_limit() {
    let mut now = Instant::now();
    let mut admission = Admission::new(limits());
    let before = admission.load().limit;
    let ticket = enter(&mut admission, now, claim(now, 0, 100 * MS)).unwrap();
    now += 100 * MS;
    assert_eq!(admission.leave(now, ticket, Outcome::Missed { busy: MS }), None);
    assert!(admission.load().limit < before);
}

#[test]
fn slow_uploads_keep_nobody_out() {
    let mut now = Instant::now();
    let mut admission = Admission::new(limits());
    let patient = |now| claim(now, 0, Duration::from_secs(30));
    let slow: Vec<_> = (0..10).map(|_| admission.enter(now, patient(now)).unwrap().ticket).collect();
    assert!(admission.enter(now, patient(now)).is_err(), "they may all be there in a moment");
    now += Duration::from_secs(2);
    assert_eq!(let_in(&mut admission, now, patient(now), 12).0, 10);
    // What they become when they are there after all: work like any other, timed from now on.
    for ticket in slow {
        assert_eq!(admission.received(now, ticket), Ok(()));
        admission.leave(now + 50 * MS, ticket, Outcome::Done { busy: 100 * MS });
    }
    assert!(admission.load().stretch < 1.5, "{}", admission.load().stretch);
    let late = admission.enter(now, claim(now, 0, 5_000 * MS)).map(|entered| entered.ticket);
    let refused = late.and_then(|ticket| admission.received(now + 4_980 * MS, ticket));
    assert!(refused.is_err(), "no time is left for it");
}

#[test]
fn a_flood_that_lasts_does_not_make_a_line_that_lasts() {
    let mut now = Instant::now();
    let mut admission = Admission::new(limits());
    let mut inside = std::collections::VecDeque::new();
    // Every 50 ms one of two lanes is done with a request, and three more come.
    for _ in 0..200 {
        now += 50 * MS;
        if let Some(ticket) = inside.pop_front() {
            admission.leave(now, ticket, Outcome::Done { busy: 100 * MS });
        }
        for _ in 0..3 {
            inside.extend(enter(&mut admission, now, claim(now, 0, Duration::from_secs(30))));
        }
    }
    assert!(inside.len() <= 3, "{} wait", inside.len());
}

proptest! {
    #[test]
    fn counters_return_to_zero(
        script in prop::collection::vec((0..4u8, 0..3u16, 1..900u64, any::<prop::sample::Index>()), 1..120),
    ) {
        let mut now = Instant::now();
        let mut admission = Admission::new(limits());
        let mut inside = Vec::new();
        for (action, tenant, ms, pick) in script {
            now += MS * ms as u32 / 10;
            match action {
                0 | 1 => {
                    let claim = if action == 0 { claim(now, tenant, MS * ms as u32) } else { bulk(now) };
                    inside.extend(enter(&mut admission, now, claim));
                }
                _ if inside.is_empty() => {}
                2 => {
                    let progress = Progress { checkpoint: u32::from(tenant), units: ms, busy: MS };
                    let _ = admission.progress(now, inside[pick.index(inside.len())], progress);
                }
                _ => {
                    let ticket = inside.swap_remove(pick.index(inside.len()));
                    let outcomes = [Outcome::Done { busy: MS * ms as u32 }, Outcome::Missed { busy: MS * ms as u32 }, Outcome::Abandoned];
                    admission.leave(now, ticket, outcomes[ms as usize % 3]);
                }
            }
            prop_assert_eq!(admission.load().requests, inside.len());
            prop_assert!((200 * MS..=1_000 * MS).contains(&admission.load().limit));
        }
        for ticket in inside {
            admission.leave(now, ticket, Outcome::Abandoned);
        }
        let Load { in_flight, bulk, requests, .. } = admission.load();
        prop_assert_eq!((in_flight, bulk, requests), (Duration::ZERO, Duration::ZERO, 0));
    }
}
