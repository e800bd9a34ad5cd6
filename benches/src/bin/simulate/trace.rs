//! What arrives: plans of phases, in multiples of what one server can read.

use std::time::Duration;

use clap::ValueEnum;
use slipstream_loadtest::images::Catalogue;
use slipstream_loadtest::plan::{Mix, Pace, PhasePlan, Plan, Stream};
use slipstream_loadtest::schedule::Schedule;

use crate::Result;

/// More requests than any trace here has.
const MAX_REQUESTS: usize = 5_000_000;

/// Receipts that are drawn from.
pub(crate) const RECEIPTS: usize = 5_000;

/// Rates of a day, an hour each, by the highest of them without a spot: shops open
/// at eight, most claims come after work.
const DAY: [f64; 24] = [
    0.10, 0.06, 0.04, 0.03, 0.03, 0.05, 0.12, 0.25, 0.40, 0.50, 0.55, 0.62, 0.70, 0.68, 0.62, 0.60, 0.65, 0.78, 0.92,
    1.00, 0.95, 0.75, 0.45, 0.22,
];

/// A day's hour takes this long, so that a day can be simulated.
const HOUR: Duration = Duration::from_secs(60);

/// The hour in which the spot airs.
const SPOT: usize = 20;

/// A kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Trace {
    /// 0.8 times the capacity for five minutes.
    Poisson,
    /// 0.3 times the capacity, ten times as much for five minutes, and 0.3 times again.
    #[value(name = "step-10x")]
    Step10x,
    /// A day in 24 minutes, up to 0.7 times the capacity, with a television spot in the evening: ten times as much for a minute.
    DiurnalSpot,
    /// One tenant sends three times the capacity for two minutes, four others a tenth of it each.
    OneTenantFloods,
}

impl Trace {
    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Poisson => "poisson",
            Self::Step10x => "step-10x",
            Self::DiurnalSpot => "diurnal-spot",
            Self::OneTenantFloods => "one-tenant-floods",
        }
    }

    /// All arrivals for a server that reads `capacity_per_s`.
    pub(crate) fn schedule(self, capacity_per_s: f64, seed: u64) -> Result<Schedule> {
        let ordinary = (0..RECEIPTS).collect();
        let catalogue = Catalogue { ordinary, huge: Vec::new() };
        Ok(Schedule::draw(&self.plan(capacity_per_s), &catalogue, seed, MAX_REQUESTS)?)
    }

    /// The highest rate of the trace, in multiples of the capacity.
    pub(crate) fn highest(self) -> f64 {
        let rate = |phase: &PhasePlan| phase.streams.iter().map(|stream| stream.rate_per_s).sum();
        self.plan(1.0).phases.iter().map(rate).fold(0.0, f64::max)
    }

    fn plan(self, capacity_per_s: f64) -> Plan {
        let stream = |tenants: Vec<usize>, multiple: f64, seed: u64| Stream {
            tenants,
            rate_per_s: multiple * capacity_per_s,
            pace: Pace::Poisson,
            mix: Mix::Any,
            leavers: None,
            seed,
        };
        let phase =
            |name, length, streams| PhasePlan { name, length, after_rest: false, leavers_leave: false, streams };
        // Evenly spread and of the same receipts in every second, so that a second can be held against another.
        let usual = |tenants, multiple: f64, seed| {
            let rate_per_s = (multiple * capacity_per_s).round().max(1.0);
            let mix = Mix::Typical(rate_per_s as usize);
            Stream { rate_per_s, pace: Pace::Even, mix, ..stream(tenants, 0.0, seed) }
        };
        let seconds = Duration::from_secs;
        match self {
            Self::Poisson => Plan {
                phases: vec![phase("load", seconds(300), vec![stream(vec![0], 0.8, 1)])],
                headline: 0,
                base: None,
                recovery: None,
            },
            Self::Step10x => Plan {
                phases: vec![
                    phase("before", seconds(60), vec![usual(vec![0], 0.3, 1)]),
                    phase("step", seconds(300), vec![stream(vec![0], 3.0, 2)]),
                    phase("after", seconds(60), vec![usual(vec![0], 0.3, 3)]),
                ],
                headline: 1,
                base: Some(0),
                recovery: Some(2),
            },
            Self::DiurnalSpot => {
                let hour = |(hour, share): (usize, &f64)| {
                    let spot = if hour == SPOT { 10.0 } else { 1.0 };
                    let name = if hour == SPOT { "spot" } else { "" };
                    phase(name, HOUR, vec![stream(vec![0], 0.7 * share * spot, hour as u64)])
                };
                let phases = DAY.iter().enumerate().map(hour).collect();
                Plan { phases, headline: SPOT, base: Some(SPOT - 1), recovery: Some(SPOT + 1) }
            }
            Self::OneTenantFloods => Plan {
                phases: vec![
                    phase("before", seconds(30), vec![usual(vec![1, 2, 3, 4], 0.4, 1)]),
                    phase("flood", seconds(120), vec![stream(vec![0], 3.0, 2), stream(vec![1, 2, 3, 4], 0.4, 3)]),
                    phase("after", seconds(30), vec![usual(vec![1, 2, 3, 4], 0.4, 4)]),
                ],
                headline: 1,
                base: Some(0),
                recovery: Some(2),
            },
        }
    }
}
