//! The door and the turns as their callers see them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use slipstream_batcher::{
    AdmissionLimits, Claim, Door, DoorObserver, Load, NotAdmitted, Order, Outcome, Priority, Progress, Reason, Refusal,
    Settled, Standing, Tenant, TokioClock, TurnLimits, Turns,
};

const MS: Duration = Duration::from_millis(1);

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn standing(priority: Priority, tenant: u16, deadline: Duration) -> Standing {
    Standing { priority, tenant: Tenant(tenant), deadline: now() + deadline }
}

/// Everything an observer was told but the load, which is told after each of them.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl DoorObserver for Recorder {
    fn decided(&self, standing: &Standing, decision: Result<(), Refusal>) {
        let decision = decision.map_err(|refusal| refusal.reason);
        self.0.lock().unwrap().push(format!("{:?} {decision:?}", standing.tenant));
    }
    fn turned_out(&self, _: &Standing, refusal: Refusal) {
        self.0.lock().unwrap().push(format!("out {:?}", refusal.reason));
    }
    fn left(&self, _: &Standing, outcome: Outcome, settled: Option<Settled>) {
        let took = settled.map(|settled| (settled.cost, settled.took));
        self.0.lock().unwrap().push(format!("{outcome:?} {took:?}"));
    }
    fn load(&self, _: Load) {}
}

/// One lane, requests of 100 ms, at most two of them.
fn door() -> (Door, Recorder) {
    let limits = AdmissionLimits {
        lanes: 1,
        max_wait: 200 * MS,
        target_wait: 100 * MS,
        bulk_share: 0.5,
        max_requests: 10,
        max_bytes: 1_000,
        order: Order::default(),
        initial_cost: 100 * MS,
    };
    let recorder = Recorder::default();
    (Door::open(limits, TokioClock, recorder.clone()), recorder)
}

fn claim(deadline: Duration) -> Claim {
    Claim { standing: standing(Priority::Interactive, 0, deadline), bucket: 0, bytes: 10 }
}

#[tokio::test(start_paused = true)]
async fn a_permit_makes_room_when_it_is_left_or_dropped() {
    let (door, recorder) = door();
    let first = door.enter(claim(5_000 * MS)).await.unwrap();
    let second = door.enter(claim(5_000 * MS)).await.unwrap();
    assert_eq!((door.load().requests, door.load().in_flight), (2, 200 * MS));
    let NotAdmitted::Refused(refusal) = door.enter(claim(5_000 * MS)).await.unwrap_err() else { panic!() };
    assert_eq!(refusal.reason, Reason::Limit);
    assert!(refusal.retry_after > 400 * MS, "{:?}", refusal.retry_after);
    drop(first);
    tokio::time::sleep(30 * MS).await;
    assert!(second.progress(Progress { checkpoint: 0, units: 7, busy: 10 * MS }).await.is_ok());
    assert_eq!(door.load().in_flight, 90 * MS);
    second.leave(Outcome::Done { busy: 50 * MS });
    door.empty().await;
    assert_eq!(door.load().requests, 0);
    let told = recorder.0.lock().unwrap().join(", ");
    assert_eq!(
        told,
        "Tenant(0) Ok(()), Tenant(0) Ok(()), Tenant(0) Err(Limit), Abandoned None, Done { busy: 50ms } Some((100ms, 30ms))"
    );
}

#[tokio::test(start_paused = true)]
async fn a_closed_door_lets_nobody_in_and_says_when_all_have_left() {
    let (door, _) = door();
    let inside = door.enter(claim(5_000 * MS)).await.unwrap();
    door.close();
    assert_eq!(door.enter(claim(5_000 * MS)).await.unwrap_err(), NotAdmitted::Closed);
    let empty = tokio::time::timeout(20 * MS, door.empty());
    assert!(empty.await.is_err());
    drop(inside);
    door.empty().await;
}

/// Takes a turn in the background and notes its name when it came; holds it for 10 ms.
fn take(
    turns: &Turns,
    standing: Standing,
    name: &'static str,
    log: &Arc<Mutex<Vec<&'static str>>>,
) -> tokio::task::JoinHandle<()> {
    let (turns, log) = (turns.clone(), Arc::clone(log));
    tokio::spawn(async move {
        let turn = turns.take(now(), standing, MS).await.unwrap();
        log.lock().unwrap().push(name);
        tokio::time::sleep(10 * MS).await;
        drop(turn);
    })
}

#[tokio::test(start_paused = true)]
async fn turns_are_given_in_the_order_of_bands_and_deadlines() {
    let turns = Turns::start(TurnLimits { max: 1, max_bulk: 1, order: Order { bulk_floor: 0.0, ..Order::default() } });
    let log = Arc::default();
    let held = turns.take(now(), standing(Priority::Bulk, 0, MS), MS).await.unwrap();
    let waiting = [
        take(&turns, standing(Priority::Bulk, 0, 10 * MS), "bulk", &log),
        take(&turns, standing(Priority::Interactive, 0, 90 * MS), "later", &log),
        take(&turns, standing(Priority::Interactive, 0, 50 * MS), "leaves", &log),
        take(&turns, standing(Priority::Interactive, 0, 70 * MS), "soon", &log),
    ];
    tokio::time::sleep(MS).await;
    waiting[2].abort();
    tokio::time::sleep(MS).await;
    assert!(log.lock().unwrap().is_empty());
    drop(held);
    for task in waiting {
        let _ = task.await;
    }
    assert_eq!(*log.lock().unwrap(), ["soon", "later", "bulk"]);
}

#[tokio::test(start_paused = true)]
async fn bulk_holds_only_its_part_of_the_turns() {
    let turns = Turns::start(TurnLimits { max: 3, max_bulk: 1, order: Order::default() });
    let log = Arc::default();
    let all: Vec<_> = (0..3).map(|_| take(&turns, standing(Priority::Bulk, 0, 90 * MS), "bulk", &log)).collect();
    let one = take(&turns, standing(Priority::Interactive, 0, 90 * MS), "interactive", &log);
    tokio::time::sleep(5 * MS).await;
    assert_eq!(*log.lock().unwrap(), ["interactive", "bulk"]);
    for task in all.into_iter().chain([one]) {
        task.await.unwrap();
    }
    assert_eq!(log.lock().unwrap().len(), 4);
}
