//! How much is asked of the server, and so when it is worth asking again.
//!
//! Where more is offered than can be worked off, room goes to one in so many who
//! ask, whoever waited longest. Somebody who asks every second gets in after as
//! many seconds on average, and that is what a refused caller is told, behind
//! the time until there is room at all. It falls with the load within seconds.
//! Told times are spread, so that those who were refused together do not come back together.

use std::time::{Duration, Instant};

/// How long demand is remembered.
const MEMORY: Duration = Duration::from_secs(3);

/// The time after which somebody is thought to ask again.
const ROUND: Duration = Duration::from_secs(1);

/// Longest wait that is asked of anybody.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Fractional part of the golden ratio: its multiples, without their whole parts, fill the unit interval evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_8;

/// Predicted work that is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    /// Nanoseconds of compute time asked for in a nanosecond, decaying.
    rate: f64,
    at: Option<Instant>,
    /// Where the next told time lies in the spread, 0 to 1.
    place: f64,
}

impl Demand {
    pub(super) fn new() -> Self {
        Self { rate: 0.0, at: None, place: 0.5 }
    }

    /// Somebody asks for `cost` nanoseconds.
    pub(super) fn ask(&mut self, now: Instant, cost: f64) {
        let passed = self.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.at = Some(now);
        self.rate = self.rate * (-passed / MEMORY.as_secs_f64()).exp() + cost / MEMORY.as_nanos() as f64;
    }

    /// When somebody who is refused should ask again, if `missing` nanoseconds have to be worked off before there is room.
    pub(super) fn wait(&mut self, missing: f64, lanes: f64) -> Duration {
        self.place = (self.place + GOLDEN).fract();
        let tries = (self.rate / lanes).max(1.0);
        let spread = 0.5 + self.place;
        let wait = missing.max(0.0) / lanes / 1e9 + tries * spread * ROUND.as_secs_f64();
        Duration::try_from_secs_f64(wait).unwrap_or(MAX_WAIT).min(MAX_WAIT)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "any moment will do")]
mod tests {
    use super::*;

    /// Asks for `load` times what two lanes do, for some seconds.
    fn offer(demand: &mut Demand, now: &mut Instant, seconds: u32, load: f64) {
        for _ in 0..seconds * 100 {
            *now += Duration::from_millis(10);
            demand.ask(*now, load * 2.0 * 1e7);
        }
    }

    fn mean_wait(demand: &mut Demand) -> f64 {
        (0..100).map(|_| demand.wait(0.0, 2.0).as_secs_f64()).sum::<f64>() / 100.0
    }

    #[test]
    fn the_wait_is_as_many_seconds_as_there_are_callers_for_a_place() {
        let (mut demand, mut now) = (Demand::new(), Instant::now());
        offer(&mut demand, &mut now, 30, 3.0);
        assert!((mean_wait(&mut demand) - 3.0).abs() < 0.1, "{}", mean_wait(&mut demand));
        // And falls with the load.
        offer(&mut demand, &mut now, 10, 0.3);
        assert!((mean_wait(&mut demand) - 1.0).abs() < 0.15, "{}", mean_wait(&mut demand));
    }

    #[test]
    fn those_who_are_refused_together_are_spread_and_nobody_waits_for_ever() {
        let (mut demand, mut now) = (Demand::new(), Instant::now());
        offer(&mut demand, &mut now, 30, 4.0);
        let waits: Vec<f64> = (0..20).map(|_| demand.wait(1e9, 2.0).as_secs_f64() - 0.5).collect();
        let mut sorted = waits.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted[0] < 2.5 && sorted[19] > 5.5, "{sorted:?}");
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] < 0.6), "{sorted:?}");
        offer(&mut demand, &mut now, 10, 1e6);
        assert_eq!(demand.wait(1e30, 2.0), MAX_WAIT);
    }
}
