//! From signals to one score.

use super::FraudSignal;

/// The probability that at least one kind of signal is right. Signals of one kind point to the same edit, so that the
/// strongest of them counts.
pub(super) fn score(signals: &[FraudSignal]) -> f32 {
    let mut strongest: Vec<(&str, f32)> = Vec::new();
    for signal in signals {
        match strongest.iter_mut().find(|(code, _)| *code == signal.code) {
            Some((_, score)) => *score = score.max(signal.score),
            None => strongest.push((signal.code, signal.score)),
        }
    }
    1.0 - strongest.iter().map(|(_, score)| 1.0 - score).product::<f32>()
}
