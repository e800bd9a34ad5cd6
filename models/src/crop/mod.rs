//! Line crops: where each text line stands, and its pixels, rectified to the
//! recogniser's height.
//!
//! Pixels are computed when the line is read, a row at a time and straight into
//! the network's input: a crop is a place on a page that it shares with others.

mod sample;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use crate::detect::TextRegions;
use crate::geometry::{Point, Quad};
use crate::raster::Raster;
use sample::{SCALE_BITS, add_samples};

/// Height of every crop in pixels.
pub const CROP_HEIGHT: usize = 48;

/// Widths are multiples of this: the recogniser gives one step per eight pixels.
pub const WIDTH_STEP: usize = 8;

/// The widest crop; a line this long is 66 times as wide as high.
const MAX_WIDTH: usize = 3200;

/// Lines this much higher than wide run from top to bottom of the page,
const VERTICAL_RATIO: f32 = 1.5;

/// if they are also longer than this many lines of the page are high.
const LINE_HEIGHTS: f32 = 2.0;

/// One sample a pixel loses strokes when the page has many more pixels than the
/// crop; this many in either direction are enough.
const MOST_SAMPLES: usize = 4;

thread_local! {
    /// Sums of one row, which keep their memory.
    static SUMS: RefCell<Vec<[u32; 3]>> = const { RefCell::new(Vec::new()) };
}

/// One text line, [`CROP_HEIGHT`] pixels high, reading from left to right.
#[derive(Debug, Clone, PartialEq)]
pub struct LineCrop {
    page: Arc<Raster>,
    /// The line's corners on `page`, from the top left of its text.
    corners: Quad,
    width: usize,
    /// Samples of a pixel in either direction.
    samples: usize,
    quad: Quad,
}

/// All lines of a page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LineCrops {
    /// The lines, in the order of the regions.
    pub crops: Vec<LineCrop>,
}

impl LineCrop {
    /// Wraps pixels that are cut already; `None` unless `rgb` holds
    /// `CROP_HEIGHT · width · 3` bytes and the width is not zero.
    pub fn new(width: usize, rgb: Vec<u8>, quad: Quad) -> Option<Self> {
        let page = Arc::new(Raster::new(width, CROP_HEIGHT, rgb).ok().filter(|page| page.width() > 0)?);
        let corners = Quad::from_bounds(0.0, 0.0, width as f32, CROP_HEIGHT as f32);
        Some(Self { page, corners, width, samples: 1, quad })
    }

    /// The crop at `quad` of `page`, along its text; `None` where it has no area.
    fn at(page: &Arc<Raster>, quad: Quad) -> Option<Self> {
        if quad.width() < 1.0 || quad.height() < 1.0 || page.width() == 0 || page.height() == 0 {
            return None;
        }
        let natural = CROP_HEIGHT as f32 * quad.width() / quad.height();
        let width = (natural.ceil() as usize).next_multiple_of(WIDTH_STEP).clamp(WIDTH_STEP, MAX_WIDTH);
        let samples = ((quad.height() / CROP_HEIGHT as f32).round() as usize).clamp(1, MOST_SAMPLES);
        Some(Self { page: Arc::clone(page), corners: quad, width, samples, quad })
    }

    /// Pixels across, a multiple of [`WIDTH_STEP`]; the cost of reading grows with it.
    pub fn width(&self) -> usize {
        self.width
    }

    /// `[CROP_HEIGHT][width][3]`, RGB, rounded to bytes.
    pub fn rgb(&self) -> Vec<u8> {
        let mut rgb = Vec::with_capacity(CROP_HEIGHT * self.width * 3);
        for y in 0..CROP_HEIGHT {
            self.row(y, |pixel| rgb.extend(pixel.map(|value| value.round() as u8)));
        }
        rgb
    }

    /// Calls `see` with the red, green and blue (0 to 255) of every pixel of row `y`, from left to right.
    pub fn row(&self, y: usize, mut see: impl FnMut([f32; 3])) {
        let samples = self.samples;
        let [tl, tr, br, bl] = self.corners.0;
        SUMS.with_borrow_mut(|sums| {
            sums.clear();
            sums.resize(self.width, [0; 3]);
            for sub in 0..samples {
                let v = (y as f32 + (sub as f32 + 0.5) / samples as f32) / CROP_HEIGHT as f32;
                let (left, right) = (tl.lerp(bl, v), tr.lerp(br, v));
                // Along a row of the crop, samples stand on a line at equal distances.
                let n = (self.width * samples) as f32;
                let step = Point::new((right.x - left.x) / n, (right.y - left.y) / n);
                let first = Point::new(left.x + step.x * 0.5, left.y + step.y * 0.5);
                add_samples(&self.page, first, step, samples, sums);
            }
            let scale = 1.0 / ((samples * samples) << SCALE_BITS) as f32;
            sums.iter().for_each(|sum| see(sum.map(|sum| sum as f32 * scale)));
        });
    }

    /// Where the line stands on the page, from the top left of its text.
    pub fn quad(&self) -> Quad {
        self.quad
    }

    /// The part of the line at `place`, fractions (0 to 1) of its length; its width is at least one step.
    pub fn part(&self, place: Range<f32>) -> Self {
        if place == (0.0..1.0) {
            return self.clone();
        }
        let natural = (self.width as f32 * (place.end - place.start)).ceil() as usize;
        let width = natural.next_multiple_of(WIDTH_STEP).clamp(WIDTH_STEP, MAX_WIDTH);
        let of = |quad: Quad| quad.slice(place.start, place.end);
        Self { corners: of(self.corners), quad: of(self.quad), width, ..self.clone() }
    }

    /// The same pixels turned by 180°, for text that is upside down.
    pub fn upside_down(&self) -> Self {
        let turned = |Quad([a, b, c, d]): Quad| Quad([c, d, a, b]);
        Self { corners: turned(self.corners), quad: turned(self.quad), ..self.clone() }
    }
}

/// Cuts every region out of `page`; regions without area are left out.
pub fn crop(page: &Arc<Raster>, regions: &TextRegions) -> LineCrops {
    let quads: Vec<Quad> = regions.regions.iter().map(|region| region.quad).collect();
    LineCrops { crops: cut(page, &quads).into_iter().flatten().collect() }
}

/// Cuts the quads of one page, in their order; nothing where a quad has no area.
pub fn cut(page: &Arc<Raster>, quads: &[Quad]) -> Vec<Option<LineCrop>> {
    let text_height = text_height(quads);
    quads.iter().map(|quad| LineCrop::at(page, upright(*quad, text_height))).collect()
}

/// How high most lines of a page are, whichever way they run; 0 without lines.
fn text_height(quads: &[Quad]) -> f32 {
    let mut heights: Vec<f32> = quads.iter().map(|quad| quad.width().min(quad.height())).collect();
    heights.sort_by(f32::total_cmp);
    heights.get(heights.len() / 2).copied().unwrap_or(0.0)
}

/// The quad from the top left of its text, where that runs upwards: the more
/// frequent of the two vertical directions on receipts' edges. A region that is
/// high and no higher than a line is a narrow character, such as the quantity 1.
fn upright(quad: Quad, text_height: f32) -> Quad {
    let (w, h) = (quad.width(), quad.height());
    if h >= w * VERTICAL_RATIO && h > text_height * LINE_HEIGHTS {
        let [a, b, c, d] = quad.0;
        Quad([d, a, b, c])
    } else {
        quad
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::TextRegion;

    /// A page whose red channel grows to the right and green downwards.
    fn gradient() -> Arc<Raster> {
        let rgb = (0..100 * 100).flat_map(|i| [(i % 100 * 2) as u8, (i / 100 * 2) as u8, 0]).collect();
        Arc::new(Raster::new(100, 100, rgb).unwrap_or_else(|e| unreachable!("{e}")))
    }

    fn crops_of(quad: Quad) -> Vec<LineCrop> {
        // Among lines that are 10 pixels high.
        let lines = (0..4).map(|i| Quad::from_bounds(5.0, 12.0 * i as f32, 80.0, 12.0 * i as f32 + 10.0));
        let region = |quad| TextRegion { quad, score: 1.0 };
        let regions = [quad].into_iter().chain(lines).map(region).collect();
        let mut crops = crop(&gradient(), &TextRegions { regions }).crops;
        crops.truncate(crops.len() - 4);
        crops
    }

    #[test]
    fn a_crop_keeps_proportions_and_direction() {
        let crops = crops_of(Quad::from_bounds(10.0, 20.0, 70.0, 40.0));
        assert_eq!(crops[0].width(), 144);
        let rgb = crops[0].rgb();
        assert!(rgb[0] < rgb[143 * 3], "red grows to the right");
        assert!(rgb[1] < rgb[47 * 144 * 3 + 1], "green grows downwards");
    }

    #[test]
    fn tall_regions_are_read_along_their_long_side() {
        let crops = crops_of(Quad::from_bounds(10.0, 10.0, 20.0, 90.0));
        assert_eq!(crops[0].width(), 384);
        // Reading upwards: green falls along the line.
        assert!(crops[0].rgb()[1] > crops[0].rgb()[383 * 3 + 1]);
    }

    #[test]
    fn narrow_characters_stand_upright() {
        let crops = crops_of(Quad::from_bounds(10.0, 10.0, 15.0, 22.0));
        assert_eq!(crops[0].width(), 24);
        assert_eq!(crops[0].quad(), Quad::from_bounds(10.0, 10.0, 15.0, 22.0));
    }

    #[test]
    fn turning_twice_gives_the_same_crop() {
        let crops = crops_of(Quad::from_bounds(10.0, 20.0, 70.0, 40.0));
        assert_eq!(crops[0].upside_down().upside_down(), crops[0]);
        let turned: Vec<u8> = crops[0].upside_down().rgb().chunks_exact(3).rev().flatten().copied().collect();
        // Places between pixels are rounded from the other end.
        assert!(turned.iter().zip(crops[0].rgb()).all(|(a, b)| a.abs_diff(b) <= 3));
        assert_ne!(crops[0].upside_down().rgb(), crops[0].rgb());
    }

    #[test]
    fn pixels_that_are_cut_already_stay_as_they_are() {
        let rgb: Vec<u8> = (0..CROP_HEIGHT * 16 * 3).map(|i| (i * 89 % 251) as u8).collect();
        let quad = Quad::from_bounds(3.0, 4.0, 19.0, 52.0);
        let crop = LineCrop::new(16, rgb.clone(), quad).unwrap_or_else(|| unreachable!("the size fits"));
        assert_eq!((crop.rgb(), crop.quad()), (rgb, quad));
    }

    #[test]
    fn a_part_has_the_pixels_that_the_line_has_there() {
        let crops = crops_of(Quad::from_bounds(10.0, 20.0, 70.0, 40.0));
        let part = crops[0].part(0.5..1.0);
        assert_eq!((part.width(), part.quad()), (72, Quad::from_bounds(40.0, 20.0, 70.0, 40.0)));
        let (whole, part) = (crops[0].rgb(), part.rgb());
        for (y, row) in part.chunks_exact(72 * 3).enumerate() {
            let same = &whole[(y * 144 + 72) * 3..(y + 1) * 144 * 3];
            assert!(row.iter().zip(same).all(|(a, b)| a.abs_diff(*b) <= 1), "row {y}");
        }
        assert_eq!(crops[0].part(0.0..1.0), crops[0]);
        assert_eq!(crops[0].part(0.3..0.3).width(), WIDTH_STEP);
    }

    #[test]
    fn degenerate_and_outlying_regions_do_no_harm() {
        assert!(crops_of(Quad::from_bounds(10.0, 10.0, 10.0, 30.0)).is_empty());
        assert_eq!(crops_of(Quad::from_bounds(-50.0, -50.0, 500.0, 500.0)).len(), 1);
    }
}
