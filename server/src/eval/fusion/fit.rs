//! A logistic regression whose weights are not below zero: no sign of fraud speaks for a receipt.

use serde::Serialize;

use crate::pipeline::fraud::evidence;

/// Steps of the descent, and how far each goes along the gradient: enough to settle on a few hundred observations.
const STEPS: usize = 4_000;
const RATE: f32 = 0.02;
/// Pulls weights towards 1, where a signal counts as it is; as much as so many observations would.
const PENALTY: f32 = 4.0;
/// Weights at most.
const MOST: f32 = 3.0;

/// One upload with its signals.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observation {
    /// The receipt's name in the data set.
    pub receipt: String,
    /// `genuine`, or the edit.
    pub what: &'static str,
    /// What happened to it on its way.
    pub treatment: &'static str,
    /// Whether it is forged.
    pub forged: bool,
    /// The strength of each signal, 0 for one that is not there.
    pub strengths: Vec<f32>,
}

/// How likely an upload is forged among as many genuine ones; without any signal that is a half, or less where `bias` says so.
pub(super) fn probability(observation: &Observation, weights: &[f32]) -> f32 {
    let sum: f32 = observation.strengths.iter().zip(weights).map(|(s, w)| w * evidence(*s)).sum();
    let bias = weights.last().copied().unwrap_or(0.0);
    1.0 / (1.0 + (-(bias + sum)).exp())
}

/// The weights of `signals` signals, and behind them the level of uploads without any.
pub(super) fn fit(observations: &[&Observation], signals: usize) -> Vec<f32> {
    let mut weights = vec![1.0_f32; signals];
    // That nothing was noticed speaks against fraud: how much, is fitted as well.
    weights.push(-0.5);
    let n = observations.len().max(1) as f32;
    for _ in 0..STEPS {
        let mut slope = vec![0.0_f32; signals + 1];
        for observation in observations {
            let off = probability(observation, &weights) - f32::from(u8::from(observation.forged));
            for (to, strength) in slope.iter_mut().zip(&observation.strengths) {
                *to += off * evidence(*strength) / n;
            }
            if let Some(last) = slope.last_mut() {
                *last += off / n;
            }
        }
        for (place, (weight, slope)) in weights.iter_mut().zip(slope).enumerate() {
            if place < signals {
                *weight = (*weight - RATE * (slope + PENALTY / n * (*weight - 1.0))).clamp(0.0, MOST);
            } else {
                *weight -= RATE * slope;
            }
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(forged: bool, strengths: &[f32]) -> Observation {
        let receipt = String::new();
        Observation { receipt, what: "", treatment: "", forged, strengths: strengths.to_vec() }
    }

    #[test]
    fn a_signal_that_tells_gains_weight_and_one_that_does_not_loses_it() {
        let mut all = Vec::new();
        for i in 0..200 {
            let forged = i % 2 == 0;
            let telling = if forged && i % 4 != 0 { 0.3 } else { 0.0 };
            all.push(observation(forged, &[telling, if i % 3 == 0 { 0.3 } else { 0.0 }]));
        }
        let weights = fit(&all.iter().collect::<Vec<_>>(), 2);
        assert!(weights[0] > 1.0 && weights[1] < 0.4, "{weights:?}");
        let p = |strengths: &[f32]| probability(&observation(false, strengths), &weights);
        assert!(p(&[0.3, 0.0]) > 0.9 && p(&[0.0, 0.0]) < 0.5, "{weights:?}");
    }

    #[test]
    fn without_observations_signals_count_as_they_are() {
        assert_eq!(fit(&[], 2)[..2], [1.0, 1.0]);
    }
}
