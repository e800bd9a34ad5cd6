//! Pixels as they come, and the grey planes that codes are looked for in.

use crate::geometry::Point;

/// Borrowed 8-bit pixels, row-major without padding: one byte (grey) or three (RGB) a pixel.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    width: usize,
    height: usize,
    channels: usize,
    data: &'a [u8],
}

/// A buffer that does not fit the size it is said to have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an image of {width}×{height} needs {} bytes, got {got}", width.saturating_mul(*height).saturating_mul(*channels))]
pub struct SizeError {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Bytes a pixel.
    pub channels: usize,
    /// Bytes that were given.
    pub got: usize,
}

impl<'a> Pixels<'a> {
    /// Grey pixels; `data` must hold `width * height` bytes.
    ///
    /// # Errors
    /// When it does not.
    pub fn grey(width: usize, height: usize, data: &'a [u8]) -> Result<Self, SizeError> {
        Self::new(width, height, 1, data)
    }

    /// RGB pixels; `data` must hold `width * height * 3` bytes.
    ///
    /// # Errors
    /// When it does not.
    pub fn rgb(width: usize, height: usize, data: &'a [u8]) -> Result<Self, SizeError> {
        Self::new(width, height, 3, data)
    }

    fn new(width: usize, height: usize, channels: usize, data: &'a [u8]) -> Result<Self, SizeError> {
        if width.checked_mul(height).and_then(|n| n.checked_mul(channels)) != Some(data.len()) {
            return Err(SizeError { width, height, channels, got: data.len() });
        }
        Ok(Self { width, height, channels, data })
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The image, each pixel the mean of `step`×`step` of this one; edges that do not fill one are left out.
    pub(crate) fn reduced(&self, step: usize) -> Plane {
        let step = step.max(1);
        let (width, height) = (self.width / step, self.height / step);
        if width == 0 || height == 0 {
            return Plane::default();
        }
        if step == 1 {
            return self.crop(0, 0, width, height);
        }
        let mut data = Vec::with_capacity(width * height);
        let used = width * step * self.channels;
        let mut sums = vec![0_u16; used];
        // Two rows of each step are enough against aliasing, and save a third of the reading at three pixels a step.
        let rows = [0, step / 2];
        let weight = match self.channels {
            1 => (step * rows.len()) as u32,
            _ => (step * rows.len() * 4) as u32,
        };
        let factor = (1_u32 << 16) / weight;
        for y in 0..height {
            sums.fill(0);
            for row in rows {
                let at = (y * step + row) * self.width * self.channels;
                for (sum, &value) in sums.iter_mut().zip(&self.data[at..at + used]) {
                    *sum += u16::from(value);
                }
            }
            if self.channels == 1 {
                data.extend(sums.chunks_exact(step).map(|c| mean(c.iter().map(|&v| u32::from(v)).sum(), factor)));
            } else {
                data.extend(sums.chunks_exact(step * 3).map(|c| {
                    let sum = c.chunks_exact(3).map(|p| u32::from(p[0]) + 2 * u32::from(p[1]) + u32::from(p[2])).sum();
                    mean(sum, factor)
                }));
            }
        }
        Plane { width, height, data }
    }

    /// A part of the image in its own resolution; what lies outside is left out.
    pub(crate) fn crop(&self, left: usize, top: usize, width: usize, height: usize) -> Plane {
        let (left, top) = (left.min(self.width), top.min(self.height));
        let (width, height) = (width.min(self.width - left), height.min(self.height - top));
        if width == 0 {
            return Plane::default();
        }
        let mut data = Vec::with_capacity(width * height);
        for y in top..top + height {
            let at = (y * self.width + left) * self.channels;
            let row = &self.data[at..at + width * self.channels];
            if self.channels == 1 {
                data.extend_from_slice(row);
            } else {
                let luma = |p: &[u8]| ((u16::from(p[0]) + 2 * u16::from(p[1]) + u16::from(p[2])) / 4) as u8;
                data.extend(row.chunks_exact(3).map(luma));
            }
        }
        Plane { width, height, data }
    }
}

/// `sum` times a reciprocal in 16 bits.
fn mean(sum: u32, factor: u32) -> u8 {
    ((sum * factor + (1 << 15)) >> 16).min(255) as u8
}

/// Grey pixels of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// `height` rows of `width` bytes.
    pub(crate) data: Vec<u8>,
}

impl Plane {
    /// The plane in half the size; an odd last row or column is left out.
    pub(crate) fn half(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            let upper = &self.data[2 * y * self.width..][..2 * width];
            let lower = &self.data[(2 * y + 1) * self.width..][..2 * width];
            data.extend(
                upper.chunks_exact(2).zip(lower.chunks_exact(2)).map(|(a, b)| {
                    ((u16::from(a[0]) + u16::from(a[1]) + u16::from(b[0]) + u16::from(b[1]) + 2) / 4) as u8
                }),
            );
        }
        Self { width, height, data }
    }

    /// One row.
    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.data[y * self.width..][..self.width]
    }

    /// Level at a point between the pixels, bilinear; beyond the edge the edge goes on. The plane is not empty.
    pub(crate) fn sample(&self, at: Point) -> f32 {
        // `max` also turns a NaN into a number.
        let x = (at.x - 0.5).max(0.0).min((self.width - 1) as f32);
        let y = (at.y - 0.5).max(0.0).min((self.height - 1) as f32);
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (fx, fy) = (x - left as f32, y - top as f32);
        let level = |x: usize, y: usize| f32::from(self.data[y * self.width + x]);
        let upper = level(left, top) + (level(right, top) - level(left, top)) * fx;
        let lower = level(left, bottom) + (level(right, bottom) - level(left, bottom)) * fx;
        upper + (lower - upper) * fy
    }

    /// Whether the point lies on the plane.
    pub(crate) fn holds(&self, at: Point) -> bool {
        at.x >= 0.0 && at.y >= 0.0 && at.x <= self.width as f32 && at.y <= self.height as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_has_to_fit_its_size() {
        assert!(Pixels::grey(2, 3, &[0; 6]).is_ok());
        let wrong = Pixels::rgb(2, 3, &[0; 6]).unwrap_err();
        assert_eq!(wrong.to_string(), "an image of 2×3 needs 18 bytes, got 6");
        assert!(Pixels::rgb(usize::MAX, 2, &[]).is_err());
    }

    #[test]
    fn a_flat_image_keeps_its_level_in_every_size() {
        for level in [0, 1, 77, 254, 255] {
            let grey = vec![level; 40 * 30];
            let rgb = vec![level; 40 * 30 * 3];
            for step in 1..7 {
                let grey = Pixels::grey(40, 30, &grey).unwrap().reduced(step);
                assert_eq!((grey.width, grey.height), (40 / step, 30 / step));
                assert!(grey.data.iter().all(|v| v.abs_diff(level) <= 1), "{step}: {:?}", grey.data[0]);
                let rgb = Pixels::rgb(40, 30, &rgb).unwrap().reduced(step);
                assert!(rgb.data.iter().all(|v| v.abs_diff(level) <= 1), "{step}: {:?}", rgb.data[0]);
            }
        }
    }

    #[test]
    fn samples_lie_between_the_pixels() {
        let plane = Plane { width: 2, height: 2, data: vec![0, 100, 100, 200] };
        assert_eq!(plane.sample(Point::new(0.5, 0.5)), 0.0);
        assert_eq!(plane.sample(Point::new(1.0, 0.5)), 50.0);
        assert_eq!(plane.sample(Point::new(1.0, 1.0)), 100.0);
        assert_eq!(plane.sample(Point::new(-7.0, 99.0)), 100.0);
        assert_eq!(plane.sample(Point::new(f32::NAN, 0.0)), 0.0);
        assert_eq!(plane.half().data, [100]);
    }

    #[test]
    fn a_crop_ends_at_the_edge() {
        let data: Vec<u8> = (0..12).collect();
        let pixels = Pixels::grey(4, 3, &data).unwrap();
        assert_eq!(pixels.crop(2, 1, 9, 9), Plane { width: 2, height: 2, data: vec![6, 7, 10, 11] });
        assert_eq!(pixels.crop(9, 9, 9, 9).data, Vec::<u8>::new());
    }
}
