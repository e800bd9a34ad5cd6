//! From a plan, or a trace, to the list of all requests: when, by whom, with which image.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::arrivals;
use crate::error::LoadError;
use crate::images::Catalogue;
use crate::plan::{Mix, PhasePlan, Plan, Stream};
use crate::trace::Traced;

/// A request that is going to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When, from the beginning of the schedule; rests between phases do not count.
    pub at: Duration,
    /// Index of the phase.
    pub phase: usize,
    /// Index of the tenant.
    pub tenant: usize,
    /// Index of the image.
    pub image: usize,
    /// The image is one of the huge ones.
    pub huge: bool,
    /// Sent with `x-priority: bulk`.
    pub bulk: bool,
    /// For marked clients: how long they wait for their answer in phases in which they leave.
    pub patience: Option<Duration>,
}

/// A stretch of the schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Its name in reports.
    pub name: &'static str,
    /// When it begins and ends, as [`Arrival::at`].
    pub span: (Duration, Duration),
    /// Requests a second as planned; of a trace, their mean.
    pub planned_per_s: f64,
    /// Phases of one segment follow each other without a rest.
    pub segment: usize,
    /// Marked clients leave.
    pub leavers_leave: bool,
}

impl Phase {
    /// How long requests are sent, in seconds.
    pub fn length_s(&self) -> f64 {
        (self.span.1.saturating_sub(self.span.0)).as_secs_f64()
    }
}

/// All requests of a run against one server, in order of time. Indices are of `phases`.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// In order of time.
    pub phases: Vec<Phase>,
    /// In order of time.
    pub arrivals: Vec<Arrival>,
    /// The phase that the figures of a run are about.
    pub headline: usize,
    /// The phase that shows the server under base load.
    pub base: Option<usize>,
    /// The phase in which the server goes back to base load.
    pub recovery: Option<usize>,
}

impl Schedule {
    /// Draws the requests of `plan`. Equal seeds give equal schedules.
    ///
    /// # Errors
    /// When there would be more than `max_requests`.
    pub fn draw(plan: &Plan, catalogue: &Catalogue, seed: u64, max_requests: usize) -> Result<Self, LoadError> {
        let (mut phases, mut drawn) = (Vec::new(), Vec::new());
        let (mut start, mut segment) = (Duration::ZERO, 0);
        for (index, phase) in plan.phases.iter().enumerate() {
            segment += usize::from(phase.after_rest);
            for stream in &phase.streams {
                let most = max_requests.saturating_sub(drawn.len());
                drawn.extend(arrivals_of(index, phase, stream, start, catalogue, seed, most));
                if drawn.len() > max_requests {
                    return Err(LoadError::TooMany { max: max_requests });
                }
            }
            phases.push(Phase {
                name: phase.name,
                span: (start, start + phase.length),
                planned_per_s: phase.streams.iter().map(|stream| stream.rate_per_s).sum(),
                segment,
                leavers_leave: phase.leavers_leave,
            });
            start += phase.length;
        }
        drawn.sort_by_key(|arrival: &Arrival| arrival.at);
        Ok(Self { phases, arrivals: drawn, headline: plan.headline, base: plan.base, recovery: plan.recovery })
    }

    /// The requests of a trace, which is in order of time, with ordinary images drawn for them.
    pub fn replay(trace: &[Traced], catalogue: &Catalogue, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let arrival = |(n, traced): (usize, &Traced)| {
            let (image, huge) = pick(Mix::Any, n, catalogue, &mut rng);
            let Traced { at, tenant, bulk } = *traced;
            Arrival { at, phase: 0, tenant, image, huge, bulk, patience: None }
        };
        let arrivals: Vec<Arrival> = trace.iter().enumerate().map(arrival).collect();
        // Whole seconds, so that the last window is as long as the others.
        let length = Duration::from_secs(arrivals.last().map_or(0, |last| last.at.as_secs()) + 1);
        let phase = Phase {
            name: "trace",
            span: (Duration::ZERO, length),
            planned_per_s: arrivals.len() as f64 / length.as_secs_f64(),
            segment: 0,
            leavers_leave: false,
        };
        Self { phases: vec![phase], arrivals, headline: 0, base: None, recovery: None }
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        self.phases.last().map_or(0, |phase| phase.segment + 1)
    }

    /// When the segment begins and ends, as [`Arrival::at`].
    pub fn span(&self, segment: usize) -> (Duration, Duration) {
        let mut spans = self.phases.iter().filter(|phase| phase.segment == segment).map(|phase| phase.span);
        let first = spans.next().unwrap_or_default();
        (first.0, spans.next_back().unwrap_or(first).1)
    }
}

fn arrivals_of(
    index: usize,
    phase: &PhasePlan,
    stream: &Stream,
    start: Duration,
    catalogue: &Catalogue,
    seed: u64,
    most: usize,
) -> Vec<Arrival> {
    // Times from one stream of randomness and everything else from another, so that the folder of images does not
    // change when requests are sent.
    let rng = |of: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream.seed.wrapping_mul(2).wrapping_add(of));
        rng
    };
    let times = arrivals::times(stream.pace, stream.rate_per_s, phase.length, most, &mut rng(0));
    let mut rng = rng(1);
    let arrival = |(n, at): (usize, Duration)| {
        let (image, huge) = pick(stream.mix, n, catalogue, &mut rng);
        let patience = stream.leavers.and_then(|leavers| {
            let (leaves, share) = (rng.random::<f64>() < leavers.share, rng.random::<f64>());
            leaves.then(|| leavers.after.0 + leavers.after.1.saturating_sub(leavers.after.0).mul_f64(share))
        });
        let tenant = stream.tenants.get(n % stream.tenants.len().max(1)).copied().unwrap_or(0);
        Arrival { at: start + at, phase: index, tenant, image, huge, bulk: false, patience }
    };
    times.into_iter().enumerate().map(arrival).collect()
}

/// The image of request `n` of a stream, and whether it is meant to be huge.
fn pick(mix: Mix, n: usize, catalogue: &Catalogue, rng: &mut ChaCha8Rng) -> (usize, bool) {
    let nth = |list: &[usize], n: usize| list.get(n % list.len().max(1)).copied().unwrap_or(0);
    let ordinary = &catalogue.ordinary;
    let drawn = if ordinary.is_empty() { 0 } else { nth(ordinary, rng.random_range(0..ordinary.len())) };
    match mix {
        Mix::Any => (drawn, false),
        Mix::Typical(count) => (nth(ordinary, n % count.max(1)), false),
        Mix::EveryTenthHuge if n % 10 == 9 => (nth(&catalogue.huge, n / 10), true),
        Mix::EveryTenthHuge => (drawn, false),
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
