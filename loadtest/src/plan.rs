//! What a profile asks for, before any time is drawn: phases, and streams of requests in them.

use std::time::Duration;

/// How arrivals of a stream are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// At constant distances.
    Even,
    /// As a Poisson process: independent callers.
    Poisson,
}

/// Which images a stream sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Any ordinary image, drawn.
    Any,
    /// This many images of the most usual size, in turn: every second sends about the same, so that seconds can be
    /// compared.
    Typical(usize),
    /// Any ordinary image, but every tenth request sends a huge one.
    EveryTenthHuge,
}

/// Clients that do not wait for their answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leavers {
    /// Share of the clients, 0 to 1.
    pub share: f64,
    /// The earliest and the latest time at which they leave.
    pub after: (Duration, Duration),
}

/// Requests of the same kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// Indices of the tenants that send them, in turn.
    pub tenants: Vec<usize>,
    /// Requests a second, of all these tenants together.
    pub rate_per_s: f64,
    /// How they are spread.
    pub pace: Pace,
    /// What is sent.
    pub mix: Mix,
    /// Some clients may be marked as leavers; whether they leave is the phase's choice.
    pub leavers: Option<Leavers>,
    /// Streams of one seed in phases of one length have the same arrivals.
    pub seed: u64,
}

/// A stretch of time with the same load.
#[derive(Debug, Clone, PartialEq)]
pub struct PhasePlan {
    /// Its name in reports.
    pub name: &'static str,
    /// How long requests are sent.
    pub length: Duration,
    /// All requests of the phase before are answered, and the server rests, before this one begins.
    pub after_rest: bool,
    /// Marked clients leave.
    pub leavers_leave: bool,
    /// What is sent.
    pub streams: Vec<Stream>,
}

/// What a profile asks for. Indices are of `phases`.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// In order; never empty.
    pub phases: Vec<PhasePlan>,
    /// The phase that the figures of a run are about.
    pub headline: usize,
    /// The phase that shows the server under base load.
    pub base: Option<usize>,
    /// The phase in which the server goes back to base load.
    pub recovery: Option<usize>,
}
