//! From a page to the detector's input: scaled, normalised, in blue-green-red order.

use std::cell::RefCell;

use crate::raster::Raster;

/// The network halves its input five times.
const MULTIPLE: usize = 32;

/// A page's shorter side keeps this share of `long_side` ...
const SHORT_SHARE: f64 = 0.4;
/// ... until the longer one is this many times `long_side`.
const MOST_TIMES: f64 = 12.0;

/// (width, height) at which a page of `size` is read: its longer side at most
/// `long_side`, both rounded to multiples of 32. Long receipts are read at up
/// to twelve times that, so that their letters do not vanish.
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

/// A page as the network takes it: scaled, with `(value/255 - mean) / deviation` per
/// channel; the network was trained on blue-green-red images. Rows are computed
/// straight from the page's bytes.
pub(super) struct Scaled<'a> {
    page: &'a Raster,
    /// Interpolation between two pixels skips the rest when the page shrinks more than
    /// twofold, so the mean of this many in either direction counts as one.
    factor: usize,
    columns: Vec<(usize, usize, f32)>,
    rows: Vec<(usize, usize, f32)>,
    scale: [f32; 3],
    shift: [f32; 3],
}

thread_local! {
    /// Two rows of means, which keep their memory.
    static MEANS: RefCell<[Vec<[f32; 3]>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

impl<'a> Scaled<'a> {
    /// `page` scaled to `width`×`height`.
    pub(super) fn new(page: &'a Raster, (width, height): (usize, usize), mean: [f32; 3], deviation: [f32; 3]) -> Self {
        let factor = (page.width() / width).min(page.height() / height).max(1);
        Self {
            page,
            factor,
            columns: taps(page.width() / factor, width),
            rows: taps(page.height() / factor, height),
            scale: deviation.map(|d| 1.0 / (255.0 * d)),
            shift: std::array::from_fn(|c| -mean[c] / deviation[c]),
        }
    }

    /// Writes row `y`.
    pub(super) fn row(&self, y: usize, to: &mut [[f32; 4]]) {
        let (y0, y1, fy) = self.rows[y];
        if self.factor == 1 {
            let row = |y: usize| &self.page.rgb()[y * self.page.width() * 3..(y + 1) * self.page.width() * 3];
            let at = |row: &[u8], x: usize| row[x * 3..x * 3 + 3].first_chunk().map_or([0.0; 3], |p| p.map(f32::from));
            let (top, bottom) = (row(y0), row(y1));
            self.mix(to, fy, |x| at(top, x), |x| at(bottom, x));
        } else {
            MEANS.with_borrow_mut(|[top, bottom]| {
                self.means(y0, top);
                self.means(y1, bottom);
                self.mix(to, fy, |x| top[x], |x| bottom[x]);
            });
        }
    }

    /// Interpolates between two rows, `fy` of the way down.
    fn mix(&self, to: &mut [[f32; 4]], fy: f32, top: impl Fn(usize) -> [f32; 3], bottom: impl Fn(usize) -> [f32; 3]) {
        for (pixel, (x0, x1, fx)) in to.iter_mut().zip(&self.columns) {
            let corners = [top(*x0), top(*x1), bottom(*x0), bottom(*x1)];
            *pixel = [0.0; 4];
            for (c, value) in pixel.iter_mut().take(3).enumerate() {
                let [a, b, below_a, below_b] = corners.map(|corner| corner[2 - c]);
                let (upper, lower) = (a + (b - a) * fx, below_a + (below_b - below_a) * fx);
                *value = (upper + (lower - upper) * fy) * self.scale[c] + self.shift[c];
            }
        }
    }

    /// Row `y` of the page reduced by the factor.
    fn means(&self, y: usize, to: &mut Vec<[f32; 3]>) {
        let (factor, width) = (self.factor, self.page.width());
        let scale = 1.0 / (factor * factor) as f32;
        to.clear();
        to.resize(width / factor, [0.0; 3]);
        for row in self.page.rgb().chunks_exact(width * 3).skip(y * factor).take(factor) {
            for (sum, pixels) in to.iter_mut().zip(row.chunks_exact(factor * 3)) {
                for pixel in pixels.chunks_exact(3) {
                    sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += f32::from(*value));
                }
            }
        }
        to.iter_mut().flatten().for_each(|sum| *sum *= scale);
    }
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
            ((100, 100_000), (32, 11_520)),
        ] {
            assert_eq!(working_size(size, 960), expected, "{size:?}");
        }
    }

    #[test]
    fn channels_are_reversed_and_normalised() {
        let page = Raster::new(2, 2, [255, 0, 0].repeat(4)).unwrap_or_else(|e| unreachable!("{e}"));
        let mut row = [[0.0; 4]; 2];
        Scaled::new(&page, (2, 2), [0.5; 3], [0.5; 3]).row(0, &mut row);
        assert_eq!(row, [[-1.0, -1.0, 1.0, 0.0]; 2]);
    }

    #[test]
    fn shrinking_averages() {
        let rgb = (0..16).flat_map(|i| [if i % 2 == 0 { 0 } else { 200 }; 3]).collect();
        let page = Raster::new(4, 4, rgb).unwrap_or_else(|e| unreachable!("{e}"));
        let mut row = [[0.0; 4]; 2];
        Scaled::new(&page, (2, 2), [0.0; 3], [1.0 / 255.0; 3]).row(1, &mut row);
        assert!(row.iter().flat_map(|pixel| &pixel[..3]).all(|v| (*v - 100.0).abs() < 1e-4), "{row:?}");
    }
}
