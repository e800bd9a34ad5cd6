//! Line crops: the pixels of each text line, rectified to the recogniser's height.

use rayon::prelude::*;

use crate::detect::TextRegions;
use crate::geometry::{Point, Quad};
use crate::raster::Raster;

/// Height of every crop in pixels.
pub const CROP_HEIGHT: usize = 48;

/// Widths are multiples of this: the recogniser gives one step per eight pixels.
pub const WIDTH_STEP: usize = 8;

/// The widest crop; a line this long is 66 times as wide as high.
const MAX_WIDTH: usize = 3200;

/// Lines this much higher than wide run from top to bottom of the page.
const VERTICAL_RATIO: f32 = 1.5;

/// One text line, [`CROP_HEIGHT`] pixels high, reading from left to right.
#[derive(Debug, Clone, PartialEq)]
pub struct LineCrop {
    width: usize,
    /// `[CROP_HEIGHT][width][3]`, RGB.
    rgb: Vec<u8>,
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
        (width > 0 && rgb.len() == CROP_HEIGHT * width * 3).then_some(Self { width, rgb, quad })
    }

    /// Pixels across, a multiple of [`WIDTH_STEP`]; the cost of reading grows with it.
    pub fn width(&self) -> usize {
        self.width
    }

    /// `[CROP_HEIGHT][width][3]`, RGB.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Where the line stands on the page, from the top left of its text.
    pub fn quad(&self) -> Quad {
        self.quad
    }

    /// The same pixels turned by 180°, for text that is upside down.
    pub fn upside_down(&self) -> Self {
        let rgb = self.rgb.chunks_exact(3).rev().flatten().copied().collect();
        let [a, b, c, d] = self.quad.0;
        Self { width: self.width, rgb, quad: Quad([c, d, a, b]) }
    }
}

/// Cuts every region out of `page`.
pub fn crop(page: &Raster, regions: &TextRegions) -> LineCrops {
    let crops = regions.regions.par_iter().filter_map(|region| cut(page, region.quad)).collect();
    LineCrops { crops }
}

/// Cuts one quad; `None` when it has no area.
pub fn cut(page: &Raster, quad: Quad) -> Option<LineCrop> {
    let (w, h) = (quad.width(), quad.height());
    if w < 1.0 || h < 1.0 || page.width() == 0 || page.height() == 0 {
        return None;
    }
    let quad = if h >= w * VERTICAL_RATIO {
        // Text that runs upwards, the more frequent of the two on receipts' edges.
        let [a, b, c, d] = quad.0;
        Quad([d, a, b, c])
    } else {
        quad
    };
    let natural = CROP_HEIGHT as f32 * quad.width() / quad.height();
    let width = (natural.ceil() as usize).next_multiple_of(WIDTH_STEP).clamp(WIDTH_STEP, MAX_WIDTH);
    // One sample a pixel loses strokes when the page has many more pixels than the crop.
    let samples = ((quad.height() / CROP_HEIGHT as f32).round() as usize).clamp(1, 4);
    let mut rgb = vec![0; CROP_HEIGHT * width * 3];
    let [tl, tr, br, bl] = quad.0;
    for (y, row) in rgb.chunks_exact_mut(width * 3).enumerate() {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let mut sum = [0.0; 3];
            for sy in 0..samples {
                let v = (y as f32 + (sy as f32 + 0.5) / samples as f32) / CROP_HEIGHT as f32;
                let (left, right) = (tl.lerp(bl, v), tr.lerp(br, v));
                for sx in 0..samples {
                    let u = (x as f32 + (sx as f32 + 0.5) / samples as f32) / width as f32;
                    let value = interpolated(page, left.lerp(right, u));
                    sum.iter_mut().zip(value).for_each(|(s, v)| *s += v);
                }
            }
            let n = (samples * samples) as f32;
            for (to, s) in pixel.iter_mut().zip(sum) {
                *to = (s / n).round() as u8;
            }
        }
    }
    Some(LineCrop { width, rgb, quad })
}

/// The page's colour at `p`, between pixel centres; the border colour goes on outside.
fn interpolated(page: &Raster, p: Point) -> [f32; 3] {
    let x = (p.x - 0.5).clamp(0.0, (page.width() - 1) as f32);
    let y = (p.y - 0.5).clamp(0.0, (page.height() - 1) as f32);
    let (x0, y0) = (x as usize, y as usize);
    let (x1, y1) = ((x0 + 1).min(page.width() - 1), (y0 + 1).min(page.height() - 1));
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    let at = |x: usize, y: usize, c: usize| f32::from(page.rgb()[(y * page.width() + x) * 3 + c]);
    std::array::from_fn(|c| {
        let top = at(x0, y0, c) + (at(x1, y0, c) - at(x0, y0, c)) * fx;
        let bottom = at(x0, y1, c) + (at(x1, y1, c) - at(x0, y1, c)) * fx;
        top + (bottom - top) * fy
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::TextRegion;

    /// A page whose red channel grows to the right and green downwards.
    fn gradient() -> Raster {
        let rgb = (0..100 * 100).flat_map(|i| [(i % 100 * 2) as u8, (i / 100 * 2) as u8, 0]).collect();
        Raster::new(100, 100, rgb).unwrap_or_else(|e| unreachable!("{e}"))
    }

    fn crops_of(quad: Quad) -> Vec<LineCrop> {
        crop(&gradient(), &TextRegions { regions: vec![TextRegion { quad, score: 1.0 }] }).crops
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
    fn turning_twice_gives_the_same_crop() {
        let crops = crops_of(Quad::from_bounds(10.0, 20.0, 70.0, 40.0));
        assert_eq!(crops[0].upside_down().upside_down(), crops[0]);
        assert_ne!(crops[0].upside_down(), crops[0]);
    }

    #[test]
    fn degenerate_and_outlying_regions_do_no_harm() {
        assert!(crops_of(Quad::from_bounds(10.0, 10.0, 10.0, 30.0)).is_empty());
        assert_eq!(crops_of(Quad::from_bounds(-50.0, -50.0, 500.0, 500.0)).len(), 1);
    }
}
