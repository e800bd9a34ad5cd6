//! The queue as its callers see it, on tokio's paused clock.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use slipstream_batcher::{
    Bucket, Depth, Discipline, DropReason, Executed, Group, Item, Limits, NoObserver, ObservedBatch, Observer, Order,
    OwnLanes, Padding, Priority, Queue, Rejected, Standing, Tenant, TokioClock,
};

const MS: Duration = Duration::from_millis(1);

fn limits() -> Limits {
    Limits {
        max_waiting: Duration::from_millis(1_000),
        max_batch: Duration::from_millis(100),
        max_batch_items: 4,
        max_running: 1,
        max_urgent: 0,
        padding: Padding::None,
        order: Order::default(),
        initial_time_per_unit: MS,
    }
}

/// Batches in the order they were executed.
type Log = Arc<Mutex<Vec<Vec<u32>>>>;

/// A queue whose executor takes 50 ms a batch, doubles numbers and panics at 13.
fn doubling(limits: Limits) -> (Queue<u32, u32>, Log) {
    let log = Log::default();
    let seen = Arc::clone(&log);
    let queue = Queue::start(limits, TokioClock, NoObserver, OwnLanes, move |batch: Vec<u32>, _| {
        seen.lock().unwrap().push(batch.clone());
        async move {
            tokio::time::sleep(50 * MS).await;
            assert!(!batch.contains(&13), "unlucky batch");
            Executed { results: batch.into_iter().map(|n| n * 2).collect(), busy: 50 * MS }
        }
    });
    (queue, log)
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn group(numbers: &[u32], deadline: Duration) -> Group<u32> {
    let items = numbers.iter().map(|&payload| Item { payload, units: 10, bucket: 0 }).collect();
    let standing = Standing { priority: Priority::Interactive, tenant: Tenant(0), deadline: now() + deadline };
    Group { items, standing }
}

/// The results of a group.
async fn results(queue: &Queue<u32, u32>, group: Group<u32>) -> Result<Vec<u32>, Rejected> {
    queue.submit(group).await.map(|served| served.results)
}

/// Submits on a task of its own and waits until the queue has seen it.
async fn submitted(queue: &Queue<u32, u32>, group: Group<u32>) -> tokio::task::JoinHandle<Result<Vec<u32>, Rejected>> {
    let queue = queue.clone();
    let task = tokio::spawn(async move { results(&queue, group).await });
    tokio::time::sleep(MS).await;
    task
}

#[tokio::test(start_paused = true)]
async fn results_come_in_the_order_of_the_items_across_batches() {
    let (queue, log) = doubling(limits());
    let answer = results(&queue, group(&[1, 2, 3, 4, 5, 6], 1_000 * MS)).await;
    assert_eq!(answer, Ok(vec![2, 4, 6, 8, 10, 12]));
    assert_eq!(*log.lock().unwrap(), [vec![1, 2, 3, 4], vec![5, 6]]);
    assert_eq!(results(&queue, group(&[], MS)).await, Ok(vec![]));
}

#[tokio::test(start_paused = true)]
async fn groups_that_wait_share_a_batch_earliest_deadline_first_and_bulk_last() {
    let (queue, log) = doubling(Limits { max_batch: 1_000 * MS, ..limits() });
    let first = submitted(&queue, group(&[1], 1_000 * MS)).await;
    let mut bulk = group(&[5], 400 * MS);
    bulk.standing.priority = Priority::Bulk;
    let others = [
        submitted(&queue, bulk).await,
        submitted(&queue, group(&[2, 3], 900 * MS)).await,
        submitted(&queue, group(&[4], 500 * MS)).await,
    ];
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(*log.lock().unwrap(), [vec![1], vec![4, 2, 3, 5]]);
}

#[tokio::test(start_paused = true)]
async fn work_of_a_caller_that_went_away_is_not_executed() {
    let (queue, log) = doubling(limits());
    let first = submitted(&queue, group(&[1], 1_000 * MS)).await;
    let gone = submitted(&queue, group(&[2, 3], 1_000 * MS)).await;
    let kept = submitted(&queue, group(&[4], 1_000 * MS)).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    first.await.unwrap().unwrap();
    assert_eq!(kept.await.unwrap(), Ok(vec![8]));
    assert_eq!(*log.lock().unwrap(), [vec![1], vec![4]]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_group_is_answered_at_once_though_the_executor_is_busy() {
    let (queue, log) = doubling(limits());
    let start = now();
    let first = submitted(&queue, group(&[1], 1_000 * MS)).await;
    let late = submitted(&queue, group(&[2], 20 * MS)).await;
    assert_eq!(late.await.unwrap(), Err(Rejected::DeadlineExceeded));
    assert!(now() - start < 30 * MS, "answered after {:?}", now() - start);
    first.await.unwrap().unwrap();
    assert_eq!(*log.lock().unwrap(), [vec![1]]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_with_the_time_until_there_is_room() {
    let (queue, _) = doubling(Limits { max_waiting: 45 * MS, ..limits() });
    let _first = submitted(&queue, group(&[1], 1_000 * MS)).await;
    // Larger than the queue, but it waits alone: taken.
    let large = submitted(&queue, group(&[2, 3, 4, 5, 6], 1_000 * MS)).await;
    let refused = results(&queue, group(&[7], 1_000 * MS)).await;
    assert_eq!(refused, Err(Rejected::Overloaded { retry_after: 15 * MS }));
    assert_eq!(large.await.unwrap(), Ok(vec![4, 6, 8, 10, 12]));
    assert_eq!(results(&queue, group(&[7], 1_000 * MS)).await, Ok(vec![14]));
}

#[tokio::test(start_paused = true)]
async fn leaving_frees_the_place_in_a_full_queue() {
    let (queue, _) = doubling(Limits { max_waiting: 20 * MS, ..limits() });
    let _first = submitted(&queue, group(&[1], 1_000 * MS)).await;
    let gone = submitted(&queue, group(&[2, 3], 1_000 * MS)).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    assert_eq!(results(&queue, group(&[4, 5], 1_000 * MS)).await, Ok(vec![8, 10]));
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_its_batch_and_the_queue_lives_on() {
    let (queue, log) = doubling(limits());
    // The group spans two batches; the second is pointless after the first failed.
    let failed = results(&queue, group(&[13, 1, 2, 3, 4], 1_000 * MS)).await;
    let Err(Rejected::Failed(reason)) = failed else { panic!("{failed:?}") };
    assert!(reason.contains("unlucky"), "{reason}");
    assert_eq!(results(&queue, group(&[7], 1_000 * MS)).await, Ok(vec![14]));
    assert_eq!(*log.lock().unwrap(), [vec![13, 1, 2, 3], vec![7]]);
}

#[tokio::test(start_paused = true)]
async fn an_executor_that_loses_results_fails_the_batch() {
    let queue = Queue::start(limits(), TokioClock, NoObserver, OwnLanes, |batch: Vec<u32>, _| async move {
        Executed { results: batch[1..].to_vec(), busy: MS }
    });
    let failed = results(&queue, group(&[1, 2], 1_000 * MS)).await;
    assert_eq!(failed, Err(Rejected::Failed("1 results for 2 items".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn as_many_batches_run_at_once_as_allowed() {
    let (queue, _) = doubling(Limits { max_running: 2, max_batch_items: 1, ..limits() });
    let start = now();
    results(&queue, group(&[1, 2, 3, 4], 1_000 * MS)).await.unwrap();
    assert_eq!(now() - start, 100 * MS);
}

#[tokio::test(start_paused = true)]
async fn the_size_of_batches_follows_the_time_they_took() {
    // A unit takes ten times what was assumed: 50 ms for 10 units instead of 10.
    let (queue, log) = doubling(Limits { max_batch_items: 100, ..limits() });
    for _ in 0..20 {
        results(&queue, group(&[1], 1_000 * MS)).await.unwrap();
    }
    log.lock().unwrap().clear();
    results(&queue, group(&[1, 2, 3], 1_000 * MS)).await.unwrap();
    assert_eq!(*log.lock().unwrap(), [vec![1, 2], vec![3]]);
}

/// Everything an observer was told.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    fn tell(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

impl Observer for Recorder {
    fn depth(&self, depth: Depth) {
        self.tell(format!("depth {} {:?}", depth.items, depth.predicted));
    }
    fn waited(&self, bucket: Bucket, waited: Duration) {
        self.tell(format!("waited {bucket} {waited:?}"));
    }
    fn batch_started(&self, batch: &ObservedBatch) {
        self.tell(format!("start {} {} {:?}", batch.items, batch.units, batch.predicted));
    }
    fn batch_ended(&self, batch: &ObservedBatch, busy: Option<Duration>) {
        self.tell(format!("end {} {busy:?}", batch.items));
    }
    fn dropped(&self, items: usize, reason: DropReason) {
        self.tell(format!("drop {items} {reason:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_observer_sees_depth_waits_batches_and_drops() {
    let recorder = Recorder::default();
    let queue = Queue::start(limits(), TokioClock, recorder.clone(), OwnLanes, |batch: Vec<u32>, _| async move {
        tokio::time::sleep(50 * MS).await;
        Executed { results: batch, busy: 50 * MS }
    });
    let first = submitted(&queue, group(&[1], 1_000 * MS)).await;
    assert_eq!(results(&queue, group(&[2], 9 * MS)).await, Err(Rejected::DeadlineExceeded));
    first.await.unwrap().unwrap();
    let told = recorder.0.lock().unwrap().join(", ");
    assert_eq!(
        told,
        "depth 1 10ms, waited 0 0ns, start 1 10 10ms, depth 0 0ns, depth 1 10ms, drop 1 Expired, depth 0 0ns, end 1 Some(50ms)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_learns_its_part_of_the_time() {
    let (queue, _) = doubling(limits());
    let both = tokio::join!(queue.submit(group(&[1], 1_000 * MS)), queue.submit(group(&[2, 3, 4], 1_000 * MS)));
    // The first batch was cut before the second group came, or they shared it: 50 ms each batch in any case.
    let busy = both.0.unwrap().busy + both.1.unwrap().busy;
    assert!(busy == 50 * MS || busy == 100 * MS, "{busy:?}");
}

#[tokio::test(start_paused = true)]
async fn work_that_cannot_be_done_in_time_is_dropped_before_it_costs_anything() {
    let (queue, log) = doubling(limits());
    // 10 units take 50 ms, as the queue learns.
    for _ in 0..3 {
        results(&queue, group(&[1], 1_000 * MS)).await.unwrap();
    }
    log.lock().unwrap().clear();
    let start = now();
    let running = submitted(&queue, group(&[2], 1_000 * MS)).await;
    let hopeless = submitted(&queue, group(&[3], 60 * MS)).await;
    assert_eq!(hopeless.await.unwrap(), Err(Rejected::DeadlineExceeded));
    assert!(now() - start < 60 * MS, "answered after {:?}", now() - start);
    running.await.unwrap().unwrap();
    assert_eq!(*log.lock().unwrap(), [vec![2]]);
    // An idle executor tries what looks hopeless: predictions must be able to be wrong.
    results(&queue, group(&[4], 40 * MS)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_shared_by_the_lanes_that_are_free() {
    let (queue, log) = doubling(Limits { max_running: 2, max_batch_items: 100, ..limits() });
    results(&queue, group(&[1, 2, 3, 4, 5, 6], 1_000 * MS)).await.unwrap();
    assert_eq!(*log.lock().unwrap(), [vec![1, 2, 3], vec![4, 5, 6]]);
}

#[tokio::test(start_paused = true)]
async fn an_urgent_batch_runs_beside_the_others_when_its_slack_is_spent() {
    let (queue, log) = doubling(Limits { max_urgent: 1, max_batch_items: 1, ..limits() });
    for _ in 0..8 {
        results(&queue, group(&[1], 1_000 * MS)).await.unwrap();
    }
    log.lock().unwrap().clear();
    let start = now();
    let _running = submitted(&queue, group(&[2], 1_000 * MS)).await;
    let patient = submitted(&queue, group(&[3], 1_000 * MS)).await;
    let urgent = submitted(&queue, group(&[4], 75 * MS)).await;
    assert_eq!(urgent.await.unwrap(), Ok(vec![8]));
    assert!(now() - start < 80 * MS, "answered after {:?}", now() - start);
    patient.await.unwrap().unwrap();
    assert_eq!(*log.lock().unwrap(), [vec![2], vec![4], vec![3]]);
}

#[tokio::test(start_paused = true)]
async fn first_come_first_served_can_wait_for_company() {
    let order = Order { discipline: Discipline::Fifo { window: 20 * MS }, ..Order::default() };
    let (queue, log) = doubling(Limits { order, ..limits() });
    let start = now();
    let one = submitted(&queue, group(&[1], 1_000 * MS)).await;
    let two = submitted(&queue, group(&[2], 1 * MS)).await;
    one.await.unwrap().unwrap();
    // Late or not.
    assert_eq!(two.await.unwrap(), Ok(vec![4]));
    assert_eq!(now() - start, 70 * MS);
    assert_eq!(*log.lock().unwrap(), [vec![1, 2]]);
    // A full batch waits for nobody.
    results(&queue, group(&[1, 2, 3, 4], 1_000 * MS)).await.unwrap();
    assert_eq!(now() - start, 120 * MS);
}
