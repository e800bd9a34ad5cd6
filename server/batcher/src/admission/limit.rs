//! The adaptive limit: how much predicted work may be in flight.
//!
//! Additive increase, multiplicative decrease (Chiu and Jain 1989), on the
//! question that callers ask: did the answer come well within its deadline?

use std::time::Instant;

/// A request that used more of its time than this counts as late.
const LATE: f64 = 0.95;

/// What a late request leaves of the limit.
const DECREASE: f64 = 0.8;

/// What a request that was in time adds, in proportion to its own cost.
const INCREASE: f64 = 0.25;

/// Predicted nanoseconds that may be in flight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    value: f64,
    max: f64,
    /// Requests that came before this do not speak about the present value.
    changed: Option<Instant>,
    /// Whether somebody was refused since it last grew: a limit that nobody
    /// reaches says nothing and stays.
    binding: bool,
}

impl Limit {
    pub(super) fn new(max: f64) -> Self {
        Self { value: max, max, changed: None, binding: false }
    }

    pub(super) fn value(&self) -> f64 {
        self.value
    }

    /// Somebody was refused because of it.
    pub(super) fn bound(&mut self) {
        self.binding = true;
    }

    /// A request of `cost` that `entered` then has used `used` of its time; more than 1 is too late.
    pub(super) fn learn(&mut self, now: Instant, entered: Instant, used: f64, cost: f64) {
        if used > LATE {
            // Once for all requests that were in flight together.
            if self.changed.is_none_or(|changed| entered >= changed) {
                // Two documents of this size always fit: one computes, one is being received.
                self.value = (self.value * DECREASE).max(2.0 * cost).min(self.max);
                self.changed = Some(now);
            }
        } else if self.binding {
            self.value = (self.value + INCREASE * cost).min(self.max);
            self.binding = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[allow(clippy::disallowed_methods, reason = "any moment will do")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn requests_that_were_late_together_lower_it_once() {
        let start = start();
        let mut limit = Limit::new(1_000.0);
        limit.learn(start + Duration::from_secs(1), start, 1.2, 10.0);
        limit.learn(start + Duration::from_secs(2), start, 1.2, 10.0);
        assert_eq!(limit.value(), 800.0);
        limit.learn(start + Duration::from_secs(3), start + Duration::from_secs(2), 1.2, 10.0);
        assert_eq!(limit.value(), 640.0);
    }

    #[test]
    fn it_grows_only_while_it_binds_and_never_above_its_maximum() {
        let start = start();
        let mut limit = Limit::new(1_000.0);
        limit.learn(start, start, 2.0, 10.0);
        limit.learn(start, start, 0.5, 10.0);
        assert_eq!(limit.value(), 800.0);
        for _ in 0..200 {
            limit.bound();
            limit.learn(start, start, 0.5, 10.0);
        }
        assert_eq!(limit.value(), 1_000.0);
    }

    #[test]
    fn it_never_locks_everybody_out() {
        let start = start();
        let mut limit = Limit::new(1_000.0);
        for second in 0..50 {
            let entered = start + Duration::from_secs(second);
            limit.learn(entered, entered, 3.0, 100.0);
        }
        assert_eq!(limit.value(), 200.0);
    }
}
