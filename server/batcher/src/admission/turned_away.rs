//! What was turned away, as a line of its own: whoever is refused is told when its turn would come.
//!
//! Without it everybody who is refused within a second hears the same answer and
//! comes back in the same second. The line is worked off at the rate of the
//! server and forgotten as soon as there is room, since then nobody came back.

use std::time::{Duration, Instant};

/// Longest wait that is asked of anybody.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Predicted work of those who were refused.
#[derive(Debug, Clone, Copy)]
pub(super) struct TurnedAway {
    /// Nanoseconds of compute time.
    work: f64,
    at: Option<Instant>,
}

impl TurnedAway {
    pub(super) fn new() -> Self {
        Self { work: 0.0, at: None }
    }

    /// There is room: nobody is waiting outside.
    pub(super) fn forget(&mut self) {
        self.work = 0.0;
    }

    /// Puts a request of `cost` nanoseconds at the end of the line; gives the
    /// time until its turn, if `missing` nanoseconds have to be worked off before.
    pub(super) fn join(&mut self, now: Instant, cost: f64, missing: f64, lanes: f64) -> Duration {
        let passed = self.at.map_or(0.0, |at| now.saturating_duration_since(at).as_nanos() as f64);
        self.at = Some(now);
        self.work = (self.work - lanes * passed).max(0.0);
        let wait = (missing.max(0.0) + self.work) / lanes;
        self.work = (self.work + cost).min(lanes * MAX_WAIT.as_nanos() as f64);
        Duration::from_nanos(wait as u64).min(MAX_WAIT)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "any moment will do")]
mod tests {
    use super::*;

    const SECOND: f64 = 1e9;

    #[test]
    fn those_who_are_refused_together_are_told_to_come_one_after_the_other() {
        let now = Instant::now();
        let mut away = TurnedAway::new();
        let waits: Vec<u64> = (0..3).map(|_| away.join(now, SECOND, SECOND, 2.0).as_millis() as u64).collect();
        assert_eq!(waits, [500, 1_000, 1_500]);
    }

    #[test]
    fn the_line_is_worked_off_bounded_and_forgotten_when_there_is_room() {
        let now = Instant::now();
        let mut away = TurnedAway::new();
        for _ in 0..1_000 {
            assert!(away.join(now, SECOND, 0.0, 1.0) <= MAX_WAIT);
        }
        let later = now + Duration::from_secs(50);
        assert_eq!(away.join(later, SECOND, 0.0, 1.0), Duration::from_secs(10));
        away.forget();
        assert_eq!(away.join(later, SECOND, SECOND, 1.0), Duration::from_secs(1));
    }
}
