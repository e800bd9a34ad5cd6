//! Predicted compute time: a rate per unit of work, learnt from finished batches.

use std::time::Duration;

/// Weight of the newest batch in the moving average. A fifth forgets a slow
/// start within a dozen batches and still smooths single outliers away.
const NEWEST_WEIGHT: f64 = 0.2;

/// Turns units of work into predicted compute time.
///
/// The rate is an exponentially weighted mean of the time per unit over batches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostModel {
    seconds_per_unit: f64,
}

impl CostModel {
    /// A model that predicts `per_unit` until the first batch has been seen.
    pub fn starting_at(per_unit: Duration) -> Self {
        Self { seconds_per_unit: per_unit.as_secs_f64() }
    }

    /// Predicted compute time of `units`.
    pub fn predict(&self, units: u64) -> Duration {
        Duration::try_from_secs_f64(self.seconds_per_unit * units as f64).unwrap_or(Duration::MAX)
    }

    /// Units of work that fit into `time`; the inverse of [`CostModel::predict`].
    pub fn units_within(&self, time: Duration) -> u64 {
        // The cast saturates, so a rate of zero means any amount.
        (time.as_secs_f64() / self.seconds_per_unit) as u64
    }

    /// Learns that a batch of `units` took `busy`; a batch without units teaches nothing.
    pub fn learn(&mut self, units: u64, busy: Duration) {
        if units > 0 {
            let seen = busy.as_secs_f64() / units as f64;
            self.seconds_per_unit += NEWEST_WEIGHT * (seen - self.seconds_per_unit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prediction_converges_on_what_batches_take() {
        let mut model = CostModel::starting_at(Duration::from_millis(100));
        for _ in 0..40 {
            model.learn(50, Duration::from_millis(100));
        }
        let predicted = model.predict(500).as_secs_f64();
        assert!((predicted - 1.0).abs() < 0.05, "{predicted}");
    }

    #[test]
    fn an_empty_batch_and_an_absurd_amount_are_harmless() {
        let mut model = CostModel::starting_at(Duration::from_secs(1));
        model.learn(0, Duration::from_secs(9));
        assert_eq!(model.predict(2), Duration::from_secs(2));
        assert_eq!(model.units_within(Duration::from_secs(2)), 2);
        assert_eq!(CostModel::starting_at(Duration::ZERO).units_within(Duration::from_secs(1)), u64::MAX);
        assert_eq!(model.predict(u64::MAX), Duration::MAX);
    }
}
