//! The only source of randomness: a seeded stream with the few draws that the synthesiser needs.

use std::ops::RangeInclusive;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A deterministic stream of draws; equal seeds give equal draws on every platform.
#[derive(Debug, Clone)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of receipt `index` of the collection `seed`. Streams of
    /// different receipts are independent, so any receipt can be made alone.
    pub fn new(seed: u64, index: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(index);
        Self(rng)
    }

    /// A stream beside this one, which does not move: what is added to receipts
    /// draws from it, and nothing else of them changes. Streams of different `purpose` are independent.
    pub fn aside(&self, purpose: u64) -> Self {
        Self::new(self.clone().0.random(), purpose)
    }

    /// True with probability `p` (clamped to 0..=1).
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// A whole number in `range`; the start where the range is empty.
    pub fn int(&mut self, range: RangeInclusive<i64>) -> i64 {
        if range.is_empty() { *range.start() } else { self.0.random_range(range) }
    }

    /// A number in `[low, high)`.
    pub fn real(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// One of `choices`, or the type's default where there are none.
    pub fn pick<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        choices.get(self.index(choices.len())).copied().unwrap_or_default()
    }

    /// An index below `len` (0 where `len` is 0).
    pub fn index(&mut self, len: usize) -> usize {
        if len == 0 { 0 } else { self.0.random_range(0..len) }
    }

    /// An index drawn with probability proportional to its weight.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (i, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return i;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// `mask` with `#` replaced by digits, `~` by digits that are not zero and
    /// `^` by capital letters.
    pub fn fill(&mut self, mask: &str) -> String {
        mask.chars()
            .map(|c| match c {
                '#' => char::from(b'0' + self.index(10) as u8),
                '~' => char::from(b'1' + self.index(9) as u8),
                '^' => char::from(b'A' + self.index(26) as u8),
                other => other,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, index| {
            (0..8).map(|_| 0).scan(Dice::new(seed, index), |d, _: i32| Some(d.int(0..=999))).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn weights_of_zero_are_never_drawn() {
        let mut dice = Dice::new(7, 0);
        assert!((0..200).all(|_| dice.weighted(&[0.0, 1.0, 0.0]) == 1));
    }

    #[test]
    fn masks_are_filled() {
        let filled = Dice::new(1, 1).fill("(~##-^)");
        assert!(filled.starts_with('(') && filled.ends_with(')') && filled.len() == 7, "{filled}");
        assert_ne!(filled.as_bytes()[1], b'0');
    }
}
