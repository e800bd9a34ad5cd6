//! Times at which requests arrive; pure and seeded.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::plan::Pace;

/// Arrivals at `rate_per_s` from 0 up to, and without, `length`, in order. Ends after `most + 1` arrivals, so that the
/// caller sees that there would be too many. A rate that is not positive has none.
pub fn times(pace: Pace, rate_per_s: f64, length: Duration, most: usize, rng: &mut ChaCha8Rng) -> Vec<Duration> {
    if !(rate_per_s.is_finite() && rate_per_s > 0.0) {
        return Vec::new();
    }
    let end_s = length.as_secs_f64();
    let mut at_s = 0.0;
    let next = |index: usize| {
        at_s = match pace {
            // Half a distance from either end, so that phases follow each other without a clash.
            Pace::Even => (index as f64 + 0.5) / rate_per_s,
            // The distances of a Poisson process are exponential; 1 - u is never 0.
            Pace::Poisson => at_s - (1.0 - rng.random::<f64>()).ln() / rate_per_s,
        };
        (at_s < end_s).then(|| Duration::from_secs_f64(at_s))
    };
    (0..=most).map_while(next).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::*;

    fn of(pace: Pace, rate: f64, length_s: u64, seed: u64) -> Vec<Duration> {
        times(pace, rate, Duration::from_secs(length_s), 1_000_000, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    #[test]
    fn even_arrivals_have_one_distance() {
        let expected = [125, 375, 625, 875].map(Duration::from_millis);
        assert_eq!(of(Pace::Even, 4.0, 1, 1), expected);
    }

    #[test]
    fn distances_of_a_poisson_process_vary_as_much_as_their_mean() {
        let times = of(Pace::Poisson, 50.0, 400, 7);
        let distances: Vec<f64> = times.windows(2).map(|w| (w[1] - w[0]).as_secs_f64()).collect();
        let mean = distances.iter().sum::<f64>() / distances.len() as f64;
        let variance = distances.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / distances.len() as f64;
        assert!((mean - 0.02).abs() < 0.001 && (variance.sqrt() / mean - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn a_rate_that_is_none_has_no_arrivals() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(of(Pace::Poisson, rate, 10, 1), [], "{rate}");
        }
    }

    proptest! {
        #[test]
        fn the_rate_is_kept_for_any_seed(seed: u64, rate in 20.0..100.0f64, length_s in 20..60u64) {
            let expected = rate * length_s as f64;
            // Nine standard deviations of a Poisson count of 400 or more, which is less than half of it. Beyond
            // five lies one seed in a million: that failed once in some thousand runs. Beyond nine, one in 10^16.
            let counted = of(Pace::Poisson, rate, length_s, seed).len() as f64;
            prop_assert!((counted - expected).abs() < 9.0 * expected.sqrt(), "{} for {}", counted, expected);
            prop_assert!((of(Pace::Even, rate, length_s, seed).len() as f64 - expected).abs() <= 1.0);
        }

        #[test]
        fn arrivals_are_in_order_within_the_phase_and_bounded(
            seed: u64, rate in 0.1..2000.0f64, length_ms in 0..5_000u64, most in 0..200usize, even: bool,
        ) {
            let (pace, length) = (if even { Pace::Even } else { Pace::Poisson }, Duration::from_millis(length_ms));
            let times = times(pace, rate, length, most, &mut ChaCha8Rng::seed_from_u64(seed));
            prop_assert!(times.is_sorted() && times.len() <= most + 1);
            prop_assert!(times.iter().all(|at| *at < length));
        }

        #[test]
        fn equal_seeds_give_equal_arrivals(seed: u64) {
            prop_assert_eq!(of(Pace::Poisson, 30.0, 5, seed), of(Pace::Poisson, 30.0, 5, seed));
        }
    }
}
