//! How far above a prediction nearly everything stays: a quantile of the newest ratios.

/// Ratios that are remembered. A stall of the machine is forgotten after as many.
const REMEMBERED: usize = 128;

/// Farthest that anything is believed to lie above the prediction.
const MAX: f64 = 8.0;

/// The quantile of a sliding window of ratios of what came to what was predicted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    value: f64,
    quantile: f64,
    min: f64,
    ratios: Vec<f64>,
    /// Where the next ratio goes, once the window is full.
    next: usize,
}

impl Spread {
    /// As predicted at first, and `min` times that at least; `quantile` (0 to 1) of what is seen stays within.
    pub(crate) fn new(quantile: f64, min: f64) -> Self {
        Self { value: 1.0, quantile, min, ratios: Vec::new(), next: 0 }
    }

    /// The ratio within which that part stays.
    pub(crate) fn value(&self) -> f64 {
        self.value
    }

    /// Learns a ratio.
    pub(crate) fn learn(&mut self, ratio: f64) {
        if self.ratios.len() < REMEMBERED {
            self.ratios.push(ratio);
        } else {
            self.ratios[self.next] = ratio;
            self.next = (self.next + 1) % REMEMBERED;
        }
        // Until the window is full, what was not seen yet counts as predicted.
        let mut sorted = self.ratios.clone();
        sorted.resize(REMEMBERED, 1.0);
        let place = ((REMEMBERED as f64 * self.quantile) as usize).min(REMEMBERED - 1);
        let (_, value, _) = sorted.select_nth_unstable_by(place, f64::total_cmp);
        self.value = value.clamp(self.min, MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_quantile_of_the_newest() {
        let mut spread = Spread::new(0.9, 0.5);
        for i in 0..1_000 {
            spread.learn(f64::from(i % 100) / 50.0);
        }
        assert!((spread.value() - 1.8).abs() < 0.1, "{}", spread.value());
    }

    #[test]
    fn a_stall_is_forgotten_within_a_window() {
        let mut spread = Spread::new(0.97, 0.5);
        for _ in 0..50 {
            spread.learn(30.0);
        }
        assert_eq!(spread.value(), MAX);
        for _ in 0..REMEMBERED {
            spread.learn(1.1);
        }
        assert_eq!(spread.value(), 1.1);
    }
}
