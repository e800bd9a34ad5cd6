//! Points and quadrilaterals in image pixels.

use serde::{Deserialize, Serialize};

/// A position in pixels; `x` grows to the right, `y` downwards, the origin is
/// the top-left corner of the top-left pixel.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Point {
    /// Pixels from the left edge.
    pub x: f32,
    /// Pixels from the top edge.
    pub y: f32,
}

impl Point {
    /// The point at (`x`, `y`).
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// Euclidean distance to `other`, in pixels.
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point a fraction `t` (0 to 1) of the way towards `other`.
    pub fn lerp(self, other: Self, t: f32) -> Self {
        Self::new(self.x + (other.x - self.x) * t, self.y + (other.y - self.y) * t)
    }
}

/// Four corners, clockwise from the top left **of the text**: for text that is
/// printed upside down, the first corner is at the bottom right of the image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quad(pub [Point; 4]);

impl Quad {
    /// The axis-aligned quad with the given edges.
    pub const fn from_bounds(left: f32, top: f32, right: f32, bottom: f32) -> Self {
        Self([Point::new(left, top), Point::new(right, top), Point::new(right, bottom), Point::new(left, bottom)])
    }

    /// `(left, top, right, bottom)` of the smallest axis-aligned box around it.
    pub fn bounds(&self) -> (f32, f32, f32, f32) {
        let mut b = (f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY);
        for p in self.0 {
            b = (b.0.min(p.x), b.1.min(p.y), b.2.max(p.x), b.3.max(p.y));
        }
        b
    }

    /// Length along the text: the mean of the top and the bottom edge.
    pub fn width(&self) -> f32 {
        (self.0[0].distance(self.0[1]) + self.0[3].distance(self.0[2])) / 2.0
    }

    /// Height of the text: the mean of the left and the right edge.
    pub fn height(&self) -> f32 {
        (self.0[0].distance(self.0[3]) + self.0[1].distance(self.0[2])) / 2.0
    }

    /// The centre of gravity of the corners.
    pub fn centre(&self) -> Point {
        let (x, y) = self.0.iter().fold((0.0, 0.0), |(x, y), p| (x + p.x, y + p.y));
        Point::new(x / 4.0, y / 4.0)
    }

    /// The part of the quad between the fractions `from` and `to` (0 to 1) of
    /// its length along the text; this is how a value inside a line gets its polygon.
    pub fn slice(&self, from: f32, to: f32) -> Self {
        let [tl, tr, br, bl] = self.0;
        Self([tl.lerp(tr, from), tl.lerp(tr, to), bl.lerp(br, to), bl.lerp(br, from)])
    }

    /// The same quad with every corner moved through `f`.
    pub fn map(&self, f: impl Fn(Point) -> Point) -> Self {
        Self(self.0.map(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slice_of_a_rotated_quad_follows_the_text() {
        // Text that runs downwards: its "right" is the image's bottom.
        let quad = Quad([Point::new(10.0, 0.0), Point::new(10.0, 100.0), Point::new(0.0, 100.0), Point::new(0.0, 0.0)]);
        let half = quad.slice(0.5, 1.0);
        assert_eq!(half.bounds(), (0.0, 50.0, 10.0, 100.0));
        assert_eq!((quad.width(), quad.height()), (100.0, 10.0));
    }
}
