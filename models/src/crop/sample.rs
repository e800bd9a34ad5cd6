//! Colours of a page along a straight line, interpolated between pixel centres.
//!
//! Cutting the lines of a receipt takes a tenth of the time of reading them with
//! the smallest networks, so this works on the three channels at once, as lanes
//! of 21 bits of an integer, with places to 1/128 of a pixel across and 1/64 down:
//! far finer than what the recogniser can see.

use crate::geometry::Point;
use crate::raster::Raster;

/// Bits of a place across and down, and of their product: the scale of samples.
const ACROSS_BITS: u32 = 7;
const DOWN_BITS: u32 = 6;
pub(super) const SCALE_BITS: u32 = ACROSS_BITS + DOWN_BITS;

/// Fractional bits of places along the line, and what they count.
const FIXED_BITS: u32 = 32;
const FIXED: f64 = (1_u64 << FIXED_BITS) as f64;

/// Bits of a lane: a channel's 8 and those of the scale.
const LANE_BITS: u32 = 21;
const LANE: u64 = (1 << LANE_BITS) - 1;

/// Adds `each` samples to every sum, in 1/2^[`SCALE_BITS`]: the first stands at
/// `first`, every further one `step` away from the one before it. Outside of the
/// page, its border colour goes on.
pub(super) fn add_samples(page: &Raster, first: Point, step: Point, each: usize, sums: &mut [[u32; 3]]) {
    let samples = sums.len() * each;
    let inside = |at: f32, step: f32, size: usize| {
        let (a, b) = (at - 0.5, at - 0.5 + step * samples as f32);
        a.min(b) >= 0.0 && a.max(b) < size as f32 - 2.0
    };
    if inside(first.x, step.x, page.width()) && inside(first.y, step.y, page.height()) {
        let fixed = |value: f32| (f64::from(value) * FIXED) as i64;
        let (mut x, mut y) = (fixed(first.x - 0.5), fixed(first.y - 0.5));
        let (step_x, step_y) = (fixed(step.x), fixed(step.y));
        for sum in sums {
            for _ in 0..each {
                add(sum, sample(page, x, y));
                (x, y) = (x + step_x, y + step_y);
            }
        }
    } else {
        for (column, sum) in sums.iter_mut().enumerate() {
            for i in column * each..(column + 1) * each {
                let at = |at: f32, step: f32| f64::from(at) + f64::from(step) * i as f64 - 0.5;
                let bounded = |at: f64, size: usize| (at.clamp(0.0, (size - 1) as f64) * FIXED) as i64;
                let x = bounded(at(first.x, step.x), page.width());
                let y = bounded(at(first.y, step.y), page.height());
                add(sum, sample_at_border(page, x, y));
            }
        }
    }
}

#[inline]
fn add(sum: &mut [u32; 3], lanes: u64) {
    for (c, sum) in sum.iter_mut().enumerate() {
        *sum += (lanes >> (c as u32 * LANE_BITS) & LANE) as u32;
    }
}

/// The colour at (`x`, `y`), places with [`FIXED_BITS`], where the pixel to the
/// right and the row below exist.
#[inline]
fn sample(page: &Raster, x: i64, y: i64) -> u64 {
    let (column, row) = ((x >> FIXED_BITS) as usize, (y >> FIXED_BITS) as usize);
    let corner = (row * page.width() + column) * 3;
    // Two pixels are six bytes; eight can be loaded at once.
    let pair = |at: usize| page.rgb().get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    match (pair(corner), pair(corner + page.width() * 3)) {
        (Some(above), Some(below)) => mix([above, above >> 24, below, below >> 24], x, y),
        // The last pixels of the page have no two bytes behind them.
        _ => sample_at_border(page, x, y),
    }
}

#[cold]
fn sample_at_border(page: &Raster, x: i64, y: i64) -> u64 {
    let (column, row) = ((x >> FIXED_BITS) as usize, (y >> FIXED_BITS) as usize);
    let (right, below) = ((column + 1).min(page.width() - 1), (row + 1).min(page.height() - 1));
    let at = |row: usize, column: usize| {
        let pixel = (row * page.width() + column) * 3;
        page.rgb()[pixel..pixel + 3].iter().rev().fold(0, |bits, channel| bits << 8 | u64::from(*channel))
    };
    mix([at(row, column), at(row, right), at(below, column), at(below, right)], x, y)
}

/// Four pixels (their lowest 24 bits), weighted by the place between them.
#[inline]
fn mix(pixels: [u64; 4], x: i64, y: i64) -> u64 {
    let part = |place: i64, bits: u32| (place >> (FIXED_BITS - bits)) as u64 & ((1 << bits) - 1);
    let (fx, fy) = (part(x, ACROSS_BITS), part(y, DOWN_BITS));
    let lanes = |pixel: u64| pixel & 0xff | (pixel & 0xff00) << 13 | (pixel & 0x00ff_0000) << 26;
    let [a, b, c, d] = pixels.map(lanes);
    let above = a * ((1 << ACROSS_BITS) - fx) + b * fx;
    let below = c * ((1 << ACROSS_BITS) - fx) + d * fx;
    above * ((1 << DOWN_BITS) - fy) + below * fy
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(width: usize, height: usize) -> Raster {
        let rgb = (0..width * height * 3).map(|i| (i * 89 % 251) as u8).collect();
        Raster::new(width, height, rgb).unwrap_or_else(|e| unreachable!("{e}"))
    }

    /// The same in floating point.
    fn exact(page: &Raster, x: f32, y: f32) -> [f32; 3] {
        let (x, y) =
            ((x - 0.5).clamp(0.0, (page.width() - 1) as f32), (y - 0.5).clamp(0.0, (page.height() - 1) as f32));
        let at = |dx: usize, dy: usize, c: usize| {
            let (column, row) = ((x as usize + dx).min(page.width() - 1), (y as usize + dy).min(page.height() - 1));
            f32::from(page.rgb()[(row * page.width() + column) * 3 + c])
        };
        std::array::from_fn(|c| {
            let above = at(0, 0, c) + (at(1, 0, c) - at(0, 0, c)) * x.fract();
            let below = at(0, 1, c) + (at(1, 1, c) - at(0, 1, c)) * x.fract();
            above + (below - above) * y.fract()
        })
    }

    #[test]
    fn the_border_goes_on() {
        let page = Raster::new(2, 1, vec![0, 0, 0, 100, 200, 255]).unwrap_or_else(|e| unreachable!("{e}"));
        let at = |x: f32| {
            let mut sums = [[0; 3]];
            add_samples(&page, Point::new(x, 0.5), Point::new(0.0, 0.0), 1, &mut sums);
            sums[0].map(|sum| sum >> SCALE_BITS)
        };
        assert_eq!((at(0.5), at(1.0), at(1.5)), ([0; 3], [50, 100, 127], [100, 200, 255]));
        assert_eq!((at(-9.0), at(9.0)), (at(0.5), at(1.5)));
    }

    proptest! {
        #[test]
        fn samples_are_those_of_floating_point(
            (width, height) in (1_usize..40, 1_usize..30),
            (x, y) in (-5.0_f32..45.0, -5.0_f32..35.0),
            (dx, dy) in (-2.0_f32..2.0, -0.5_f32..0.5),
            each in 1_usize..4,
        ) {
            let page = page(width, height);
            let mut sums = [[0; 3]; 9];
            add_samples(&page, Point::new(x, y), Point::new(dx, dy), each, &mut sums);
            for (column, sum) in sums.iter().enumerate() {
                let mut expected = [0.0; 3];
                for i in column * each..(column + 1) * each {
                    let at = exact(&page, x + dx * i as f32, y + dy * i as f32);
                    expected.iter_mut().zip(at).for_each(|(e, v)| *e += v);
                }
                for (got, expected) in sum.iter().zip(expected) {
                    let got = *got as f32 / (1 << SCALE_BITS) as f32;
                    // A place may be off by 1/128 and 1/64 of a pixel, where neighbours differ by up to 251.
                    prop_assert!((got - expected).abs() <= 6.5 * each as f32, "{got} is not {expected}");
                }
            }
        }
    }
}
