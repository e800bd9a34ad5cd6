//! From a page to the detector's input: scaled, normalised, `[height][width][3]` in blue-green-red order.

use rayon::prelude::*;

use crate::raster::Raster;

/// The network halves its input five times.
const MULTIPLE: usize = 32;

/// A page's shorter side keeps this share of `long_side` ...
const SHORT_SHARE: f64 = 0.4;
/// ... until the longer one is this many times `long_side`.
const MOST_TIMES: f64 = 6.0;

/// (width, height) at which a page of `size` is read: its longer side at most
/// `long_side`, both rounded to multiples of 32. Long receipts are read at up
/// to six times that, so that their letters do not vanish.
pub fn working_size(size: (usize, usize), long_side: usize) -> (usize, usize) {
    let (longest, shortest) = (size.0.max(size.1) as f64, size.0.min(size.1) as f64);
    let long_side = long_side as f64;
    let scale = (long_side / longest).max(SHORT_SHARE * long_side / shortest).min(MOST_TIMES * long_side / longest);
    let rounded = |side: usize| ((side as f64 * scale.min(1.0) / MULTIPLE as f64).round() as usize).max(1) * MULTIPLE;
    (rounded(size.0), rounded(size.1))
}

/// `side` times `scale`, rounded to a multiple of 32.
pub(super) fn multiple(side: usize, scale: f32) -> usize {
    ((side as f64 * f64::from(scale) / MULTIPLE as f64).round() as usize).max(1) * MULTIPLE
}

/// `page` scaled to `width`×`height` with `(value/255 - mean) / deviation` per
/// channel; the network was trained on blue-green-red images.
pub(super) fn normalised(
    page: &Raster,
    (width, height): (usize, usize),
    mean: [f32; 3],
    deviation: [f32; 3],
) -> Vec<f32> {
    // Interpolation between two pixels skips the rest when the page shrinks
    // more than twofold, so whole pixels are averaged first.
    let factor = (page.width() / width).min(page.height() / height).max(1);
    let page = page.reduced(factor);
    let columns = taps(page.width(), width);
    let rows = taps(page.height(), height);
    let scale = deviation.map(|d| 1.0 / (255.0 * d));
    let shift: [f32; 3] = std::array::from_fn(|c| -mean[c] / deviation[c]);
    let mut image = vec![0.0; width * height * 3];
    image.par_chunks_exact_mut(width * 3).zip(rows).for_each(|(to, (y0, y1, fy))| {
        let row = |y: usize| &page.rgb()[y * page.width() * 3..(y + 1) * page.width() * 3];
        let (top, bottom) = (row(y0), row(y1));
        for (pixel, (x0, x1, fx)) in to.chunks_exact_mut(3).zip(&columns) {
            for (c, value) in pixel.iter_mut().enumerate() {
                let at = |row: &[u8], x: usize| f32::from(row[x * 3 + 2 - c]);
                let upper = at(top, *x0) + (at(top, *x1) - at(top, *x0)) * fx;
                let lower = at(bottom, *x0) + (at(bottom, *x1) - at(bottom, *x0)) * fx;
                *value = (upper + (lower - upper) * fy) * scale[c] + shift[c];
            }
        }
    });
    image
}

/// For each of `to` positions along an axis of `from` pixels: the two pixels
/// around it and the weight of the second (pixel centres at .5).
fn taps(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let scale = from as f32 / to as f32;
    (0..to)
        .map(|i| {
            let position = ((i as f32 + 0.5) * scale - 0.5).clamp(0.0, (from - 1) as f32);
            let first = position as usize;
            (first, (first + 1).min(from - 1), position - first as f32)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_side_is_bounded_and_sides_are_multiples_of_32() {
        for (size, expected) in
            [((1000, 1500), (640, 960)), ((300, 200), (288, 192)), ((1, 1), (32, 32)), ((400, 960), (416, 960))]
        {
            assert_eq!(working_size(size, 960), expected, "{size:?}");
        }
    }

    #[test]
    fn long_receipts_keep_their_width_up_to_a_bound() {
        for (size, expected) in [
            ((1000, 8000), (384, 3072)),
            ((8000, 1000), (3072, 384)),
            ((5, 3000), (32, 3008)),
            ((100, 100_000), (32, 5760)),
        ] {
            assert_eq!(working_size(size, 960), expected, "{size:?}");
        }
    }

    #[test]
    fn channels_are_reversed_and_normalised() {
        let page = Raster::new(2, 2, [255, 0, 0].repeat(4)).unwrap_or_else(|e| unreachable!("{e}"));
        let image = normalised(&page, (2, 2), [0.5; 3], [0.5; 3]);
        assert_eq!(image[..3], [-1.0, -1.0, 1.0]);
    }

    #[test]
    fn shrinking_averages() {
        let rgb = (0..16).flat_map(|i| [if i % 2 == 0 { 0 } else { 200 }; 3]).collect();
        let page = Raster::new(4, 4, rgb).unwrap_or_else(|e| unreachable!("{e}"));
        assert!(page.reduced(2).rgb().iter().all(|v| *v == 100));
    }
}
