//! How many receipts may go through without a human: those whose values are
//! surer than a threshold that lets at most a given share of errors pass.

use serde::Serialize;

/// Errors that a platform bears among what it accepts: one in two hundred.
pub const BEARABLE: f64 = 0.005;

/// What may be accepted of one receipt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// Confidence of the value, or the lowest of several.
    pub confidence: f32,
    /// Whether the value is right, or all of several.
    pub right: bool,
}

/// What a threshold accepts.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Coverage {
    /// Share of all receipts that is accepted, 0 to 1.
    pub share: f64,
    /// Receipts that are accepted.
    pub accepted: usize,
    /// Of these, receipts that are wrong.
    pub wrong: usize,
    /// From this confidence on; none where nothing is accepted.
    pub threshold: Option<f32>,
}

/// What each possible threshold accepts, from the highest to the lowest, of
/// `receipts` in all; `offers` are those for which there is a value. Equally
/// sure values are accepted together.
pub fn thresholds(offers: impl IntoIterator<Item = Offer>, receipts: usize) -> Vec<Coverage> {
    let mut offers: Vec<Offer> = offers.into_iter().collect();
    offers.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut reached = Coverage::default();
    let step = |alike: &[Offer]| {
        reached.accepted += alike.len();
        reached.wrong += alike.iter().filter(|offer| !offer.right).count();
        reached.share = reached.accepted as f64 / receipts.max(1) as f64;
        reached.threshold = alike.first().map(|offer| offer.confidence);
        reached
    };
    offers.chunk_by(|a, b| a.confidence == b.confidence).map(step).collect()
}

/// The most that a threshold accepts with at most a share of `bearable` errors
/// among it; nothing where every threshold lets more errors pass.
pub fn coverage(thresholds: &[Coverage], bearable: f64) -> Coverage {
    let fits = |c: &&Coverage| c.wrong as f64 <= bearable * c.accepted as f64;
    thresholds.iter().rev().find(fits).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offers(values: &[(u8, bool)]) -> Vec<Offer> {
        values.iter().map(|(c, right)| Offer { confidence: f32::from(*c) / 100.0, right: *right }).collect()
    }

    #[test]
    fn the_sure_ones_are_accepted_as_long_as_errors_are_rare() {
        let mut values = vec![(99, true); 150];
        values.extend([(90, true); 60]);
        values.extend([(80, false), (70, true), (70, false)]);
        let found = coverage(&thresholds(offers(&values), 250), BEARABLE);
        assert_eq!(
            (found.accepted, found.wrong, found.threshold),
            (211, 1, Some(0.8)),
            "1 of 211 is bearable, 2 of 213 are not"
        );
        assert_eq!(found.share, 211.0 / 250.0, "receipts without a value are in the whole");
        let strict = coverage(&thresholds(offers(&values), 250), 0.0);
        assert_eq!((strict.accepted, strict.threshold), (210, Some(0.9)));
    }

    #[test]
    fn a_threshold_cannot_tell_equally_sure_values_apart() {
        let found = coverage(&thresholds(offers(&[(100, true), (100, true), (100, false)]), 3), BEARABLE);
        assert_eq!(found, Coverage::default());
        assert_eq!(coverage(&thresholds([], 0), BEARABLE), Coverage::default());
    }

    proptest! {
        #[test]
        fn who_bears_more_accepts_more(
            values in prop::collection::vec((0_u8..=100, any::<bool>()), 0..100),
            bearable in prop::array::uniform2(0.0_f64..=1.0),
        ) {
            let all = thresholds(offers(&values), 100);
            let [low, high] = [bearable[0].min(bearable[1]), bearable[0].max(bearable[1])];
            let (low, high) = (coverage(&all, low), coverage(&all, high));
            prop_assert!(low.accepted <= high.accepted, "{:?} {:?}", low, high);
            let wrong = values.iter().filter(|(_, right)| !right).count();
            prop_assert!(coverage(&all, 1.0).accepted == values.len() && coverage(&all, 1.0).wrong == wrong);
            // What is accepted is what the threshold says, and its errors are bearable.
            let above = |c: &u8| low.threshold.is_some_and(|t| f32::from(*c) / 100.0 >= t);
            prop_assert_eq!(values.iter().filter(|(c, _)| above(c)).count(), low.accepted);
            prop_assert!(low.wrong as f64 <= bearable[0].min(bearable[1]) * low.accepted as f64);
        }
    }
}
