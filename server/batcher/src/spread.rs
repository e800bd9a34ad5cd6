//! A running quantile of ratios: how far above a prediction nearly everything stays.

/// Step of the running quantile. Larger follows faster and trembles more.
const STEP: f64 = 0.05;

/// Farthest that a quantile is believed to lie above the prediction.
const MAX: f64 = 8.0;

/// A running quantile by stochastic approximation (Robbins and Monro 1951): it
/// rises by much when exceeded and falls by little when not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    value: f64,
    quantile: f64,
    min: f64,
}

impl Spread {
    /// As predicted at first, and `min` times that at least; `quantile` (0 to 1) of what is seen stays within.
    pub(crate) fn new(quantile: f64, min: f64) -> Self {
        Self { value: 1.0, quantile, min }
    }

    /// The ratio within which that part stays.
    pub(crate) fn value(self) -> f64 {
        self.value
    }

    /// Learns the ratio of what came to what was predicted.
    pub(crate) fn learn(&mut self, ratio: f64) {
        let above = f64::from(u8::from(ratio > self.value));
        self.value = (self.value * (1.0 + STEP * (above - (1.0 - self.quantile)))).clamp(self.min, MAX);
    }
}
