//! Upright rectangles of pixels.

use image::RgbImage;

/// A rectangle; its right and lower edges are behind the last pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Behind the last column.
    pub right: u32,
    /// Behind the last row.
    pub bottom: u32,
}

impl Area {
    /// Columns.
    pub fn width(&self) -> u32 {
        self.right.saturating_sub(self.left)
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.bottom.saturating_sub(self.top)
    }

    /// Whether both share a pixel.
    pub fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Larger by `pixels` on every side; the right and lower side may leave the picture.
    #[must_use]
    pub fn grown(&self, pixels: u32) -> Self {
        Self {
            left: self.left.saturating_sub(pixels),
            top: self.top.saturating_sub(pixels),
            right: self.right.saturating_add(pixels),
            bottom: self.bottom.saturating_add(pixels),
        }
    }

    /// The part of it that is on `image`.
    #[must_use]
    pub fn within(&self, image: &RgbImage) -> Self {
        let (right, bottom) = (self.right.min(image.width()), self.bottom.min(image.height()));
        Self { left: self.left.min(right), top: self.top.min(bottom), right, bottom }
    }

    /// The same place on a picture that was scaled.
    #[must_use]
    pub(crate) fn scaled(&self, across: f32, down: f32) -> Self {
        let part = |value: u32, by: f32| value as f32 * by;
        Self {
            left: part(self.left, across).floor() as u32,
            top: part(self.top, down).floor() as u32,
            right: part(self.right, across).ceil() as u32,
            bottom: part(self.bottom, down).ceil() as u32,
        }
    }

    /// All its pixels.
    pub(crate) fn pixels(self) -> impl Iterator<Item = (u32, u32)> {
        (self.top..self.bottom).flat_map(move |y| (self.left..self.right).map(move |x| (x, y)))
    }
}
