//! A decoded image, the input of every network.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::geometry::{Point, Quad};

/// 8-bit RGB pixels, row-major, three bytes a pixel, no padding between rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

/// A raster whose pixel buffer does not fit its size.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a raster of {width}×{height} needs {} bytes of RGB, got {got}", width * height * 3)]
pub struct RasterSizeError {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Bytes that were given.
    pub got: usize,
}

/// Quarter turns of a page, clockwise as seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Turn {
    /// Upright.
    #[default]
    None,
    /// 90° clockwise.
    Quarter,
    /// 180°.
    Half,
    /// 90° counter-clockwise.
    ThreeQuarters,
}

impl Turn {
    /// The turn that undoes this one.
    pub fn inverse(self) -> Self {
        match self {
            Self::Quarter => Self::ThreeQuarters,
            Self::ThreeQuarters => Self::Quarter,
            other => other,
        }
    }

    /// This turn followed by `next`.
    pub fn then(self, next: Self) -> Self {
        match (self.degrees() + next.degrees()) % 360 {
            0 => Self::None,
            90 => Self::Quarter,
            180 => Self::Half,
            _ => Self::ThreeQuarters,
        }
    }

    /// Clockwise degrees: 0, 90, 180 or 270.
    pub fn degrees(self) -> u16 {
        self as u16 * 90
    }
}

impl Raster {
    /// Wraps `rgb`, which must hold exactly `width * height * 3` bytes.
    pub fn new(width: usize, height: usize, rgb: Vec<u8>) -> Result<Self, RasterSizeError> {
        if rgb.len() != width * height * 3 {
            return Err(RasterSizeError { width, height, got: rgb.len() });
        }
        Ok(Self { width, height, rgb })
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixels: `height` rows of `width` RGB triples.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The part of `width`×`height` pixels whose left upper corner is (`left`, `top`), as far as it is on the raster.
    pub fn part(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let (left, top) = (left.min(self.width), top.min(self.height));
        let (width, height) = (width.min(self.width - left), height.min(self.height - top));
        let rows = self.rgb.chunks_exact(self.width.max(1) * 3).skip(top).take(height);
        Self { width, height, rgb: rows.flat_map(|row| &row[left * 3..(left + width) * 3]).copied().collect() }
    }

    /// The raster reduced by a whole factor, every pixel the mean of `factor`×`factor`; incomplete ones at the right and lower
    /// edge are left out. A factor of 1 or less leaves it as it is.
    pub fn reduced(&self, factor: usize) -> Cow<'_, Self> {
        if factor <= 1 {
            return Cow::Borrowed(self);
        }
        let (width, height) = (self.width / factor, self.height / factor);
        let mut rgb = vec![0; width * height * 3];
        let n = (factor * factor) as u32;
        rgb.par_chunks_exact_mut((width * 3).max(1)).enumerate().for_each(|(y, to)| {
            for (x, pixel) in to.chunks_exact_mut(3).enumerate() {
                for (c, value) in pixel.iter_mut().enumerate() {
                    let mut sum = n / 2;
                    for dy in 0..factor {
                        let start = ((y * factor + dy) * self.width + x * factor) * 3 + c;
                        sum += self.rgb[start..].iter().step_by(3).take(factor).map(|v| u32::from(*v)).sum::<u32>();
                    }
                    *value = (sum / n) as u8;
                }
            }
        });
        Cow::Owned(Self { width, height, rgb })
    }

    /// The raster turned by `turn`; costs one pass over the pixels.
    pub fn turned(&self, turn: Turn) -> Self {
        let (w, h) = (self.width, self.height);
        let (tw, th) = match turn {
            Turn::None | Turn::Half => (w, h),
            Turn::Quarter | Turn::ThreeQuarters => (h, w),
        };
        let mut rgb = vec![0; self.rgb.len()];
        for y in 0..th {
            for x in 0..tw {
                let (sx, sy) = match turn {
                    Turn::None => (x, y),
                    Turn::Quarter => (y, h - 1 - x),
                    Turn::Half => (w - 1 - x, h - 1 - y),
                    Turn::ThreeQuarters => (w - 1 - y, x),
                };
                let (to, from) = ((y * tw + x) * 3, (sy * w + sx) * 3);
                rgb[to..to + 3].copy_from_slice(&self.rgb[from..from + 3]);
            }
        }
        Self { width: tw, height: th, rgb }
    }
}

/// Moves a quad that was found on a page of `width`×`height` (its size **after**
/// `turn` was applied) back onto the page before the turn.
pub fn turn_back(quad: &Quad, turn: Turn, width: usize, height: usize) -> Quad {
    let (w, h) = (width as f32, height as f32);
    quad.map(|p| match turn {
        Turn::None => p,
        Turn::Quarter => Point::new(p.y, w - p.x),
        Turn::Half => Point::new(w - p.x, h - p.y),
        Turn::ThreeQuarters => Point::new(h - p.y, p.x),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Raster {
        Raster::new(3, 2, (0..18).collect()).unwrap_or_else(|e| unreachable!("{e}"))
    }

    #[test]
    fn parts_are_cut_at_the_edges() {
        let part = sample().part(1, 1, 5, 5);
        assert_eq!((part.width(), part.height(), part.rgb()), (2, 1, &[12, 13, 14, 15, 16, 17][..]));
        assert!(sample().part(7, 7, 1, 1).rgb().is_empty());
        assert_eq!(sample().part(0, 0, 3, 2), sample());
    }

    #[test]
    fn a_turn_and_its_inverse_give_the_same_pixels() {
        for turn in [Turn::None, Turn::Quarter, Turn::Half, Turn::ThreeQuarters] {
            assert_eq!(sample().turned(turn).turned(turn.inverse()), sample(), "{turn:?}");
        }
    }

    #[test]
    fn turns_add_up() {
        for (a, b, sum) in [
            (Turn::Quarter, Turn::Half, Turn::ThreeQuarters),
            (Turn::Half, Turn::Half, Turn::None),
            (Turn::None, Turn::Quarter, Turn::Quarter),
        ] {
            assert_eq!(a.then(b), sum);
            assert_eq!(sample().turned(a).turned(b), sample().turned(sum));
        }
    }

    #[test]
    fn a_quarter_turn_moves_the_bottom_left_pixel_to_the_top_left() {
        let turned = sample().turned(Turn::Quarter);
        assert_eq!((turned.width(), turned.height()), (2, 3));
        assert_eq!(turned.rgb()[..3], sample().rgb()[9..12]);
    }

    #[test]
    fn a_quad_goes_back_where_its_pixels_came_from() {
        // The source pixel (0, 1) is the top-left pixel after a quarter turn.
        let found = Quad::from_bounds(0.0, 0.0, 1.0, 1.0);
        assert_eq!(turn_back(&found, Turn::Quarter, 2, 3).bounds(), (0.0, 1.0, 1.0, 2.0));
        assert_eq!(turn_back(&found, Turn::Half, 3, 2).bounds(), (2.0, 1.0, 3.0, 2.0));
        assert_eq!(turn_back(&found, Turn::ThreeQuarters, 2, 3).bounds(), (2.0, 0.0, 3.0, 1.0));
    }

    #[test]
    fn a_wrong_buffer_is_refused() {
        assert_eq!(Raster::new(2, 2, vec![0; 3]), Err(RasterSizeError { width: 2, height: 2, got: 3 }));
    }
}
