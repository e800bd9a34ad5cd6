//! One policy serving one schedule, on a paused clock that jumps from event to event.

use std::rc::Rc;
use std::time::{Duration, Instant};

use slipstream_batcher::{Priority, Standing, Tenant};
use slipstream_loadtest::outcome::{Outcome, Reply};
use slipstream_loadtest::record::Sample;
use slipstream_loadtest::schedule::Schedule;
use tokio::task::LocalSet;

use crate::Result;
use crate::policy::Policy;
use crate::server::{Ended, Server};
use crate::service::Service;
use crate::trace::RECEIPTS;

/// Receipts that are in the server at the same time when its capacity is measured.
const CLOSED_LOOP: usize = 16;

/// How long that takes.
const MEASURED: Duration = Duration::from_secs(120);

/// What a policy made of a schedule.
pub(crate) struct Run {
    pub(crate) policy: Policy,
    pub(crate) samples: Vec<Sample>,
    pub(crate) padding_waste: f64,
    /// Time that simulating took.
    pub(crate) took: Duration,
}

/// Runs `work` on a clock of its own.
fn simulate<T>(work: impl AsyncFnOnce() -> T) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    Ok(LocalSet::new().block_on(&runtime, work()))
}

fn standing(tenant: usize, bulk: bool, deadline: Duration) -> Standing {
    let priority = if bulk { Priority::Bulk } else { Priority::Interactive };
    let now = tokio::time::Instant::now().into_std();
    Standing { priority, tenant: Tenant(tenant as u16), deadline: now + deadline }
}

/// Serves `schedule` with `policy`; equal seeds draw equal receipts.
pub(crate) fn run(
    service: &Service,
    policy: Policy,
    schedule: &Schedule,
    deadline: Duration,
    seed: u64,
) -> Result<Run> {
    let started = Instant::now();
    simulate(async || {
        let server = Rc::new(Server::start(service, policy, seed));
        let start = tokio::time::Instant::now();
        let mut coming = Vec::with_capacity(schedule.arrivals.len());
        for (index, arrival) in schedule.arrivals.iter().enumerate() {
            tokio::time::sleep_until(start + arrival.at).await;
            let (server, receipt) = (Rc::clone(&server), service.receipt(arrival.image, seed));
            let standing = standing(arrival.tenant, arrival.bulk, deadline);
            coming.push(tokio::task::spawn_local(async move {
                let sent = tokio::time::Instant::now();
                let outcome = match server.read(receipt, standing).await {
                    Ended::Read => Outcome::Read,
                    Ended::Missed => Outcome::Missed,
                    Ended::Refused { retry_after } => Outcome::Refused { retry_after_s: Some(retry_after.as_secs()) },
                };
                let ended_after = sent.elapsed();
                let reply = Reply { outcome, head_after: Some(ended_after), ended_after, stages: Vec::new() };
                Sample { arrival: index, lateness: Duration::ZERO, reply }
            }));
        }
        let mut samples = Vec::with_capacity(coming.len());
        for sample in coming {
            samples.push(sample.await?);
        }
        Ok(Run { policy, samples, padding_waste: server.padding.waste(), took: started.elapsed() })
    })?
}

/// Receipts a second that the server reads when there are always some waiting.
pub(crate) fn capacity(service: &Service, seed: u64) -> Result<f64> {
    simulate(async || {
        let server = Rc::new(Server::start(service, Policy::Slipstream, seed));
        let start = tokio::time::Instant::now();
        let worker = |worker: usize| {
            let (server, service) = (Rc::clone(&server), service.clone());
            tokio::task::spawn_local(async move {
                let (mut number, mut read) = (worker, 0u32);
                while start.elapsed() < MEASURED {
                    let receipt = service.receipt(number % RECEIPTS, seed);
                    let ended = server.read(receipt, standing(0, false, Duration::from_secs(3_600))).await;
                    match ended {
                        Ended::Read => read += 1,
                        Ended::Missed => {}
                        // Asking again at the same moment would stop the clock for good.
                        Ended::Refused { retry_after } => tokio::time::sleep(retry_after).await,
                    }
                    number += CLOSED_LOOP;
                }
                read
            })
        };
        let workers: Vec<_> = (0..CLOSED_LOOP).map(worker).collect();
        let mut read = 0;
        for worker in workers {
            read += worker.await?;
        }
        Ok(f64::from(read) / start.elapsed().as_secs_f64())
    })?
}
