//! Chance that is the same everywhere: SplitMix64 (Steele, Lea, Flood 2014).

/// A sequence of numbers that a seed decides.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// From 0 to below 1.
    pub(crate) fn part(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// From `least` to `most`.
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        least + (self.next() % (most.max(least) - least + 1) as u64) as usize
    }

    /// From `least` to `most`.
    pub(crate) fn range(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.part()
    }

    /// Whether something happens that happens in this part of all cases.
    pub(crate) fn happens(&mut self, part: f32) -> bool {
        self.part() < part
    }

    /// One of `all`; nothing of nothing.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let last = all.len().checked_sub(1)?;
        all.get(self.between(0, last))
    }

    /// About -1 to 1, mostly near 0.
    pub(crate) fn bell(&mut self) -> f32 {
        (self.part() + self.part() + self.part() - 1.5) / 1.5
    }
}
