//! What strong compression leaves of a picture: squares of eight pixels with nothing in them.

use serde::Serialize;
use slipstream_models::Raster;

/// Side of the squares that JPEG compresses, in pixels.
const SQUARE: usize = 8;

/// Rows that are looked at, at most about this many.
const ROWS: usize = 115;

/// Differences between neighbours in a row, of green, on the photo's own pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Blocks {
    /// Mean difference from one square of eight pixels to the next, in grey levels.
    pub between: f32,
    /// Mean difference inside of squares, in grey levels.
    pub inside: f32,
    /// Share of the neighbours inside of squares that are equal, 0 to 1.
    pub flat: f32,
}

/// Measures the squares of a photo; zeros where it is too narrow to have two in a row.
pub(super) fn blocks(raster: &Raster) -> Blocks {
    let (mut between, mut inside, mut flat, mut squares) = (0_u64, 0_u64, 0_u64, 0_u64);
    let step = (raster.height() / ROWS).max(1);
    for row in raster.rgb().chunks_exact(raster.width().max(1) * 3).step_by(step) {
        let row = row.as_chunks::<{ 3 * SQUARE }>().0;
        for (square, next) in row.iter().zip(row.iter().skip(1)) {
            let green = |i: usize| square[3 * i + 1];
            let steps: [u8; SQUARE - 1] = std::array::from_fn(|i| green(i).abs_diff(green(i + 1)));
            between += u64::from(green(SQUARE - 1).abs_diff(next[1]));
            inside += u64::from(steps.iter().map(|step| u16::from(*step)).sum::<u16>());
            flat += u64::from(steps.iter().map(|step| u8::from(*step == 0)).sum::<u8>());
            squares += 1;
        }
    }
    let share = |sum: u64, each: usize| sum as f32 / (each as u64 * squares.max(1)) as f32;
    Blocks { between: share(between, 1), inside: share(inside, SQUARE - 1), flat: share(flat, SQUARE - 1) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]
    use super::*;

    fn grey(width: usize, level: impl Fn(usize) -> u8) -> Raster {
        Raster::new(width, 40, (0..40 * width).flat_map(|i| [level(i % width); 3]).collect()).unwrap()
    }

    #[test]
    fn squares_without_anything_in_them_are_told_from_a_slope() {
        assert_eq!(blocks(&grey(64, |x| (x / 8 * 8) as u8)), Blocks { between: 8.0, inside: 0.0, flat: 1.0 });
        assert_eq!(blocks(&grey(64, |x| x as u8)), Blocks { between: 1.0, inside: 1.0, flat: 0.0 });
    }

    #[test]
    fn what_is_too_narrow_has_none() {
        for width in [0, 1, 15] {
            assert_eq!(blocks(&grey(width, |_| 7)), Blocks::default());
        }
    }
}
