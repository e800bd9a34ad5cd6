//! What was recorded of every request, and the figures of a set of requests.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::error::LoadError;
use crate::outcome::{Outcome, Reply};
use crate::schedule::{Arrival, Schedule};

/// A request that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Index of [`Schedule::arrivals`].
    pub arrival: usize,
    /// How much later it was sent than it was meant to be.
    pub lateness: Duration,
    /// What came back.
    pub reply: Reply,
}

/// A sample with the arrival that it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// What was meant to be sent.
    pub arrival: &'a Arrival,
    /// What happened.
    pub sample: &'a Sample,
}

impl Sent<'_> {
    /// From the moment at which it was meant to be sent to the end of the answer.
    pub fn latency(&self) -> Duration {
        self.sample.lateness + self.sample.reply.ended_after
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        self.sample.reply.outcome
    }

    /// It was read, and the answer was there within `deadline`.
    pub fn is_good(&self, deadline: Duration) -> bool {
        self.outcome() == Outcome::Read && self.latency() <= deadline
    }
}

/// Samples with their arrivals, in the order in which they were meant to be sent.
pub fn join<'a>(schedule: &'a Schedule, samples: &'a [Sample]) -> Vec<Sent<'a>> {
    let joined = samples.iter().filter_map(|sample| {
        let arrival = schedule.arrivals.get(sample.arrival)?;
        Some(Sent { arrival, sample })
    });
    let mut sent: Vec<_> = joined.collect();
    sent.sort_by_key(|sent| sent.sample.arrival);
    sent
}

/// Longer durations, of more than two hours, count as this; in microseconds.
const LONGEST_US: u64 = 7_200_000_000;

/// Durations in a histogram with three significant digits, in microseconds.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u32>);

impl Latencies {
    /// Without any.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn new() -> Result<Self, LoadError> {
        Ok(Self(Histogram::new(3)?))
    }

    /// Of `durations`.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn of(durations: impl IntoIterator<Item = Duration>) -> Result<Self, LoadError> {
        let mut latencies = Self::new()?;
        durations.into_iter().for_each(|duration| latencies.record(duration));
        Ok(latencies)
    }

    /// Adds one.
    pub fn record(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).min(LONGEST_US);
        // The histogram grows with its values; where there is no memory for that, the longest that fits stands for it.
        if self.0.record(micros).is_err() {
            self.0.saturating_record(micros);
        }
    }

    /// The quantile (0 to 1) in milliseconds; none of nothing.
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(quantile) as f64 / 1e3)
    }

    /// The mean in milliseconds; none of nothing.
    pub fn mean_ms(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| round(self.0.mean() / 1e3))
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Quantiles and their milliseconds: finer and finer towards 1, up to the quantile that one of them makes.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        let (steps_a_decade, count) = (12.0, self.0.len() as f64);
        let quantiles = (0..).map(|step| 1.0 - 10f64.powf(-f64::from(step) / steps_a_decade));
        let inside = quantiles.take_while(|quantile| (1.0 - quantile) * count >= 1.0);
        let curve = inside.filter_map(|quantile| Some((round(quantile), self.quantile_ms(quantile)?)));
        // Six decades are more than any run has.
        curve.take(72).collect()
    }
}

/// The figures of a set of requests. Latencies are of admitted requests and count from the moment at which a request was
/// meant to be sent; null where there is none.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Figures {
    /// Requests a second that were meant to be sent.
    pub offered_per_s: f64,
    /// Requests that the server took: read, or 504.
    pub admitted: u64,
    /// Requests that the server refused: 503 or 429.
    pub refused: u64,
    /// Requests without an answer, or with another one.
    pub failed: u64,
    /// Median latency in milliseconds.
    pub p50_ms: Option<f64>,
    /// 99th percentile of the latency in milliseconds.
    pub p99_ms: Option<f64>,
    /// Admitted requests that were read within the deadline.
    pub admitted_within_deadline: u64,
    /// The same as a share of the admitted, 0 to 1.
    pub within_deadline_ratio: Option<f64>,
    /// 99th percentile, in milliseconds, from sending a request to the head of its refusal.
    pub refusal_p99_ms: Option<f64>,
    /// Median of the same.
    pub refusal_p50_ms: Option<f64>,
    /// Receipts read within the deadline, a second.
    pub goodput_per_s: f64,
    /// Requests that were meant to be sent.
    pub offered: u64,
    /// Requests that were answered 504.
    pub deadline_exceeded: u64,
    /// Clients that hung up, as they were meant to.
    pub left: u64,
    /// Refusals that do not say when to come back.
    pub refused_without_retry_after: u64,
    /// 90th percentile of the latency in milliseconds.
    pub p90_ms: Option<f64>,
    /// The longest latency in milliseconds.
    pub max_ms: Option<f64>,
}

impl Figures {
    /// The figures of `sent`, which was sent in `length_s` seconds.
    ///
    /// # Errors
    /// When there is no memory for histograms.
    pub fn of<'a>(
        sent: impl IntoIterator<Item = &'a Sent<'a>>,
        length_s: f64,
        deadline: Duration,
    ) -> Result<Self, LoadError> {
        let (mut latencies, mut refusals, mut figures) = (Latencies::new()?, Latencies::new()?, Self::default());
        for sent in sent {
            figures.offered += 1;
            match sent.outcome() {
                Outcome::Read | Outcome::Missed => {
                    figures.admitted += 1;
                    figures.deadline_exceeded += u64::from(sent.outcome() == Outcome::Missed);
                    figures.admitted_within_deadline += u64::from(sent.is_good(deadline));
                    latencies.record(sent.latency());
                }
                Outcome::Refused { retry_after_s } => {
                    figures.refused += 1;
                    figures.refused_without_retry_after += u64::from(retry_after_s.is_none());
                    refusals.record(sent.sample.reply.head_after.unwrap_or(sent.sample.reply.ended_after));
                }
                Outcome::Left => figures.left += 1,
                Outcome::Failed(_) => figures.failed += 1,
            }
        }
        let a_second = |count: u64| if length_s > 0.0 { round(count as f64 / length_s) } else { 0.0 };
        let ratio = || round(figures.admitted_within_deadline as f64 / figures.admitted as f64);
        Ok(Self {
            offered_per_s: a_second(figures.offered),
            goodput_per_s: a_second(figures.admitted_within_deadline),
            within_deadline_ratio: (figures.admitted > 0).then(ratio),
            p50_ms: latencies.quantile_ms(0.5),
            p90_ms: latencies.quantile_ms(0.9),
            p99_ms: latencies.quantile_ms(0.99),
            max_ms: latencies.quantile_ms(1.0),
            refusal_p50_ms: refusals.quantile_ms(0.5),
            refusal_p99_ms: refusals.quantile_ms(0.99),
            ..figures
        })
    }
}

/// Four digits behind the point, which is more than anything here means.
pub fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
