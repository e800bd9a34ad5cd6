//! Who is let in: an adaptive limit on the predicted work in flight, with fair
//! shares, a part for bulk, and a look at every deadline. Pure; see [`crate::Door`].
//!
//! A request is judged by its head alone, from what requests of its size took
//! before. Once its lines are known it is judged again, whole, before any of
//! them is queued. What is refused is refused at once, with the time at which it is worth asking again.

mod demand;
mod ledger;
mod limit;

use std::time::{Duration, Instant};

use crate::cost::{CostModels, nanoseconds};
use crate::spread::Spread;
use crate::work::{Bucket, Discipline, Order, Priority, Standing, Ticket};
use demand::Demand;
use ledger::{Entry, Ledger};
use limit::Limit;

/// Part of the answers that come when they were expected at the latest.
const KEPT: f64 = 0.97;

/// How far beyond the limit tenants within their shares are let in, at most.
const GUESTS: f64 = 2.0;

/// Least that answers are believed to take of what was predicted. Predictions are
/// too high where stages share threads that each of them counts as its own.
const MIN_STRETCH: f64 = 0.5;

/// What may be in the server at the same time.
#[derive(Debug, Clone, PartialEq)]
pub struct AdmissionLimits {
    /// Compute time that is worked off in a unit of time: the compute threads.
    pub lanes: usize,
    /// Longest wait that may be ahead of a request, whatever its deadline: room for bursts.
    pub max_wait: Duration,
    /// Wait that may last under pressure: what keeps the lanes busy.
    pub target_wait: Duration,
    /// Part of the limit that bulk work may take, 0 to 1.
    pub bulk_share: f64,
    /// Requests at the same time.
    pub max_requests: usize,
    /// Bytes of uploads at the same time.
    pub max_bytes: u64,
    /// Weights of tenants. First come, first served lets in whatever the two
    /// bounds above allow.
    pub order: Order,
    /// Compute time of a request before the first has been measured.
    pub initial_cost: Duration,
}

/// A request that asks to be let in.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// Where it stands.
    pub standing: Standing,
    /// Class of requests that take about as long.
    pub bucket: Bucket,
    /// Bytes that it holds while it is in.
    pub bytes: u64,
}

/// A request that was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entered {
    /// Its name.
    pub ticket: Ticket,
    /// Predicted compute time.
    pub cost: Duration,
}

/// What is known of a request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How far it is: a name for requests that have the same part of their way before them.
    pub checkpoint: Bucket,
    /// Its size, in a unit that the rest of its compute time rises with.
    pub units: u64,
    /// Compute time that it took so far.
    pub busy: Duration,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, after `busy` of compute time.
    Done {
        /// Compute time on all lanes together.
        busy: Duration,
    },
    /// Its deadline passed, after `busy` of compute time.
    Missed {
        /// Compute time on all lanes together.
        busy: Duration,
    },
    /// Its client went away, or it failed.
    Abandoned,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Too much work is in flight.
    Limit,
    /// Its tenant has its share in flight already, while others are there.
    Share,
    /// Its deadline could not be kept, with what is ahead of it.
    Deadline,
    /// Its deadline could not be kept by an idle server either.
    Hopeless,
    /// Too many requests are in flight.
    Requests,
    /// Too many bytes of uploads are in flight.
    Bytes,
}

impl Reason {
    /// All there are.
    pub const ALL: [Self; 6] = [Self::Limit, Self::Share, Self::Deadline, Self::Hopeless, Self::Requests, Self::Bytes];
}

/// A request that is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("refused for {reason:?}, try again in {retry_after:?}")]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// When to ask again: the time until there is room, and a second for every caller there is for a place.
    pub retry_after: Duration,
}

/// What is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Compute time that may be in flight.
    pub limit: Duration,
    /// The most that it can become.
    pub max_limit: Duration,
    /// Predicted compute time in flight.
    pub in_flight: Duration,
    /// Of which bulk.
    pub bulk: Duration,
    /// Requests in flight.
    pub requests: usize,
    /// How many times as long as predicted answers are believed to take.
    pub stretch: f64,
}

/// How a request that was answered compares with what was predicted when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Predicted compute time.
    pub cost: Duration,
    /// Compute time.
    pub busy: Duration,
    /// Predicted time until the answer.
    pub expected: Duration,
    /// Time until the answer.
    pub took: Duration,
}

/// The state.
#[derive(Debug)]
pub struct Admission {
    limits: AdmissionLimits,
    ledger: Ledger,
    limit: Limit,
    costs: CostModels,
    /// How much longer answers take than predicted: what the prediction knows nothing of.
    stretch: Spread,
    /// What is left of a request at each checkpoint.
    progress: CostModels,
    demand: Demand,
    tickets: Ticket,
}

impl Admission {
    /// Nothing in flight.
    pub fn new(limits: AdmissionLimits) -> Self {
        Self {
            ledger: Ledger::new(limits.order.clone()),
            limit: Limit::new(
                limits.lanes.max(1) as f64 * limits.max_wait.as_nanos() as f64,
                limits.lanes.max(1) as f64 * limits.target_wait.as_nanos() as f64,
            ),
            costs: CostModels::starting_at(limits.initial_cost),
            stretch: Spread::new(KEPT, MIN_STRETCH),
            progress: CostModels::starting_at(Duration::ZERO),
            demand: Demand::new(),
            limits,
            tickets: 0,
        }
    }

    /// Lets a request in, whose [`Admission::leave`] has to follow.
    ///
    /// # Errors
    /// When it is refused.
    pub fn enter(&mut self, now: Instant, claim: Claim) -> Result<Entered, Refusal> {
        let Claim { standing, bucket, bytes } = claim;
        let cost = nanoseconds(self.costs.of(bucket).predict(1));
        self.demand.ask(now, cost as f64);
        self.ledger.pass_over_slow_uploads(now);
        if let Some((reason, missing)) = self.objection(now, &claim, cost) {
            self.limit.watch(now, self.ledger.total() as f64, reason != Reason::Hopeless);
            return Err(Refusal { reason, retry_after: self.demand.wait(missing, self.lanes()) });
        }
        self.limit.watch(now, self.ledger.total() as f64, false);
        let expected = self.ledger.ahead(None, &standing, cost) / self.lanes();
        let ticket = self.tickets;
        self.tickets += 1;
        self.ledger.insert(
            ticket,
            Entry {
                standing,
                bucket,
                bytes,
                entered: now,
                uploading: true,
                cost,
                remaining: cost,
                expected,
                progress: Vec::new(),
            },
        );
        Ok(Entered { ticket, cost: Duration::from_nanos(cost) })
    }

    /// What speaks against a request, and the nanoseconds of work that have to go before it does not.
    fn objection(&mut self, now: Instant, claim: &Claim, cost: u64) -> Option<(Reason, f64)> {
        let standing = claim.standing;
        let share = self.ledger.share(now, standing.tenant);
        if self.ledger.requests() == 0 {
            return None;
        }
        // What is in flight turns over once while this much is worked off.
        let total = self.ledger.total() as f64;
        let mean = total / self.ledger.requests() as f64;
        if self.ledger.requests() >= self.limits.max_requests {
            return Some((Reason::Requests, mean));
        }
        if self.ledger.bytes().saturating_add(claim.bytes) > self.limits.max_bytes {
            return Some((Reason::Bytes, mean));
        }
        if matches!(self.limits.order.discipline, Discipline::Fifo { .. }) {
            return None;
        }
        let limit = self.limit.value();
        // The last one in may reach beyond the limit: large requests would find no room otherwise.
        let over = match standing.priority {
            Priority::Interactive => total - limit,
            Priority::Bulk => {
                (self.ledger.band(Priority::Bulk) as f64 - limit * self.limits.bulk_share).max(total - limit)
            }
        };
        let own = self.ledger.tenant(standing.tenant) as f64;
        let exceeds = share < 1.0 && own >= share * limit;
        // A flood beyond its share takes nothing from the others, who may lend each other theirs.
        let fits_beside = own + self.ledger.entitled_beside(standing.tenant, limit) < limit;
        let is_guest = fits_beside && total < GUESTS * limit && standing.priority == Priority::Interactive;
        if over >= 0.0 && !is_guest {
            return Some((if exceeds { Reason::Share } else { Reason::Limit }, over));
        }
        self.late(now, &standing, cost, self.ledger.ahead(None, &standing, cost))
    }

    /// Whether a request that takes `cost` and has `ahead` before its end misses its deadline.
    fn late(&self, now: Instant, standing: &Standing, cost: u64, ahead: f64) -> Option<(Reason, f64)> {
        let budget = standing.deadline.saturating_duration_since(now).as_nanos() as f64 * self.lanes();
        let late = ahead - budget / self.stretch.value();
        // How long answers are stretched is the fault of what else is in flight.
        let reason = if cost as f64 > budget { Reason::Hopeless } else { Reason::Deadline };
        (late > 0.0).then_some((reason, late))
    }

    /// The upload of a request is there: its time is reckoned from now on.
    ///
    /// # Errors
    /// When it took so long that there is no time left for the rest.
    pub fn received(&mut self, now: Instant, ticket: Ticket) -> Result<(), Refusal> {
        let Some(entry) = self.ledger.get(ticket) else { return Ok(()) };
        let (standing, cost, before) = (entry.standing, entry.cost, entry.remaining);
        let ahead = self.ledger.ahead(Some(ticket), &standing, cost);
        self.ledger.received(now, ticket, ahead / self.lanes());
        self.grown(now, ticket, &standing, before, cost)
    }

    /// Says how far a request is: what is left of it is predicted anew.
    ///
    /// # Errors
    /// When it is larger than it was thought, and does not fit any more: it should end here, whole.
    pub fn progress(&mut self, now: Instant, ticket: Ticket, progress: Progress) -> Result<(), Refusal> {
        let Some(entry) = self.ledger.get_mut(ticket) else { return Ok(()) };
        entry.progress.push(progress);
        let (standing, before) = (entry.standing, entry.remaining);
        let model = self.progress.of(progress.checkpoint);
        let remaining = if model.is_known() {
            nanoseconds(model.predict(progress.units))
        } else {
            entry.cost.saturating_sub(nanoseconds(progress.busy))
        };
        self.ledger.revise(ticket, remaining);
        self.grown(now, ticket, &standing, before, remaining)
    }

    /// Whether a request that has `remaining` to do instead of `before` still fits.
    fn grown(
        &mut self,
        now: Instant,
        ticket: Ticket,
        standing: &Standing,
        before: u64,
        remaining: u64,
    ) -> Result<(), Refusal> {
        let is_alone = self.ledger.requests() == 1;
        if remaining <= before || is_alone || self.limits.order.discipline != Discipline::Deadline {
            return Ok(());
        }
        let ahead = self.ledger.ahead(Some(ticket), standing, remaining);
        // What it took so far is lost if it is refused now, so that only what there
        // is no room for at all counts, not how much may stand.
        let over = self.ledger.total() as f64 - GUESTS * self.limit.max();
        let too_much = (over > 0.0).then_some((Reason::Limit, over));
        let Some((reason, missing)) = self.late(now, standing, remaining, ahead).or(too_much) else { return Ok(()) };
        Err(Refusal { reason, retry_after: self.demand.wait(missing, self.lanes()) })
    }

    /// Takes note that a request ended.
    pub fn leave(&mut self, now: Instant, ticket: Ticket, outcome: Outcome) -> Option<Settled> {
        let entry = self.ledger.remove(ticket)?;
        let took = now.saturating_duration_since(entry.entered);
        let budget = entry.standing.deadline.saturating_duration_since(entry.entered);
        match outcome {
            Outcome::Done { busy } => {
                self.costs.learn(entry.bucket, 1, busy);
                for progress in &entry.progress {
                    self.progress.learn(progress.checkpoint, progress.units, busy.saturating_sub(progress.busy));
                }
            }
            // It would have taken longer than that: what is cheap to begin and never done must not look cheap.
            Outcome::Missed { busy } if nanoseconds(busy) > entry.cost => self.costs.learn(entry.bucket, 1, busy),
            Outcome::Missed { .. } | Outcome::Abandoned => {}
        }
        let expected = entry.expected.max(1.0);
        if !entry.uploading && entry.standing.priority == Priority::Interactive {
            match outcome {
                Outcome::Done { .. } => self.stretch.learn(took.as_nanos() as f64 / expected),
                Outcome::Missed { .. } => {
                    // At least as late as its deadline, also where it was dropped before.
                    self.stretch.learn(took.max(budget).as_nanos() as f64 / expected);
                    if expected <= budget.as_nanos() as f64 {
                        self.limit.missed(now, entry.entered);
                    }
                }
                Outcome::Abandoned => {}
            }
        }
        self.limit.watch(now, self.ledger.total() as f64, false);
        let Outcome::Done { busy } = outcome else { return None };
        let (cost, expected) = (Duration::from_nanos(entry.cost), Duration::from_nanos(entry.expected as u64));
        Some(Settled { cost, busy, expected, took })
    }

    /// What is in flight.
    pub fn load(&self) -> Load {
        Load {
            limit: Duration::from_nanos(self.limit.value() as u64),
            max_limit: Duration::from_nanos(self.limit.max() as u64),
            in_flight: Duration::from_nanos(self.ledger.total()),
            bulk: Duration::from_nanos(self.ledger.band(Priority::Bulk)),
            requests: self.ledger.requests(),
            stretch: self.stretch.value(),
        }
    }

    fn lanes(&self) -> f64 {
        self.limits.lanes.max(1) as f64
    }
}

#[cfg(test)]
mod tests;
