//! Before the load: is the server ready, how fast is it alone, how much can it read?

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::client::{Call, Client};
use crate::error::LoadError;
use crate::outcome::{Outcome, Reply};
use crate::record::Latencies;
use crate::run::Supplies;
use crate::schedule::Arrival;
use crate::view::View;

/// How long a server may take to get ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Requests whose times do not count: connections are made, caches filled.
const DISCARDED: usize = 3;
/// Requests that are timed, one after the other.
const TIMED: usize = 12;
/// After this time, fewer are enough.
const WARM_WITHIN: Duration = Duration::from_secs(20);
/// Callers that never wait between two requests: enough to keep a server busy, too few to overload it.
const WORKERS: usize = 8;
/// Share of the time at the beginning that is not counted.
const RAMP: f64 = 0.2;
/// The deadline while capacity is measured, unless that of the run is longer.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long a caller waits that was refused.
const PAUSE: Duration = Duration::from_millis(50);

/// Waits until `/health/ready` says so.
///
/// # Errors
/// When it does not within a minute.
pub async fn wait_until_ready(client: &Client, view: &mut View) -> Result<(), LoadError> {
    view.phase(format!("{}: waiting until it is ready", client.url()));
    let start = Instant::now();
    loop {
        let last = match client.get("/health/ready", READY_WITHIN.saturating_sub(start.elapsed())).await {
            Ok((200, _)) => return Ok(()),
            Ok((status, _)) => format!("status {status}"),
            Err(failure) => failure.to_string(),
        };
        if start.elapsed() >= READY_WITHIN {
            return Err(LoadError::NotReady { url: client.url().to_owned(), waited_s: READY_WITHIN.as_secs(), last });
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// The median latency, in milliseconds, of receipts that are sent one after the other.
///
/// # Errors
/// When none is read.
pub async fn unloaded_p50_ms(client: &Client, supplies: &Supplies, view: &mut View) -> Result<f64, LoadError> {
    view.phase(format!("{}: one request at a time", client.url()));
    view.part(WARM_WITHIN)?;
    let (start, mut latencies, mut last) = (Instant::now(), Latencies::new()?, String::new());
    for n in 0..DISCARDED + TIMED {
        let reply = supplies.send(client, &nth(supplies, n), false).await;
        view.ended(&reply);
        view.draw(start.elapsed(), n as u64 + 1);
        if reply.outcome == Outcome::Read && n >= DISCARDED {
            latencies.record(reply.ended_after);
        }
        last = reply.outcome.to_string();
        if start.elapsed() > WARM_WITHIN && latencies.count() > 0 {
            break;
        }
    }
    latencies.quantile_ms(0.5).ok_or(LoadError::NothingRead { doing: "warming up", last })
}

/// Receipts a second that are read when a few callers send one after the other, for `length`. At most `max_requests` are
/// sent. Their deadline is generous, since what is asked is how much the server can read, and not how soon.
///
/// # Errors
/// When none is read.
pub async fn measure(
    client: &Arc<Client>,
    supplies: &Arc<Supplies>,
    length: Duration,
    max_requests: usize,
    view: &mut View,
) -> Result<f64, LoadError> {
    view.phase(format!("{}: measuring capacity, {WORKERS} callers for {:.0} s", client.url(), length.as_secs_f64()));
    view.part(length)?;
    let start = Instant::now();
    let until = start + length;
    let next = Arc::new(AtomicUsize::new(0));
    let (ended, mut endings) = mpsc::unbounded_channel::<(Instant, Reply)>();
    for _ in 0..WORKERS {
        let (client, supplies) = (Arc::clone(client), Arc::clone(supplies));
        let (next, ended) = (Arc::clone(&next), ended.clone());
        tokio::spawn(async move {
            while Instant::now() < until && !ended.is_closed() {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let Some(call) = supplies.call(&nth(&supplies, n)).filter(|_| n < max_requests) else { break };
                let reply = client.send(&Call { deadline: call.deadline.max(DEADLINE), ..call }).await;
                let read = reply.outcome == Outcome::Read;
                // Nobody listens when the run was given up, which ends the loop.
                let _ = ended.send((Instant::now(), reply));
                if !read {
                    sleep(PAUSE).await;
                }
            }
        });
    }
    drop(ended);
    let (mut read, mut last) = (Vec::new(), String::new());
    while let Some((at, reply)) = endings.recv().await {
        view.ended(&reply);
        view.draw(start.elapsed(), next.load(Ordering::Relaxed) as u64);
        last = reply.outcome.to_string();
        if reply.outcome == Outcome::Read {
            read.push(at.duration_since(start));
        }
    }
    // Less than `length` when there were no more requests to send.
    let spent = if next.load(Ordering::Relaxed) > max_requests { read.last().copied() } else { None };
    per_s(&read, spent.unwrap_or(length)).ok_or(LoadError::NothingRead { doing: "measuring capacity", last })
}

/// Receipts a second from their times of ending, in the part of `length` that counts.
fn per_s(read: &[Duration], length: Duration) -> Option<f64> {
    let ramp = length.mul_f64(RAMP);
    let counted = read.iter().filter(|at| **at > ramp && **at <= length).count();
    (counted > 0).then(|| counted as f64 / (length - ramp).as_secs_f64())
}

/// Request `n` of the preparation: an ordinary image, in turn, by the tenants in turn.
fn nth(supplies: &Supplies, n: usize) -> Arrival {
    let ordinary = &supplies.images.catalogue.ordinary;
    Arrival {
        at: Duration::ZERO,
        phase: 0,
        tenant: n % supplies.tenants.len().max(1),
        image: ordinary.get(n % ordinary.len().max(1)).copied().unwrap_or(0),
        huge: false,
        bulk: false,
        patience: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_what_ends_too_late_do_not_count() {
        let ms = |list: &[u64]| list.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
        // Of ten seconds, the last eight count.
        let steady: Vec<u64> = (1..=120).map(|n| n * 100).collect();
        assert_eq!(per_s(&ms(&steady), Duration::from_secs(10)), Some(10.0));
        assert_eq!(per_s(&ms(&[100, 1_900, 10_100]), Duration::from_secs(10)), None);
        assert_eq!(per_s(&[], Duration::from_secs(10)), None);
    }
}
