//! Predicted compute time: a line through the newest batches of a bucket, and how far above it batches come.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::spread::Spread;
use crate::work::Bucket;

/// What one more batch leaves of the older ones' weight. The newest twenty make
/// up two thirds of a prediction: a change of the machine's speed shows within seconds.
const MEMORY: f64 = 0.95;

/// Batches after which a bucket's own line is trusted against outliers.
const TRUSTED: f64 = 4.0;

/// A batch counts as at most this many times its prediction, so that a stall of
/// the machine does not stand for the next twenty batches.
const OUTLIER: f64 = 4.0;

/// What takes no longer, in seconds, is no stall, however short it was predicted to be.
const SURELY_FINE: f64 = 1e-3;

/// Part of the batches that end within [`CostModel::high`].
const HIGH: f64 = 0.95;

/// Turns units of work of one bucket into predicted compute time, `slope · units + fixed`.
///
/// The line is the least-squares fit over batches whose weights decay
/// exponentially, with neither part below zero. The spread is a running
/// quantile of taken over predicted time.
#[derive(Debug, Clone, PartialEq)]
pub struct CostModel {
    initial: f64,
    weight: f64,
    units: f64,
    seconds: f64,
    units_squared: f64,
    units_seconds: f64,
    spread: Spread,
}

impl CostModel {
    /// A model that predicts `per_unit` until the first batch has been seen.
    pub fn starting_at(per_unit: Duration) -> Self {
        Self {
            initial: per_unit.as_secs_f64(),
            weight: 0.0,
            units: 0.0,
            seconds: 0.0,
            units_squared: 0.0,
            units_seconds: 0.0,
            spread: Spread::new(HIGH, 1.0),
        }
    }

    /// Seconds a unit, and seconds a batch.
    fn line(&self) -> (f64, f64) {
        if self.weight == 0.0 {
            return (self.initial, 0.0);
        }
        let (mean_units, mean_seconds) = (self.units / self.weight, self.seconds / self.weight);
        let through_origin = (self.units_seconds / self.units_squared, 0.0);
        let variance = self.units_squared / self.weight - mean_units * mean_units;
        // Batches of one size say nothing about what a batch costs by itself.
        if variance <= 1e-6 * mean_units * mean_units {
            return through_origin;
        }
        let slope = (self.units_seconds / self.weight - mean_units * mean_seconds) / variance;
        let fixed = mean_seconds - slope * mean_units;
        match (slope > 0.0, fixed > 0.0) {
            (true, true) => (slope, fixed),
            (true, false) => through_origin,
            (false, _) => (0.0, mean_seconds),
        }
    }

    /// Predicted time of a batch of `units`.
    pub fn predict(&self, units: u64) -> Duration {
        let (slope, fixed) = self.line();
        seconds(slope * units as f64 + fixed)
    }

    /// What `units` add to a batch that runs in any case.
    pub fn marginal(&self, units: u64) -> Duration {
        seconds(self.line().0 * units as f64)
    }

    /// Time within which nineteen of twenty batches of `units` end.
    pub fn high(&self, units: u64) -> Duration {
        seconds(self.predict(units).as_secs_f64() * self.spread.value())
    }

    /// Whether anything was learnt yet.
    pub fn is_known(&self) -> bool {
        self.weight > 0.0
    }

    /// Learns that a batch of `units` took `busy`; a batch without units teaches nothing.
    pub fn learn(&mut self, units: u64, busy: Duration) {
        if units == 0 {
            return;
        }
        let (units, mut taken) = (units as f64, busy.as_secs_f64());
        if self.weight >= TRUSTED {
            let (slope, fixed) = self.line();
            let predicted = (slope * units + fixed).max(f64::MIN_POSITIVE);
            self.spread.learn(taken / predicted);
            taken = taken.min((OUTLIER * predicted).max(SURELY_FINE));
        }
        self.weight = MEMORY * self.weight + 1.0;
        self.units = MEMORY * self.units + units;
        self.seconds = MEMORY * self.seconds + taken;
        self.units_squared = MEMORY * self.units_squared + units * units;
        self.units_seconds = MEMORY * self.units_seconds + units * taken;
    }
}

/// Whole nanoseconds, as many as fit.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// The models of all buckets of a queue. A bucket that was never seen is
/// predicted from all that were.
#[derive(Debug, Clone, PartialEq)]
pub struct CostModels {
    buckets: BTreeMap<Bucket, CostModel>,
    pooled: CostModel,
}

impl CostModels {
    /// Models that predict `per_unit` until the first batch has been seen.
    pub fn starting_at(per_unit: Duration) -> Self {
        Self { buckets: BTreeMap::new(), pooled: CostModel::starting_at(per_unit) }
    }

    /// The model that speaks for `bucket`.
    pub fn of(&self, bucket: Bucket) -> &CostModel {
        self.buckets.get(&bucket).unwrap_or(&self.pooled)
    }

    /// See [`CostModel::learn`].
    pub fn learn(&mut self, bucket: Bucket, units: u64, busy: Duration) {
        self.pooled.learn(units, busy);
        let unknown = CostModel::starting_at(Duration::ZERO);
        self.buckets.entry(bucket).or_insert(unknown).learn(units, busy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_line_is_found_from_batches_of_different_size() {
        let mut model = CostModel::starting_at(100 * MS);
        for batch in 0..60 {
            let units = [10, 40, 25, 80][batch % 4];
            model.learn(units, 7 * MS + 2 * MS * units as u32);
        }
        for units in [5, 50, 500] {
            let (predicted, taken) = (model.predict(units).as_secs_f64(), 0.007 + 0.002 * units as f64);
            assert!((predicted / taken - 1.0).abs() < 0.01, "{units}: {predicted} for {taken}");
        }
        assert!((model.marginal(50).as_secs_f64() - 0.1).abs() < 0.001);
    }

    #[test]
    fn batches_of_one_size_are_predicted_by_their_mean() {
        let mut model = CostModel::starting_at(100 * MS);
        for _ in 0..40 {
            model.learn(50, 100 * MS);
        }
        assert!((model.predict(500).as_secs_f64() - 1.0).abs() < 0.01);
    }

    #[test]
    fn a_stall_moves_the_prediction_little_and_a_slower_machine_fully() {
        let mut model = CostModel::starting_at(MS);
        for _ in 0..50 {
            model.learn(10, 10 * MS);
        }
        model.learn(10, 5_000 * MS);
        assert!(model.predict(10) < 14 * MS, "{:?}", model.predict(10));
        for _ in 0..60 {
            model.learn(10, 30 * MS);
        }
        let predicted = model.predict(10).as_secs_f64();
        assert!((predicted - 0.03).abs() < 0.002, "{predicted}");
    }

    #[test]
    fn the_high_prediction_covers_nearly_all_batches() {
        let mut model = CostModel::starting_at(MS);
        // A sawtooth of 80 to 119 % of the mean.
        let took = |batch: u32| (80 + batch * 7 % 40) * MS / 10;
        for batch in 0..2_000 {
            model.learn(8, took(batch));
        }
        let within = (0..2_000).filter(|batch| took(*batch) <= model.high(8)).count();
        assert!((1_750..=2_000).contains(&within), "{within}");
        assert!(model.high(8) < 13 * MS, "{:?}", model.high(8));
    }

    #[test]
    fn an_empty_batch_and_an_absurd_amount_are_harmless() {
        let mut model = CostModel::starting_at(Duration::from_secs(1));
        model.learn(0, Duration::from_secs(9));
        assert!(!model.is_known());
        assert_eq!(model.predict(2), Duration::from_secs(2));
        assert_eq!(model.predict(u64::MAX), Duration::MAX);
        let mut falling = CostModel::starting_at(MS);
        for units in [10, 20, 30, 40] {
            falling.learn(units, MS * (50 - units as u32));
        }
        assert!(falling.predict(1_000) > Duration::ZERO);
    }

    #[test]
    fn an_unknown_bucket_is_predicted_from_the_known_ones() {
        let mut models = CostModels::starting_at(MS);
        assert_eq!(models.of(7).predict(3), 3 * MS);
        models.learn(1, 10, 50 * MS);
        assert_eq!(models.of(7).predict(3), 15 * MS);
        assert!(!models.buckets.contains_key(&7));
    }
}
