//! How many replicas a campaign needs: each gets an equal part of the arrivals.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::Result;
use crate::policy::Policy;
use crate::run;
use crate::service::Service;
use crate::trace::Trace;

/// Part of all requests, refused ones included, that has to be read within its deadline.
const GOAL: f64 = 0.99;

/// More replicas than anybody asks about.
const MAX_REPLICAS: usize = 4_096;

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    trace: &'static str,
    highest_rate_per_s: f64,
    deadline_ms: u64,
    /// Receipts a second that one replica reads when there are always some waiting.
    capacity_per_s: f64,
    /// The fewest that reach the goal.
    replicas: usize,
    /// What numbers of replicas reach: part of all requests that is read within its deadline.
    within_deadline: Vec<(usize, f64)>,
}

/// Finds the fewest replicas that keep the deadline of 99 % of all requests of `trace`, whose highest rate is `rate_per_s`.
pub(crate) fn find(service: &Service, trace: Trace, rate_per_s: f64, deadline: Duration, seed: u64) -> Result<Answer> {
    if !(rate_per_s.is_finite() && rate_per_s > 0.0) {
        return Err("--replicas-for needs a rate above 0".into());
    }
    let mut tried = Vec::new();
    let mut reach = |replicas: usize| -> Result<bool> {
        // One of them, whose arrivals are a thinned Poisson process: what a balancer gives it at random.
        let capacity = rate_per_s / replicas as f64 / trace.highest();
        let schedule = trace.schedule(capacity, seed)?;
        let run = run::run(service, Policy::Slipstream, &schedule, deadline, seed)?;
        let sent = slipstream_loadtest::record::join(&schedule, &run.samples);
        let good = sent.iter().filter(|sent| sent.is_good(deadline)).count();
        let share = good as f64 / sent.len().max(1) as f64;
        tried.push((replicas, slipstream_loadtest::record::round(share)));
        Ok(share >= GOAL)
    };
    let mut enough = 1;
    while !reach(enough)? {
        enough *= 2;
        if enough > MAX_REPLICAS {
            return Err(
                format!("{MAX_REPLICAS} replicas are not enough, the deadline is too short for one receipt").into()
            );
        }
    }
    let mut too_few = enough / 2;
    while enough - too_few > 1 {
        let middle = usize::midpoint(enough, too_few);
        if reach(middle)? {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    tried.sort_unstable_by_key(|(replicas, _)| *replicas);
    Ok(Answer {
        trace: trace.name(),
        highest_rate_per_s: rate_per_s,
        deadline_ms: deadline.as_millis() as u64,
        capacity_per_s: slipstream_loadtest::record::round(run::capacity(service, seed)?),
        replicas: enough,
        within_deadline: tried,
    })
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (replicas, share) in &self.within_deadline {
            writeln!(
                f,
                "{replicas:>5} replicas: {:.2} % of all requests within {} ms",
                100.0 * share,
                self.deadline_ms
            )?;
        }
        write!(
            f,
            "{} with up to {} receipts/s needs {} replicas of {:.1} receipts/s each",
            self.trace, self.highest_rate_per_s, self.replicas, self.capacity_per_s
        )
    }
}
