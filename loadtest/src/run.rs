//! The open loop: requests leave when the schedule says so, whatever has become of those before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::client::{Call, Client};
use crate::error::LoadError;
use crate::images::Images;
use crate::outcome::Reply;
use crate::record::Sample;
use crate::schedule::{Arrival, Schedule};
use crate::tenants::Tenant;
use crate::view::{INTERVAL, View};

/// Time to set up a run, so that its first request is not late.
const LEAD: Duration = Duration::from_millis(50);

/// What requests are made from.
#[derive(Debug)]
pub struct Supplies {
    /// What is sent.
    pub images: Images,
    /// As whom; never empty.
    pub tenants: Vec<Tenant>,
    /// The deadline of every request.
    pub deadline: Duration,
}

impl Supplies {
    /// The request that `arrival` means; its patience is left to the caller. None for an image that there is not.
    pub fn call(&self, arrival: &Arrival) -> Option<Call<'_>> {
        Some(Call {
            image: self.images.all.get(arrival.image)?,
            authorization: self.tenants.get(arrival.tenant).and_then(|tenant| tenant.authorization.as_ref()),
            deadline: self.deadline,
            bulk: arrival.bulk,
            patience: None,
        })
    }

    /// Sends `arrival`; `leaves` says whether a marked client hangs up.
    pub async fn send(&self, client: &Client, arrival: &Arrival, leaves: bool) -> Reply {
        match self.call(arrival) {
            Some(call) => client.send(&Call { patience: arrival.patience.filter(|_| leaves), ..call }).await,
            None => Reply::unsent(),
        }
    }
}

/// Sends the requests of one segment of `schedule` and waits until each of them has ended. Takes as long as the segment,
/// and at most the deadline and [`crate::client::GRACE`] longer.
///
/// # Errors
/// When there is no memory for the view.
pub async fn segment(
    client: &Arc<Client>,
    supplies: &Arc<Supplies>,
    schedule: &Arc<Schedule>,
    segment: usize,
    view: &mut View,
) -> Result<Vec<Sample>, LoadError> {
    let (begin, end) = schedule.span(segment);
    view.part(end.saturating_sub(begin))?;
    let start = Instant::now() + LEAD;
    let sent = Arc::new(AtomicU64::new(0));
    let (ended, mut endings) = mpsc::unbounded_channel();
    let arrivals = {
        let (client, supplies, schedule) = (Arc::clone(client), Arc::clone(supplies), Arc::clone(schedule));
        let sent = Arc::clone(&sent);
        tokio::spawn(async move {
            for (index, arrival) in schedule.arrivals.iter().enumerate() {
                let Some(phase) = schedule.phases.get(arrival.phase).filter(|phase| phase.segment == segment) else {
                    continue;
                };
                let (arrival, leaves) = (*arrival, phase.leavers_leave);
                let intended = start + arrival.at.saturating_sub(begin);
                sleep_until(intended).await;
                sent.fetch_add(1, Ordering::Relaxed);
                let (client, supplies, ended) = (Arc::clone(&client), Arc::clone(&supplies), ended.clone());
                tokio::spawn(async move {
                    let lateness = intended.elapsed();
                    let reply = supplies.send(&client, &arrival, leaves).await;
                    // Nobody listens when the run was given up.
                    let _ = ended.send(Sample { arrival: index, lateness, reply });
                });
            }
        })
    };
    // A run that is given up sends nothing more.
    let _guard = AbortOnDrop(arrivals.abort_handle());
    let mut samples = Vec::new();
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            ended = endings.recv() => match ended {
                Some(sample) => {
                    view.ended(&sample.reply);
                    samples.push(sample);
                }
                // All senders are gone: every request has ended.
                None => break,
            },
            _ = ticks.tick() => {
                let elapsed = start.elapsed();
                let phases = schedule.phases.iter().filter(|phase| phase.segment == segment);
                if let Some(phase) = phases.take_while(|phase| phase.span.0 <= begin + elapsed).last() {
                    let (length_s, rate) = (phase.length_s(), phase.planned_per_s);
                    view.phase(format!("{}: {}, {length_s:.0} s at {rate:.1} requests/s", client.url(), phase.name));
                }
                view.draw(elapsed, sent.load(Ordering::Relaxed));
            }
        }
    }
    Ok(samples)
}

/// Ends a task with its owner.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
