//! From signals to one score: a logistic model whose inputs are what each signal is evidence of.
//!
//! The strength of a signal is the probability of fraud that it alone would give. Evidence that comes together adds up in
//! logarithms of odds. Signals that can be brought about with receipts that are forged for the purpose have weights that
//! were fitted; those of the file's own words, for which there is nothing to measure, count as they are.

use super::FraudSignal;

/// Share of forged uploads that strengths are meant for.
const PRIOR: f32 = 0.02;

/// More evidence than this is none.
const MOST: f32 = 12.0;

/// Signals with fitted weights: how much of their evidence counts. From `slipstream eval fusion` on 34 SROIE receipts of
/// companies that training never saw, genuine and forged. `type_break` showed on as many genuine ones as forged ones (4 and 5),
/// so that it is for reviewers alone; `ink_break` showed on none of either, and was not fitted.
const WEIGHTS: [(&str, f32); 6] = [
    ("edited_pixels", 0.48),
    ("type_break", 0.0),
    ("ink_break", 0.3),
    ("recompressed", 0.11),
    ("arithmetic_contradiction", 0.22),
    ("digits_in_conflict", 0.5),
];

/// The probability of fraud after all signals; 0 where none has weight. Signals of one kind point to the same edit, so that
/// the strongest of them counts.
pub(super) fn score(signals: &[FraudSignal]) -> f32 {
    let mut strongest: Vec<(&str, f32)> = Vec::new();
    for signal in signals {
        match strongest.iter_mut().find(|(code, _)| *code == signal.code) {
            Some((_, score)) => *score = score.max(signal.score),
            None => strongest.push((signal.code, signal.score)),
        }
    }
    let weight = |code: &str| WEIGHTS.iter().find(|(known, _)| *known == code).map_or(1.0, |(_, weight)| *weight);
    let sum: f32 = strongest.iter().map(|(code, strength)| weight(code) * evidence(*strength)).sum();
    if sum > 0.0 { 1.0 / (1.0 + (-(logit(PRIOR) + sum)).exp()) } else { 0.0 }
}

/// By how much a signal of this strength raises the logarithm of the odds; 0 for one that says less than nothing.
pub fn evidence(strength: f32) -> f32 {
    (logit(strength.clamp(0.0, 1.0)) - logit(PRIOR)).clamp(0.0, MOST)
}

fn logit(p: f32) -> f32 {
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Place;
    use super::*;

    fn signal(code: &'static str, score: f32) -> FraudSignal {
        FraudSignal { code, score, place: Place::Nowhere, explanation: String::new() }
    }

    #[test]
    fn a_signal_alone_scores_its_strength() {
        for strength in [0.1, 0.5, 0.9] {
            let score = score(&[signal("editing_software", strength)]);
            assert!((score - strength).abs() < 1e-4, "{score} for {strength}");
        }
        assert_eq!(score(&[]), 0.0);
        assert_eq!(score(&[signal("c2pa_manifest", 0.0)]), 0.0);
        assert!(score(&[signal("generated_picture", 1.0)]) > 0.99);
    }

    #[test]
    fn kinds_add_up_and_repetitions_do_not() {
        let (weak, other) = (signal("editing_software", 0.3), signal("date_after_photo", 0.3));
        let once = score(std::slice::from_ref(&weak));
        assert_eq!(score(&[weak.clone(), weak.clone()]), once);
        assert!(score(&[weak, other]) > 0.8);
    }

    proptest! {
        #[test]
        fn more_evidence_never_lowers_the_score(a in 0.0_f32..=1.0, b in 0.0_f32..=1.0, c in 0.0_f32..=1.0) {
            let (low, high) = (b.min(c), b.max(c));
            let with = |strength| score(&[signal("edited_pixels", a), signal("screenshot", strength)]);
            prop_assert!((0.0..=1.0).contains(&with(low)) && with(low) <= with(high));
        }
    }
}
