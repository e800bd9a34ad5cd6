//! The adaptive limit: how much predicted work may be in flight.
//!
//! A queue is there for bursts. One that stands (never runs short while others
//! are refused) makes everybody wait and serves nobody more, so it is worked off
//! down to what keeps the threads busy, as CoDel does with packets (Nichols and
//! Jacobson 2012). When the pressure ends the limit opens again, for the next
//! burst. Beside that, answers that come too late lower it, whatever the
//! predictions say (multiplicative decrease, Chiu and Jain 1989).

use std::time::{Duration, Instant};

/// How long is looked at before the limit moves.
const ROUND: Duration = Duration::from_millis(500);

/// Part of what stands too much that goes in a round.
const DRAIN: f64 = 0.5;

/// Growth in a round without anybody being refused.
const OPEN: f64 = 1.5;

/// Growth in a round that ran short of work though somebody was refused.
const WIDEN: f64 = 1.25;

/// Part of the target below which work has run short.
const SHORT: f64 = 0.5;

/// What a late request leaves of the limit.
const DECREASE: f64 = 0.8;

/// Predicted nanoseconds that may be in flight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    value: f64,
    max: f64,
    /// What may stand.
    target: f64,
    round: Option<Round>,
    /// Requests that came before this do not speak about the present value.
    lowered: Option<Instant>,
}

/// What happened since the limit last moved.
#[derive(Debug, Clone, Copy)]
struct Round {
    since: Instant,
    /// In flight at least, and at most.
    lowest: f64,
    highest: f64,
    /// Whether somebody was refused.
    refused: bool,
}

impl Limit {
    /// Opens up to `max` for bursts and goes down to `target` under lasting pressure.
    pub(super) fn new(max: f64, target: f64) -> Self {
        Self { value: max, max, target: target.min(max), round: None, lowered: None }
    }

    pub(super) fn value(&self) -> f64 {
        self.value
    }

    pub(super) fn max(&self) -> f64 {
        self.max
    }

    /// So much is in flight, and somebody was just `refused` or not.
    pub(super) fn watch(&mut self, now: Instant, in_flight: f64, refused: bool) {
        let fresh = Round { since: now, lowest: in_flight, highest: in_flight, refused: false };
        let round = self.round.get_or_insert(fresh);
        round.lowest = round.lowest.min(in_flight);
        round.highest = round.highest.max(in_flight);
        round.refused |= refused;
        let rounds = now.saturating_duration_since(round.since).as_secs_f64() / ROUND.as_secs_f64();
        if rounds >= 1.0 {
            let round = *round;
            self.value = self.after(&round, rounds).min(self.max);
            self.round = Some(fresh);
        }
    }

    fn after(&self, round: &Round, rounds: f64) -> f64 {
        let value = if !round.refused {
            self.value * OPEN
        } else if round.lowest > self.target {
            let standing = round.lowest - self.target;
            (self.value.min(round.highest) - DRAIN * standing).max(self.target)
        } else if round.lowest < SHORT * self.target {
            self.value * WIDEN
        } else {
            self.value
        };
        // Rounds that passed without anything happening were quiet ones.
        value * OPEN.powf((rounds.floor() - 1.0).min(100.0))
    }

    /// A request that `entered` then has missed its deadline, which it was expected to keep.
    pub(super) fn missed(&mut self, now: Instant, entered: Instant) {
        // Once for all requests that were in flight together.
        if self.lowered.is_none_or(|lowered| entered >= lowered) {
            self.value = (self.value * DECREASE).max(self.target.min(self.value));
            self.lowered = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::disallowed_methods, reason = "any moment will do")]
    fn start() -> Instant {
        Instant::now()
    }

    /// Holds `in_flight` for so many rounds, with or without refusals.
    fn hold(limit: &mut Limit, now: &mut Instant, rounds: u32, refused: bool, in_flight: impl Fn(&Limit) -> f64) {
        for _ in 0..rounds * 10 {
            *now += ROUND / 10;
            limit.watch(*now, in_flight(limit), refused);
        }
    }

    #[test]
    fn a_queue_that_stands_is_worked_off_to_the_target() {
        let (mut now, mut limit) = (start(), Limit::new(1_000.0, 100.0));
        hold(&mut limit, &mut now, 20, true, Limit::value);
        assert!((100.0..105.0).contains(&limit.value()), "{}", limit.value());
    }

    #[test]
    fn a_burst_that_drains_by_itself_leaves_the_limit_alone() {
        let (mut now, mut limit) = (start(), Limit::new(1_000.0, 100.0));
        limit.watch(now, 1_000.0, true);
        hold(&mut limit, &mut now, 2, false, |_| 60.0);
        assert_eq!(limit.value(), 1_000.0);
    }

    #[test]
    fn it_opens_again_when_nobody_is_refused() {
        let (mut now, mut limit) = (start(), Limit::new(1_000.0, 100.0));
        hold(&mut limit, &mut now, 20, true, Limit::value);
        hold(&mut limit, &mut now, 8, false, |_| 50.0);
        assert_eq!(limit.value(), 1_000.0);
        hold(&mut limit, &mut now, 20, true, Limit::value);
        // After a pause at once.
        now += Duration::from_secs(30);
        limit.watch(now, 0.0, false);
        assert_eq!(limit.value(), 1_000.0);
    }

    #[test]
    fn it_widens_when_work_runs_short_under_pressure() {
        let (mut now, mut limit) = (start(), Limit::new(1_000.0, 100.0));
        hold(&mut limit, &mut now, 20, true, Limit::value);
        hold(&mut limit, &mut now, 3, true, |_| 20.0);
        assert!(limit.value() > 150.0, "{}", limit.value());
    }

    #[test]
    fn requests_that_were_late_together_lower_it_once_and_never_below_the_target() {
        let (now, mut limit) = (start(), Limit::new(1_000.0, 700.0));
        let second = Duration::from_secs(1);
        limit.missed(now + second, now);
        limit.missed(now + 2 * second, now);
        assert_eq!(limit.value(), 800.0);
        limit.missed(now + 3 * second, now + 2 * second);
        assert_eq!(limit.value(), 700.0);
    }
}
