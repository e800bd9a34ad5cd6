//! Whether confidences mean what they say: of the values read with a confidence
//! of 0.9, nine in ten should be right.

use std::collections::BTreeMap;

use serde::Serialize;

use super::outcome::{FieldOutcome, Outcome};
use crate::eval::score::Verdict;
use crate::eval::truth::FieldName;

/// Bins of equal mass: each holds as many values as the others, so that none
/// speaks for a handful only.
const MOST_BINS: usize = 15;

/// Fewer values say little of how often their like is right: there are fewer bins instead.
const LEAST_IN_BIN: usize = 10;

/// A value that was read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Judged {
    /// How probable it is said to be right, 0 to 1.
    pub confidence: f32,
    /// Whether it is right.
    pub right: bool,
}

/// Values of similar confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// How many.
    pub n: usize,
    /// Their mean confidence, 0 to 1.
    pub confidence: f64,
    /// Share of them that is right, 0 to 1.
    pub right: f64,
}

/// How far confidences are off.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Calibration {
    /// Values that were read.
    pub n: usize,
    /// Expected calibration error: the distance between mean confidence and
    /// share of right values, over bins of equal mass, 0 to 1.
    pub error: f64,
    /// Mean confidence less share of right values: above 0 where confidences promise too much.
    pub overconfidence: f64,
    /// The bins, by rising confidence.
    pub bins: Vec<Bin>,
}

/// How far confidences are off, in parts.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct CalibrationReport {
    /// Of all single values; right on letters and digits.
    pub all: Calibration,
    /// The same; right to the last blank.
    pub strict: Calibration,
    /// By field; right on letters and digits.
    pub fields: BTreeMap<&'static str, FieldCalibration>,
}

/// How far a field's confidences are off.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldCalibration {
    /// Values that were read.
    pub n: usize,
    /// Expected calibration error, 0 to 1.
    pub error: f64,
    /// Mean confidence less share of right values.
    pub overconfidence: f64,
    /// The values themselves, in the order of the receipts, for whoever fits confidences anew.
    pub values: Vec<Judged>,
}

impl CalibrationReport {
    /// The calibration of the single values of `receipts`.
    pub fn new(receipts: &[&Outcome]) -> Self {
        let values = || receipts.iter().flat_map(|r| &r.fields);
        let judged = |right: fn(Verdict) -> bool| {
            move |value: &FieldOutcome| {
                let confidence = value.read.as_ref().filter(|_| value.verdict.read)?.confidence;
                Some(Judged { confidence, right: right(value.verdict) })
            }
        };
        let (loose, strict) = (judged(|v| v.same_letters), judged(|v| v.same));
        let mut by_field: BTreeMap<FieldName, Vec<Judged>> = BTreeMap::new();
        for value in values() {
            by_field.entry(value.expected.field).or_default().extend(loose(value));
        }
        let field = |(name, values): (FieldName, Vec<Judged>)| {
            let Calibration { n, error, overconfidence, .. } = calibration(values.iter().copied());
            (n > 0).then_some((name.name(), FieldCalibration { n, error, overconfidence, values }))
        };
        Self {
            all: calibration(values().filter_map(loose)),
            strict: calibration(values().filter_map(strict)),
            fields: by_field.into_iter().filter_map(field).collect(),
        }
    }
}

/// Sorts values into bins and measures each. Equally sure values are alike:
/// where a bin ends among them, each side gets right and wrong ones in equal shares.
pub fn calibration(values: impl IntoIterator<Item = Judged>) -> Calibration {
    let mut values: Vec<Judged> = values.into_iter().collect();
    values.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
    let alike = values.chunk_by(|a, b| a.confidence == b.confidence).flat_map(|alike| {
        let right = alike.iter().filter(|value| value.right).count() as f64 / alike.len() as f64;
        alike.iter().map(move |value| (f64::from(value.confidence), right))
    });
    let alike: Vec<(f64, f64)> = alike.collect();
    let n = alike.len();
    let count = (n / LEAST_IN_BIN).clamp(1, MOST_BINS);
    let cut = |i: usize| alike.get(i * n / count..(i + 1) * n / count).unwrap_or_default();
    let bins: Vec<Bin> = (0..count).map(cut).filter(|part| !part.is_empty()).map(bin).collect();
    let mean = |distance: &dyn Fn(&Bin) -> f64| {
        bins.iter().map(|bin| bin.n as f64 * distance(bin)).sum::<f64>() / n.max(1) as f64
    };
    let error = mean(&|bin| (bin.confidence - bin.right).abs());
    let overconfidence = mean(&|bin| bin.confidence - bin.right);
    Calibration { n, error, overconfidence, bins }
}

/// The bin of values with their confidence and the share of their like that is right.
fn bin(part: &[(f64, f64)]) -> Bin {
    let n = part.len() as f64;
    let (confidence, right) = part.iter().fold((0.0, 0.0), |sum, value| (sum.0 + value.0, sum.1 + value.1));
    Bin { n: part.len(), confidence: confidence / n, right: right / n }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(confidence: f32, right: bool) -> Judged {
        Judged { confidence, right }
    }

    #[test]
    fn confidences_that_are_right_as_often_as_they_say_have_no_error() {
        // 300 values at 0.75, of which three in four are right, and 300 at 0.5.
        let steady = |confidence: f32, of: usize| (0..300).map(move |i| judged(confidence, i % 4 < of));
        let found = calibration(steady(0.75, 3).chain(steady(0.5, 2)));
        assert_eq!((found.n, found.bins.len()), (600, 15));
        assert!(found.error < 1e-6 && found.overconfidence.abs() < 1e-6, "{found:?}");
        let boastful = calibration((0..100).map(|i| judged(1.0, i % 10 > 0)));
        assert!((boastful.error - 0.1).abs() < 1e-9 && (boastful.overconfidence - 0.1).abs() < 1e-9, "{boastful:?}");
        assert_eq!(calibration([]), Calibration { bins: vec![], ..Calibration::default() });
    }

    proptest! {
        #[test]
        fn certain_and_right_or_hopeless_and_wrong_is_no_error(rights in prop::collection::vec(any::<bool>(), 0..200)) {
            let found = calibration(rights.iter().map(|right| judged(f32::from(u8::from(*right)), *right)));
            prop_assert!(found.error < 1e-9, "{:?}", found);
        }

        #[test]
        fn the_error_is_a_mean_distance_over_bins_of_equal_mass(
            values in prop::collection::vec((0_u8..=100, any::<bool>()), 1..400),
        ) {
            let values: Vec<Judged> = values.iter().map(|(c, right)| judged(f32::from(*c) / 100.0, *right)).collect();
            let found = calibration(values.clone());
            let sizes: Vec<usize> = found.bins.iter().map(|bin| bin.n).collect();
            prop_assert_eq!(sizes.iter().sum::<usize>(), values.len());
            let (least, most) = (sizes.iter().min().copied(), sizes.iter().max().copied());
            prop_assert!(most <= least.map(|n| n + 1), "{:?}", sizes);
            prop_assert!((0.0..=1.0).contains(&found.error) && found.overconfidence.abs() <= found.error + 1e-9);
            // The bins' order is that of the confidences, and the order in which values come does not matter.
            prop_assert!(found.bins.windows(2).all(|w| w[0].confidence <= w[1].confidence + 1e-9));
            let backwards = calibration(values.into_iter().rev());
            prop_assert!((backwards.error - found.error).abs() < 1e-9);
        }
    }
}
