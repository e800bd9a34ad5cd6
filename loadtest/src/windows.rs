//! What happened second by second.

use std::time::Duration;

use serde::Serialize;

use crate::error::LoadError;
use crate::outcome::Outcome;
use crate::record::{Latencies, Sent};

/// The requests that were meant to be sent within one second.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Window {
    /// The second, from the beginning of what is looked at.
    pub at_s: u64,
    /// Requests that were meant to be sent.
    pub offered: u64,
    /// Requests that the server took.
    pub admitted: u64,
    /// Requests that it refused.
    pub refused: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Receipts read within the deadline.
    pub good: u64,
    /// Median latency of the admitted, in milliseconds.
    pub p50_ms: Option<f64>,
    /// 99th percentile of the same; with less than a hundred requests, the longest.
    pub p99_ms: Option<f64>,
}

/// Windows of one second from `span.0` to `span.1`, of the requests of `sent` (in order of time) in between. Every second
/// has one, also when nothing was sent.
///
/// # Errors
/// When there is no memory for histograms.
pub fn of(sent: &[Sent<'_>], span: (Duration, Duration), deadline: Duration) -> Result<Vec<Window>, LoadError> {
    let seconds = span.1.saturating_sub(span.0).as_secs_f64().ceil() as u64;
    let mut rest = sent.get(sent.partition_point(|sent| sent.arrival.at < span.0)..).unwrap_or_default();
    let mut windows = Vec::new();
    for at_s in 0..seconds {
        let end = (span.0 + Duration::from_secs(at_s + 1)).min(span.1);
        let (inside, behind) = rest.split_at(rest.partition_point(|sent| sent.arrival.at < end));
        rest = behind;
        windows.push(window(at_s, inside, deadline)?);
    }
    Ok(windows)
}

fn window(at_s: u64, sent: &[Sent<'_>], deadline: Duration) -> Result<Window, LoadError> {
    let count = |is: &dyn Fn(&Sent<'_>) -> bool| sent.iter().filter(|sent| is(sent)).count() as u64;
    let admitted = sent.iter().filter(|sent| sent.outcome().is_admitted());
    let latencies = Latencies::of(admitted.map(Sent::latency))?;
    Ok(Window {
        at_s,
        offered: sent.len() as u64,
        admitted: latencies.count(),
        refused: count(&|sent| matches!(sent.outcome(), Outcome::Refused { .. })),
        failed: count(&|sent| matches!(sent.outcome(), Outcome::Failed(_))),
        good: count(&|sent| sent.is_good(deadline)),
        p50_ms: latencies.quantile_ms(0.5),
        p99_ms: latencies.quantile_ms(0.99),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::outcome::Reply;
    use crate::record::Sample;
    use crate::schedule::Arrival;

    #[test]
    fn requests_fall_into_the_second_in_which_they_were_meant_to_be_sent() {
        let ms = Duration::from_millis;
        let arrival =
            |at_ms| Arrival { at: ms(at_ms), phase: 0, tenant: 0, image: 0, huge: false, bulk: false, patience: None };
        let arrivals = [500, 1_000, 1_999, 3_500, 3_999].map(arrival);
        let reply = Reply { outcome: Outcome::Read, head_after: None, ended_after: ms(40), stages: Vec::new() };
        // Sent much later than it was meant to be.
        let sample = Sample { arrival: 0, lateness: ms(5_000), reply };
        let sent: Vec<_> = arrivals.iter().map(|arrival| Sent { arrival, sample: &sample }).collect();
        let of = |span| of(&sent, span, ms(100)).unwrap().iter().map(|w| (w.at_s, w.offered)).collect::<Vec<_>>();
        assert_eq!(of((ms(1_000), ms(3_600))), [(0, 2), (1, 0), (2, 1)]);
        assert_eq!(of((ms(0), ms(4_000))), [(0, 1), (1, 2), (2, 0), (3, 2)]);
        assert_eq!(of((ms(4_000), ms(4_000))), []);
        let windows = super::of(&sent, (ms(1_000), ms(2_000)), ms(100)).unwrap();
        assert_eq!((windows[0].admitted, windows[0].good), (2, 0));
    }
}
