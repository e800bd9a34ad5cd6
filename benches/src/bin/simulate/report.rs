//! The figures of all policies, as JSON and as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use slipstream_loadtest::record::{Figures, Latencies, Sent, join, round};
use slipstream_loadtest::recovery;
use slipstream_loadtest::schedule::{Phase, Schedule};

use crate::Result;
use crate::run::Run;
use crate::trace::Trace;

/// Seconds of which a median is taken to see whether the server is itself again.
const MEDIAN_S: u64 = 5;

/// What policies made of a trace.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    trace: &'static str,
    /// Receipts a second that the server reads when there are always some waiting.
    capacity_per_s: f64,
    deadline_ms: u64,
    policies: BTreeMap<&'static str, Scores>,
}

/// Figures of the phase with the most load. Ratios from 0 to 1.
#[derive(Debug, Serialize)]
struct Scores {
    /// Part of what was let in that was read within its deadline.
    admitted_within_deadline: f64,
    /// Receipts read within their deadline, by what the server could have read.
    goodput_ratio: f64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    /// Part of the recogniser's work that was padding.
    padding_waste: f64,
    /// From the end of the peak until medians are as before it.
    recovery_s: Option<f64>,
    offered: u64,
    admitted: u64,
    refused: u64,
    /// Part of each tenant's requests that was read within their deadline.
    by_tenant: BTreeMap<usize, f64>,
    simulated_in_s: f64,
}

/// The requests of one phase.
fn of_phase<'a>(sent: &'a [Sent<'a>], schedule: &Schedule, index: usize) -> (&'a [Sent<'a>], Option<Phase>) {
    let inside = sent.partition_point(|sent| sent.arrival.phase < index);
    let behind = sent.partition_point(|sent| sent.arrival.phase <= index);
    (sent.get(inside..behind).unwrap_or_default(), schedule.phases.get(index).cloned())
}

impl Report {
    pub(crate) fn new(
        trace: Trace,
        capacity_per_s: f64,
        deadline: Duration,
        schedule: &Schedule,
        runs: &[Run],
    ) -> Result<Self> {
        let mut policies = BTreeMap::new();
        for run in runs {
            policies.insert(run.policy.name(), Scores::new(run, capacity_per_s, deadline, schedule)?);
        }
        Ok(Self {
            trace: trace.name(),
            capacity_per_s: round(capacity_per_s),
            deadline_ms: deadline.as_millis() as u64,
            policies,
        })
    }
}

impl Scores {
    fn new(run: &Run, capacity_per_s: f64, deadline: Duration, schedule: &Schedule) -> Result<Self> {
        let sent = join(schedule, &run.samples);
        let (headline, phase) = of_phase(&sent, schedule, schedule.headline);
        let length_s = phase.map_or(0.0, |phase| phase.length_s());
        let figures = Figures::of(headline, length_s, deadline)?;
        let mut tenants: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        for sent in headline {
            let (offered, good) = tenants.entry(sent.arrival.tenant).or_default();
            *offered += 1;
            *good += u64::from(sent.is_good(deadline));
        }
        Ok(Self {
            admitted_within_deadline: figures.within_deadline_ratio.unwrap_or(0.0),
            goodput_ratio: round(figures.goodput_per_s / capacity_per_s),
            p50_ms: figures.p50_ms,
            p99_ms: figures.p99_ms,
            padding_waste: round(run.padding_waste),
            recovery_s: recovery_s(&sent, schedule, deadline)?,
            offered: figures.offered,
            admitted: figures.admitted,
            refused: figures.refused,
            by_tenant: tenants
                .into_iter()
                .map(|(tenant, (all, good))| (tenant, round(good as f64 / all as f64)))
                .collect(),
            simulated_in_s: round(run.took.as_secs_f64()),
        })
    }
}

/// Seconds from the end of the peak until the median latency is as before it. Medians are of five seconds, since
/// receipts differ and a second has only a few.
fn recovery_s(sent: &[Sent<'_>], schedule: &Schedule, deadline: Duration) -> Result<Option<f64>> {
    let (Some(base), Some(after)) = (schedule.base, schedule.recovery) else { return Ok(None) };
    let (before, phase) = of_phase(sent, schedule, base);
    let base = Figures::of(before, phase.map_or(0.0, |phase| phase.length_s()), deadline)?;
    let (after, Some(phase)) = of_phase(sent, schedule, after) else { return Ok(None) };
    let Some(limit_ms) = base.p50_ms.map(recovery::limit_ms) else { return Ok(None) };
    let start = |sent: &Sent<'_>| (sent.arrival.at - phase.span.0).as_secs_f64();
    for second in 0..(phase.length_s() as u64).saturating_sub(MEDIAN_S) {
        let (from, to) = (second as f64, (second + MEDIAN_S) as f64);
        let within = after.iter().filter(|sent| (from..to).contains(&start(sent)) && sent.outcome().is_admitted());
        let median = Latencies::of(within.map(Sent::latency))?.quantile_ms(0.5);
        if median.is_some_and(|median| median <= limit_ms) {
            return Ok(Some(from));
        }
    }
    Ok(None)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: capacity {:.1} receipts/s, deadline {} ms",
            self.trace, self.capacity_per_s, self.deadline_ms
        )?;
        writeln!(
            f,
            "{:<14} {:>9} {:>9} {:>10} {:>9} {:>9} {:>9} {:>9} {:>8}",
            "policy", "admitted", "refused", "in time %", "goodput", "p50 ms", "p99 ms", "recovery", "padding"
        )?;
        let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.0}"));
        for (name, scores) in &self.policies {
            writeln!(
                f,
                "{name:<14} {:>9} {:>9} {:>10.2} {:>9.3} {:>9} {:>9} {:>9} {:>8.3}",
                scores.admitted,
                scores.refused,
                100.0 * scores.admitted_within_deadline,
                scores.goodput_ratio,
                number(scores.p50_ms),
                number(scores.p99_ms),
                number(scores.recovery_s),
                scores.padding_waste
            )?;
            if scores.by_tenant.len() > 1 {
                writeln!(f, "{:<14} in time by tenant: {:?}", "", scores.by_tenant)?;
            }
        }
        Ok(())
    }
}
