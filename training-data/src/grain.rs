//! Fast noise: a stream for the sensor and a tile for textures.

/// Splitmix64, whose stream is good enough for noise and costs a nanosecond.
#[derive(Debug, Clone)]
pub(crate) struct Grain(u64);

impl Grain {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `limit`, a power of two.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 32) as usize & (limit - 1)
    }

    /// A number in `[0, 1)` with eight bits.
    pub(crate) fn byte(&mut self) -> f32 {
        (self.next() >> 56) as f32 / 256.0
    }

    /// One nearly normal number and two nearly triangular ones, all with mean
    /// 0 and standard deviation 1: sums of bytes.
    pub(crate) fn triple(&mut self) -> [f32; 3] {
        let bits = self.next();
        let byte = |i: u32| ((bits >> (8 * i)) & 0xff) as f32;
        [
            (byte(0) + byte(1) + byte(2) + byte(3) - 510.0) / 147.8,
            (byte(4) + byte(5) - 255.0) / 104.5,
            (byte(6) + byte(7) - 255.0) / 104.5,
        ]
    }
}

/// Side of a tile.
const SIDE: usize = 128;

/// Smooth noise that repeats, 0 to 1.
#[derive(Debug, Clone)]
pub(crate) struct Tile(Vec<f32>);

impl Tile {
    pub(crate) fn new(seed: u64) -> Self {
        let mut grain = Grain::new(seed);
        Self((0..SIDE * SIDE).map(|_| grain.byte()).collect())
    }

    /// The noise at a place, smooth between whole numbers.
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        let (x0, y0) = (x.floor(), y.floor());
        let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
        let (fx, fy) = (smooth(x - x0), smooth(y - y0));
        let (x0, y0) = (x0 as i32 as usize, y0 as i32 as usize);
        let node = |dx: usize, dy: usize| {
            let i = y0.wrapping_add(dy) % SIDE * SIDE + x0.wrapping_add(dx) % SIDE;
            self.0.get(i).copied().unwrap_or(0.5)
        };
        let top = node(0, 0) + (node(1, 0) - node(0, 0)) * fx;
        let bottom = node(0, 1) + (node(1, 1) - node(0, 1)) * fx;
        top + (bottom - top) * fy
    }

    /// Noise of several sizes, the coarsest with a period of one.
    pub(crate) fn cloud(&self, x: f32, y: f32) -> f32 {
        0.55 * self.at(x, y) + 0.3 * self.at(x * 2.3 + 17.0, y * 2.3 + 5.0) + 0.15 * self.at(x * 5.1 + 3.0, y * 5.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_promised_spread() {
        let mut grain = Grain::new(7);
        let draws: Vec<[f32; 3]> = (0..20_000).map(|_| grain.triple()).collect();
        for axis in 0..3 {
            let mean = draws.iter().map(|d| d[axis]).sum::<f32>() / draws.len() as f32;
            let spread = (draws.iter().map(|d| d[axis] * d[axis]).sum::<f32>() / draws.len() as f32).sqrt();
            assert!(mean.abs() < 0.03 && (spread - 1.0).abs() < 0.03, "{axis}: {mean}, {spread}");
        }
    }

    #[test]
    fn tiles_repeat_and_stay_in_range() {
        let tile = Tile::new(1);
        for i in 0..500 {
            let (x, y) = (i as f32 * 0.37 - 60.0, i as f32 * 0.91 - 90.0);
            assert!((0.0..=1.0).contains(&tile.cloud(x, y)));
        }
        assert!((tile.at(3.4, 5.6) - tile.at(3.4 + SIDE as f32, 5.6)).abs() < 1e-3);
    }
}
