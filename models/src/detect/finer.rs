//! A finer look at pages whose print is too small in the first one.
//!
//! A page is scaled by its sides alone, since nothing else is known of it. Where it is long and wide, as a list of hundreds
//! of purchases on an invoice, its letters may then be so small that amounts lose their commas, or columns run together
//! from top to bottom. The first look tells: it is repeated at up to twice the scale, which costs up to four times as much.
//! Pages with print of the usual size pay nothing.

use super::TextRegion;
use super::input::multiple;

/// Boxes are this many pixels of the first look high at least, in the middle of all, where print is large enough. Boxes are
/// larger than their text. Scanned receipts have 13 and more.
const SMALLEST: f32 = 12.0;
/// How high they are to be in the second.
const WANTED: f32 = 16.0;
/// So many boxes that stand upright are columns that ran together; single ones are looked at by [`super::closer`].
const COLUMNS: usize = 8;
/// An upright box is this many times as high as wide.
const UPRIGHT: f32 = 1.5;
/// The second look is at most this many times as large as the first ...
const LARGEST: f32 = 2.0;
/// ... and at least this many times, or it would show nothing new.
const LEAST: f32 = 1.2;
/// Pixels of a second look at most: memory grows with them.
const MOST_PIXELS: f32 = 4_500_000.0;

/// (width, height) of a second look at a page of `size` in which `regions` were found at the size `first`, where it is needed.
pub(super) fn size(regions: &[TextRegion], size: (usize, usize), first: (usize, usize)) -> Option<(usize, usize)> {
    let scale = first.0 as f32 / size.0 as f32;
    let mut heights: Vec<f32> = regions.iter().map(|r| r.quad.width().min(r.quad.height()) * scale).collect();
    heights.sort_by(f32::total_cmp);
    let usual = heights.get(heights.len() / 2)?;
    let columns = regions.iter().filter(|r| r.quad.height() > UPRIGHT * r.quad.width()).count() >= COLUMNS;
    let wanted = match (columns, *usual < SMALLEST) {
        (true, _) => LARGEST,
        (false, true) => WANTED / usual,
        (false, false) => return None,
    };
    let affordable = (MOST_PIXELS / (first.0 * first.1) as f32).sqrt();
    // Pixels that the page does not have show nothing.
    let factor = wanted.min(LARGEST).min(affordable).min(1.0 / scale);
    (factor >= LEAST).then(|| (multiple(size.0, scale * factor), multiple(size.1, scale * factor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Quad;

    /// Lines of this height in pixels of a page that the first look sees at a quarter, and boxes as high as five of them.
    fn page(height: f32, columns: usize) -> Vec<TextRegion> {
        let region =
            |x: f32, y: f32, w: f32, h: f32| TextRegion { quad: Quad::from_bounds(x, y, x + w, y + h), score: 0.9 };
        let lines = (0..20).map(|i| region(10.0, 60.0 * i as f32, 300.0, height));
        let upright = (0..columns).map(|i| region(400.0, 300.0 * i as f32, 60.0, 5.0 * height));
        lines.chain(upright).collect()
    }

    const SIZE: (usize, usize) = (1600, 6400);
    const FIRST: (usize, usize) = (400, 1600);

    #[test]
    fn small_print_is_looked_at_again_until_it_is_large_enough() {
        assert_eq!(size(&page(56.0, 0), SIZE, FIRST), None, "14 pixels");
        assert_eq!(size(&page(40.0, 0), SIZE, FIRST), Some((640, 2560)), "10 pixels, to 16");
        assert_eq!(size(&page(12.0, 0), SIZE, FIRST), Some((800, 3200)), "no more than twice");
    }

    #[test]
    fn columns_that_ran_together_are_looked_at_again_but_not_single_ones() {
        assert_eq!(size(&page(56.0, 8), SIZE, FIRST), Some((800, 3200)));
        assert_eq!(size(&page(56.0, 4), SIZE, FIRST), None);
    }

    #[test]
    fn no_look_has_more_pixels_than_the_page_or_than_memory_is_for() {
        assert_eq!(size(&page(9.0, 0), FIRST, FIRST), None, "the page was seen in full");
        assert_eq!(size(&[], SIZE, FIRST), None);
        let (width, height) = size(&page(12.0, 0), (8_000, 64_000), (750, 6_000)).unwrap_or_default();
        assert_eq!((width, height), (0, 0), "it is as large as may be");
        let (width, height) = size(&page(40.0, 0), (3_200, 12_800), (600, 2_400)).unwrap_or_default();
        assert!((4_000_000..4_700_000).contains(&(width * height)), "{width} x {height}");
    }
}
