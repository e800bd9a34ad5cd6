//! A server on the virtual clock: the real door, turns and queues, with sleeping in place of computing.
//!
//! Simpler than the server in that uploads take no time, refused callers do not
//! come back, and detection runs on one thread instead of spreading over those that are free.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use slipstream_batcher::{
    Bucket, Claim, Depth, Door, DoorObserver, DropReason, Executed, Group, Item, Load, NotAdmitted, ObservedBatch,
    Observer, Outcome, Permit, Progress, Queue, Refusal, Settled, Standing, TokioClock, Turns,
};

use crate::policy::Policy;
use crate::service::{Line, Receipt, Service};

/// Widths of lines that are computed together, where shapes matter.
const WIDTHS: [u64; 5] = [160, 320, 640, 1_280, u64::MAX];

/// Units that were computed and units that were wanted, over all batches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Padding {
    units: Arc<AtomicU64>,
    filled: Arc<AtomicU64>,
}

impl Padding {
    /// Part of what was computed that was padding, 0 to 1.
    pub(crate) fn waste(&self) -> f64 {
        let (units, filled) = (self.units.load(Ordering::Relaxed), self.filled.load(Ordering::Relaxed));
        if units == 0 { 0.0 } else { 1.0 - filled as f64 / units as f64 }
    }
}

impl Observer for Padding {
    fn depth(&self, _: Depth) {}
    fn waited(&self, _: Bucket, _: Duration) {}
    fn batch_started(&self, batch: &ObservedBatch) {
        self.units.fetch_add(batch.units, Ordering::Relaxed);
        self.filled.fetch_add(batch.filled, Ordering::Relaxed);
    }
    fn batch_ended(&self, _: &ObservedBatch, _: Option<Duration>) {}
    fn dropped(&self, _: usize, _: DropReason) {}
}

struct Ignore;

impl DoorObserver for Ignore {
    fn decided(&self, _: &Standing, _: Result<(), Refusal>) {}
    fn turned_out(&self, _: &Standing, _: Refusal) {}
    fn left(&self, _: &Standing, _: Outcome, _: Option<Settled>) {}
    fn load(&self, _: Load) {}
}

/// How a simulated request ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ended {
    Read,
    Missed,
    Refused { retry_after: Duration },
}

/// A queue of work in units.
type Model = Queue<u64, ()>;

/// The server.
pub(crate) struct Server {
    policy: Policy,
    door: Door,
    pages: Turns,
    threads: Turns,
    detect: Model,
    recognise: Model,
    extract: Model,
    /// Padding of the lines.
    pub(crate) padding: Padding,
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl Server {
    /// Starts it on the current runtime.
    pub(crate) fn start(service: &Service, policy: Policy, seed: u64) -> Self {
        let threads = Turns::start(policy.threads(service));
        let padding = Padding::default();
        let model = |line: Line, lanes, items, observer: Padding, stream| {
            let limits = policy.queue(service, lanes, items, Duration::from_secs_f64(line.unit_ms / 1e3));
            let pad = limits.padding;
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(stream);
            let rng = Arc::new(Mutex::new(rng));
            Queue::start(limits, TokioClock, observer, threads.clone(), move |batch: Vec<u64>, turn| {
                let units = pad.units(batch.len(), batch.iter().sum(), batch.iter().copied().max().unwrap_or(0));
                let busy = line.draw(units, &mut rng.lock().unwrap_or_else(PoisonError::into_inner));
                async move {
                    tokio::time::sleep(busy).await;
                    drop(turn);
                    Executed { results: vec![(); batch.len()], busy }
                }
            })
        };
        Self {
            policy,
            door: Door::open(policy.admission(service), TokioClock, Ignore),
            pages: Turns::start(policy.pages(service)),
            detect: model(service.detect, 1, 1, Padding::default(), 1),
            recognise: model(service.recognise, service.lanes, 512, padding.clone(), 2),
            extract: model(service.extract, 1, 16, Padding::default(), 3),
            threads,
            padding,
        }
    }

    /// Reads a receipt, or does not.
    pub(crate) async fn read(&self, receipt: Receipt, standing: Standing) -> Ended {
        let class = 64 - receipt.bytes.leading_zeros();
        let claim = Claim { standing, bucket: class, bytes: receipt.bytes };
        let permit = match self.door.enter(claim).await {
            Ok(permit) => permit,
            Err(NotAdmitted::Refused(refusal)) => return Ended::Refused { retry_after: refusal.retry_after },
            Err(NotAdmitted::Closed) => return Ended::Refused { retry_after: Duration::ZERO },
        };
        // Uploads take no time here.
        if let Err(refusal) = permit.received().await {
            return Ended::Refused { retry_after: refusal.retry_after };
        }
        let busy = Rc::new(RefCell::new(Duration::ZERO));
        // The client waits until its deadline, whatever the policy.
        let stages = self.stages(&permit, &receipt, &busy);
        let ended = tokio::time::timeout_at(standing.deadline.into(), stages).await.unwrap_or(Ended::Missed);
        let busy = *busy.borrow();
        permit.leave(match ended {
            Ended::Read => Outcome::Done { busy },
            Ended::Missed => Outcome::Missed { busy },
            Ended::Refused { .. } => Outcome::Abandoned,
        });
        ended
    }

    async fn stages(&self, permit: &Permit, receipt: &Receipt, busy: &RefCell<Duration>) -> Ended {
        let standing = permit.standing();
        let Some(_page) = self.pages.take(now(), standing, permit.cost()).await else { return Ended::Missed };
        let own = async |work: Duration| {
            compute(&self.threads, standing, work).await;
            *busy.borrow_mut() += work;
        };
        let ask = async |model: &Model, units: &[u64]| {
            let item = |units: &u64| Item { payload: *units, units: *units, bucket: self.bucket(*units) };
            let served = model.submit(Group { items: units.iter().map(item).collect(), standing }).await;
            served.is_ok_and(|served| {
                *busy.borrow_mut() += served.busy;
                true
            })
        };
        own(receipt.before).await;
        if !ask(&self.detect, &[1]).await {
            return Ended::Missed;
        }
        own(receipt.crop).await;
        let width = receipt.widths.iter().sum();
        let progress = Progress { checkpoint: 0, units: width, busy: *busy.borrow() };
        if let Err(refusal) = permit.progress(progress).await {
            return Ended::Refused { retry_after: refusal.retry_after };
        }
        if !ask(&self.recognise, &receipt.widths).await || !ask(&self.extract, &[receipt.widths.len() as u64]).await {
            return Ended::Missed;
        }
        own(receipt.after).await;
        Ended::Read
    }

    /// Lines of a width are computed together where the policy cares and width matters.
    fn bucket(&self, units: u64) -> Bucket {
        if self.policy.sorts_by_shape() { WIDTHS.partition_point(|end| *end < units) as Bucket } else { 0 }
    }
}

/// Computes for `work` on a thread.
async fn compute(threads: &Turns, standing: Standing, work: Duration) {
    let turn = threads.take(now(), standing, Duration::ZERO).await;
    tokio::time::sleep(work).await;
    threads.charge(standing, work);
    drop(turn);
}
