//! What the scheduler itself costs, with a hundred thousand lines waiting: for
//! each item the part of being taken in, put into a batch and accounted for.
//!
//! `cargo bench -p slipstream-benches --bench scheduler`

#![allow(missing_docs)]

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput};
use slipstream_batcher::{
    Admission, AdmissionLimits, Claim, Item, Limits, Order, Outcome, Padding, Priority, Scheduler, Standing, Step,
    Tenant,
};

/// Items that wait all the time.
const WAITING: u64 = 100_000;
/// Lines of a receipt.
const LINES: u64 = 50;
const TENANTS: u64 = 40;

fn limits() -> Limits {
    Limits {
        max_waiting: Duration::MAX,
        max_batch: Duration::from_millis(25),
        max_batch_items: 64,
        max_running: 2,
        max_urgent: 0,
        padding: Padding::None,
        order: Order::default(),
        initial_time_per_unit: Duration::from_micros(2),
    }
}

fn standing(now: Instant, number: u64) -> Standing {
    let priority = if number.is_multiple_of(5) { Priority::Bulk } else { Priority::Interactive };
    let deadline = now + Duration::from_secs(3_600 + number * 7919 % 1_000);
    Standing { priority, tenant: Tenant((number % TENANTS) as u16), deadline }
}

fn receipt(number: u64) -> Vec<Item<u64>> {
    let line = |line| Item { payload: line, units: 100 + line * 37 % 900, bucket: ((line * 13 + number) % 5) as u32 };
    (0..LINES).map(line).collect()
}

/// A queue with all of them waiting.
fn full(now: Instant) -> Result<Scheduler<u64>, Duration> {
    let mut scheduler = Scheduler::new(limits());
    for number in 0..WAITING / LINES {
        scheduler.submit(now, number, standing(now, number), receipt(number))?;
    }
    Ok(scheduler)
}

/// One receipt comes, and batches go until as many items wait as before.
fn turn_over(scheduler: &mut Scheduler<u64>, now: Instant, number: u64) -> usize {
    // Nothing is refused, since the queue has no bound.
    let _ = scheduler.submit(now, number, standing(now, number), receipt(number));
    let mut served = 0;
    while scheduler.depth().items as u64 > WAITING {
        match scheduler.next(now) {
            Step::Ready { .. } => {
                let Some(batch) = scheduler.cut(now) else { break };
                served += scheduler.finish(batch.id, Some(batch.observed.predicted)).len();
            }
            Step::Drop { items, .. } => served += items,
            Step::Wait(_) => break,
        }
    }
    served
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().warm_up_time(Duration::from_secs(1)).configure_from_args();
    let now = Instant::now();
    let mut group = criterion.benchmark_group("scheduler");
    group.sample_size(20).throughput(Throughput::Elements(LINES));
    let mut scheduler = full(now).map_err(|_| "the queue is not bounded")?;
    let mut number = WAITING;
    group.bench_function("a receipt of 50 lines through a queue of 100,000", |b| {
        b.iter(|| {
            number += 1;
            black_box(turn_over(&mut scheduler, now, number))
        })
    });
    group.bench_function("a receipt of 50 lines leaves a queue of 100,000", |b| {
        let join = || {
            number += 1;
            number
        };
        b.iter_batched(
            join,
            |number| {
                let _ = scheduler.submit(now, number, standing(now, number), receipt(number));
                black_box(scheduler.cancel(number))
            },
            BatchSize::PerIteration,
        )
    });
    group.finish();
    let left = scheduler.depth().items as u64;
    if left.abs_diff(WAITING) > LINES {
        return Err(format!("{left} items wait in the end, not {WAITING}").into());
    }

    let mut group = criterion.benchmark_group("admission");
    let mut admission = Admission::new(AdmissionLimits {
        lanes: 2,
        max_wait: Duration::from_secs(3_600),
        target_wait: Duration::from_secs(3_600),
        bulk_share: 0.5,
        max_requests: usize::MAX,
        max_bytes: u64::MAX,
        order: Order::default(),
        initial_cost: Duration::from_millis(200),
    });
    let claim = |number| Claim { standing: standing(now, number), bucket: (number % 8) as u32, bytes: 1 };
    for number in 0..256 {
        let _ = admission.enter(now, claim(number));
    }
    group.bench_function("a request in and out, 256 in flight", |b| {
        b.iter(|| {
            number += 1;
            if let Ok(entered) = admission.enter(now, claim(number)) {
                admission.leave(now, entered.ticket, Outcome::Done { busy: Duration::from_millis(200) });
            }
        })
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
